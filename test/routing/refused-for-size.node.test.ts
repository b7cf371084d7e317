/**
 * AWS takes the prompt and the output bound of a request off the quota before it begins. A request that is refused says that there is
 * no room for one of its size; of smaller ones it says nothing, and of larger ones everything.
 */
import { describe, expect, test } from 'vitest'
import { namedOutputBound } from '../../src/bedrock/usage/output-bound.ts'
import {
  type Bench,
  bench,
  configOf,
  deployment,
  failure,
  seededRandom,
  THROTTLED,
  TOKENS_PER_DAY,
  UNAVAILABLE,
} from './support.ts'

const TOKENS = failure({
  status: 429,
  type: 'ThrottlingException',
  message: 'Too many tokens, please wait before trying again.',
})
const WORDLESS = failure({ status: 429, type: 'ThrottlingException', message: '' })

const sole = () => bench(configOf([deployment('a')]))
const pair = () => bench(configOf([deployment('a', { order: 0 }), deployment('b', { order: 1 })]))
const call = (b: Bench, tokens: number) => b.call({ reservedTokens: () => tokens })

describe.each([
  ['a minute', TOKENS],
  ['a day', TOKENS_PER_DAY],
  ['nobody knows what', WORDLESS],
])('a call that has no room in the quota of %s', (_what, refusal) => {
  test('keeps away at once those that are as large or larger, and no smaller one', async () => {
    const b = sole()
    b.script.a = refusal
    expect(await call(b, 5_000)).toMatchObject({ kind: 'failed' })
    for (const tokens of [5_000, 5_001, 1e9]) {
      expect(await call(b, tokens)).toMatchObject({ kind: 'cooling', status: 429 })
    }
    b.script.a = 'fine'
    for (const tokens of [4_999, 1, 0]) expect(await call(b, tokens)).toMatchObject({ kind: 'answered' })
    // Their answers say nothing of a large one.
    expect(await call(b, 5_000)).toMatchObject({ kind: 'cooling' })
  })

  test('is followed by a smaller one that has none either: then those of its size are kept away too', async () => {
    const b = sole()
    b.script.a = refusal
    for (const tokens of [9_000, 3_000, 1_000]) expect(await call(b, tokens)).toMatchObject({ kind: 'failed' })
    for (const tokens of [1_000, 2_000, 9_000]) expect(await call(b, tokens)).toMatchObject({ kind: 'cooling' })
    expect(b.asked).toHaveLength(3)
  })

  test('of unknown size keeps all away', async () => {
    const b = sole()
    b.script.a = refusal
    await b.call()
    expect(await call(b, 1)).toMatchObject({ kind: 'cooling' })
    expect(await b.call()).toMatchObject({ kind: 'cooling' })
  })
})

test('too many requests are too many for all', async () => {
  const b = sole()
  b.script.a = THROTTLED
  await call(b, 9_000)
  expect(await call(b, 1)).toMatchObject({ kind: 'cooling', status: 429 })
})

test('what takes the deployment out for all does so although it is out for large calls', async () => {
  for (const ill of [UNAVAILABLE, THROTTLED]) {
    const b = sole()
    b.script.a = TOKENS_PER_DAY
    await call(b, 9_000)
    b.script.a = ill
    for (let n = 0; n < 5; n++) await call(b, 10)
    expect(await call(b, 1)).toMatchObject({ kind: 'cooling' })
    // Not until midnight, which the large call was told.
    b.nowMs += 1_000
    b.script.a = 'fine'
    expect(await call(b, 1)).toMatchObject({ kind: 'answered' })
  }
})

test('the wait that a large call has brought about is none that a small one has to wait', async () => {
  const b = pair()
  b.script.a = TOKENS
  for (let n = 0; n < 6; n++) {
    await call(b, 9_000)
    b.nowMs += 60_000
  }
  await call(b, 9_000)
  await call(b, 10)
  b.script.a = 'fine'
  b.nowMs += 1_000
  expect(await call(b, 10)).toMatchObject({ kind: 'answered', value: 'fine' })
})

test('the probe of a large call keeps no small one waiting', async () => {
  const b = sole()
  b.script.a = TOKENS
  await call(b, 9_000)
  b.nowMs += 1_000
  const probing = Promise.withResolvers<void>()
  const large = b.call({
    reservedTokens: () => 9_000,
    attempt: async () => {
      await probing.promise
      return { kind: 'failure', failure: TOKENS, value: null }
    },
  })
  b.script.a = 'fine'
  expect(await call(b, 10)).toMatchObject({ kind: 'answered' })
  expect(await call(b, 9_000)).toMatchObject({ kind: 'cooling' })
  probing.resolve()
  expect(await large).toMatchObject({ kind: 'exhausted' })
})

test('of two deployments one always throttles: calls of every size are all answered, and few find it out', async () => {
  const random = seededRandom(42)
  const b = bench(configOf(['a', 'b'].map((id) => deployment(id))), { random })
  b.script.a = TOKENS
  for (let n = 0; n < 200; n++) {
    expect(await call(b, Math.ceil(random() * 100_000))).toMatchObject({ kind: 'answered' })
    b.nowMs += 100
  }
  expect(b.asked.filter((id) => id === 'a').length).toBeLessThan(15)
})

describe('the output bound of a request', () => {
  const boundOf = (body: unknown) =>
    namedOutputBound(new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)))

  test('stands under the names of every form of body', () => {
    expect(boundOf({ inferenceConfig: { maxTokens: 7 } })).toBe(7)
    expect(boundOf({ max_tokens: 8 })).toBe(8)
    expect(boundOf({ textGenerationConfig: { maxTokenCount: 9 } })).toBe(9)
    expect(boundOf({ inferenceConfig: { max_new_tokens: 10 } })).toBe(10)
    expect(boundOf({ max_gen_len: 11 })).toBe(11)
    expect(boundOf({ messages: [] })).toBeNull()
  })

  test.each<[string, unknown, number | null]>([
    ['a smaller one beside it', { max_tokens: 1, inferenceConfig: { maxTokens: 5_000 } }, 5_000],
    ['a prompt that speaks of one', { messages: [{ content: '"max_tokens": 1' }], max_tokens: 5_000 }, 5_000],
    ['a member deeper down', { messages: [{ max_tokens: 1 }] }, null],
    ['escapes', '{"max\\u005ftokens":5000}', 5_000],
    ['much beside it', { additionalModelRequestFields: { x: 'y'.repeat(50_000), max_tokens: 5_000 } }, 1_000_000_000],
    ['a number beyond all measure', '{"max_tokens":1e400}', 1_000_000_000],
    ['no number', { max_tokens: '5000' }, null],
    ['a negative number', { max_tokens: -5_000 }, null],
    ['no JSON', '{"max_tokens":5', null],
  ])('is not hidden by %s', (_how, body, bound) => {
    expect(boundOf(body)).toBe(bound)
  })
})
