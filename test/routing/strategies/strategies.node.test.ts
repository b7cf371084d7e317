import { describe, expect, test } from 'vitest'
import type { Deployment, RouterSettings } from '../../../src/config/types.ts'
import { burndownRate } from '../../../src/routing/strategies/usage-based.ts'
import { type Bench, bench, configOf, deployment, NOON_MS, seededRandom, THROTTLED } from '../support.ts'

const CALLS = 2_000

/** How many of the calls each deployment got. */
async function shares(b: Bench, calls = CALLS): Promise<Record<string, number>> {
  for (let n = 0; n < calls; n++) await b.call()
  return Object.fromEntries(['a', 'b', 'c'].map((id) => [id, b.asked.filter((asked) => asked === id).length / calls]))
}

const with3 = (fields: Partial<Deployment>[], router: Partial<RouterSettings> = {}) =>
  bench(
    configOf(
      ['a', 'b', 'c'].map((id, n) => deployment(id, fields[n] ?? {})),
      router,
    ),
    { random: seededRandom(11) },
  )

/** A call whose answer is not delivered before `end`. */
async function open(b: Bench, id: string) {
  const result = await b.router.route<string>({
    group: 'm',
    fallback: 'any-group',
    ownHealth: null,
    streams: true,
    bodyBytes: null,
    attempts: [],
    isAbandoned: () => false,
    candidates: [deployment(id)],
    attempt: async () => ({ kind: 'success', value: id, msToFirstFrame: 1 }),
  })
  return () => result.kind === 'answered' && result.finish({ inputTokens: 0, outputTokens: 0 })
}

describe('simple-shuffle', () => {
  test('spreads evenly where nothing is stated', async () => {
    const { a, b, c } = await shares(with3([]))
    for (const share of [a, b, c]) expect(share).toBeCloseTo(1 / 3, 1)
  })

  test('goes by weight, before rpm, before tpm', async () => {
    const { a, b } = await shares(with3([{ weight: 8, rpm: 1 }, { weight: 1, rpm: 99 }, { weight: 1 }]))
    expect([a, b]).toEqual([expect.closeTo(0.8, 1), expect.closeTo(0.1, 1)])
    const byRpm = await shares(
      with3([
        { rpm: 60, tpm: 1 },
        { rpm: 20, tpm: 9 },
        { rpm: 20, tpm: 9 },
      ]),
    )
    expect(byRpm.a).toBeCloseTo(0.6, 1)
    const byTpm = await shares(with3([{ tpm: 1 }, { tpm: 1 }, { tpm: 8 }]))
    expect(byTpm.c).toBeCloseTo(0.8, 1)
  })

  test('a deployment that states no weight gets the mean; one of weight 0 is asked only when no other is left', async () => {
    const { a, b, c } = await shares(with3([{ weight: 2 }, {}, { weight: 0 }]))
    expect([a, b, c]).toEqual([expect.closeTo(0.67, 1), expect.closeTo(0.33, 1), 0])
    const last = with3([{ weight: 1 }, { weight: 1 }, { weight: 0 }])
    last.script.a = THROTTLED
    last.script.b = THROTTLED
    expect(await last.call()).toMatchObject({ value: 'answer of c' })
  })
})

test('least-busy asks the deployment with the fewest calls, streams counted until their end', async () => {
  const b = with3([], { routingStrategy: 'least-busy' })
  const ends = [await open(b, 'a'), await open(b, 'a'), await open(b, 'b')]
  await b.call()
  await b.call()
  expect(new Set(b.asked)).toEqual(new Set(['c']))
  for (const end of ends) end()
  expect(b.router.health().map(({ inFlight }) => inFlight)).toEqual([0, 0, 0])
})

describe('latency-based-routing', () => {
  const speeds: Record<string, number> = { a: 400, b: 100, c: 105 }
  const call = (b: Bench) =>
    b.call({
      attempt: async ({ deployment: { id } }) => {
        b.asked.push(id)
        return { kind: 'success', value: id, msToFirstFrame: speeds[id] ?? 0 }
      },
    })

  test('measures everybody, then asks the fastest and those as fast, and now and then all others', async () => {
    const b = with3([], { routingStrategy: 'latency-based-routing' })
    for (let n = 0; n < 3; n++) await call(b)
    expect(new Set(b.asked)).toEqual(new Set(['a', 'b', 'c']))
    for (let n = 0; n < 1_000; n++) await call(b)
    const share = (id: string) => b.asked.filter((asked) => asked === id).length / b.asked.length
    expect(share('a')).toBeGreaterThan(0)
    expect(share('a')).toBeLessThan(0.05)
    expect(share('b')).toBeCloseTo(share('c'), 0)
  })

  test('notices that a slow deployment has become fast', async () => {
    const b = with3([], { routingStrategy: 'latency-based-routing' })
    for (let n = 0; n < 50; n++) await call(b)
    speeds.a = 10
    for (let n = 0; n < 1_000; n++) await call(b)
    expect(b.asked.slice(-100).filter((id) => id === 'a').length).toBeGreaterThan(80)
  })
})

test('cost-based-routing asks the cheapest, shares among equals, and takes an unknown price for the highest', async () => {
  const prices: Record<string, number | null> = { a: 3.3, b: 3, c: null }
  const config = configOf(
    ['a', 'b', 'c'].map((id) => deployment(id)),
    { routingStrategy: 'cost-based-routing' },
  )
  const b = bench(config, { priceOf: (id) => prices[id] ?? null, random: seededRandom(5) })
  expect(await shares(b, 50)).toEqual({ a: 0, b: 1, c: 0 })
  b.script.b = THROTTLED
  await b.call()
  expect(b.asked.slice(-2)).toEqual(['b', 'a'])
  b.script.a = THROTTLED
  await b.call()
  expect(b.asked.slice(-2)).toEqual(['a', 'c'])
  const equal = bench(config, { priceOf: () => 1, random: seededRandom(5) })
  expect((await shares(equal)).a).toBeCloseTo(1 / 3, 1)
})

describe('usage-based-routing', () => {
  const usage = (fields: Partial<Deployment>[]) => with3(fields, { routingStrategy: 'usage-based-routing' })
  const call = async (b: Bench, maxTokens: number, used?: { inputTokens: number; outputTokens: number }) => {
    const result = await b.router.route<string>({
      group: 'm',
      fallback: 'any-group',
      ownHealth: null,
      streams: false,
      bodyBytes: null,
      estimatedInputTokens: 100,
      maxTokens,
      attempts: [],
      isAbandoned: () => false,
      attempt: async ({ deployment: { id } }) => {
        b.asked.push(id)
        return { kind: 'success', value: id, msToFirstFrame: 1 }
      },
    })
    if (used !== undefined && result.kind === 'answered') result.finish(used)
  }

  test('reserves the whole max_tokens at admission', async () => {
    const b = usage([{ tpm: 100_000 }, { tpm: 100_000 }, { tpm: 100_000 }])
    await call(b, 50_000)
    for (let n = 0; n < 20; n++) await call(b, 1_000)
    expect(b.asked.slice(1)).not.toContain(b.asked[0])
  })

  test('corrects the reservation at the end, where output of Claude 4 counts five times', async () => {
    const b = usage([{ tpm: 100_000 }, { tpm: 100_000 }, { tpm: 100_000 }])
    await call(b, 50_000, { inputTokens: 100, outputTokens: 10 })
    for (let n = 0; n < 3; n++) await call(b, 100, { inputTokens: 100, outputTokens: 5_000 })
    const [first] = b.asked
    expect(b.asked.filter((id) => id === first).length).toBe(2)
    const counts = new Set(b.asked.map((id) => b.asked.filter((asked) => asked === id).length))
    expect(counts).toEqual(new Set([1, 2]))
  })

  test('fills deployments in proportion to their quota, and a new minute starts anew', async () => {
    const b = usage([{ tpm: 800_000 }, { tpm: 100_000 }, { tpm: 100_000 }])
    for (let n = 0; n < 100; n++) await call(b, 500, { inputTokens: 100, outputTokens: 100 })
    expect(b.asked.filter((id) => id === 'a').length).toBeGreaterThan(70)
    b.nowMs = NOON_MS + 60_000
    b.asked.length = 0
    for (let n = 0; n < 10; n++) await call(b, 500, { inputTokens: 100, outputTokens: 100 })
    expect(b.asked.filter((id) => id === 'a').length).toBeGreaterThan(6)
  })

  test('requests count where rpm is the narrower bound', async () => {
    const b = usage([{ rpm: 10 }, { rpm: 100 }, { rpm: 100 }])
    for (let n = 0; n < 105; n++) await call(b, 0, { inputTokens: 1, outputTokens: 1 })
    expect(b.asked.filter((id) => id === 'a').length).toBeLessThanOrEqual(6)
  })

  test.each([
    ['anthropic.claude-sonnet-4-5-20250929-v1:0', 5],
    ['us.anthropic.claude-opus-4-20250514-v1:0', 5],
    ['global.anthropic.claude-sonnet-5', 5],
    ['anthropic.claude-3-7-sonnet-20250219-v1:0', 5],
    ['anthropic.claude-3-5-sonnet-20241022-v2:0', 1],
    ['anthropic.claude-3-haiku-20240307-v1:0', 1],
    ['amazon.nova-pro-v1:0', 1],
  ])('one token of output of %s counts %i', (model, rate) => {
    expect(burndownRate({ model })).toBe(rate)
    expect(
      burndownRate({ model: 'arn:aws:bedrock:us-east-1:1:application-inference-profile/x', baseModel: model }),
    ).toBe(rate)
  })
})

test('a group may have a strategy of its own', async () => {
  const deployments = ['a', 'b'].map((id) => deployment(id))
  const router = { routingStrategy: 'simple-shuffle', modelGroupRoutingStrategy: { m: 'cost-based-routing' } } as const
  const b = bench(configOf(deployments, router), { priceOf: (id) => (id === 'b' ? 1 : 2) })
  for (let n = 0; n < 20; n++) await b.call()
  expect(new Set(b.asked)).toEqual(new Set(['b']))
})
