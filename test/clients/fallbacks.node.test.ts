/** Falling back to another model name, where the wire allows it, and never across the regions that a group is bound to. */
import { ConverseCommand, InvokeModelCommand } from '@aws-sdk/client-bedrock-runtime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CLAUDE_REQUEST, MESSAGES, modelIdOf } from './cases.ts'
import { type Bench, EU_REGIONS, FIRST, namedWaitMs, SECOND, startBench } from './failover-bench.ts'
import { MASTER_KEY } from './harness.ts'
import { jsClient } from './js-client.ts'

const TOO_LONG = { error: { name: 'ValidationException', message: 'Input is too long for requested model.' } } as const
const THROTTLED = { error: { name: 'ThrottlingException' } } as const

const PORTABLE = [
  { action: 'converse', title: 'Converse', ends: '"output"' },
  { action: 'converse-stream', title: 'ConverseStream', ends: 'metadata' },
] as const
const SAME_BODY = [
  { action: 'invoke', title: 'InvokeModel' },
  { action: 'invoke-with-response-stream', title: 'InvokeModelWithResponseStream' },
] as const

const pairOf = (name: string) => ({ name, regions: [FIRST, SECOND] })
const soleOf = (name: string) => ({ name, regions: [FIRST] })
const inEurope = (name: string) => ({ name, regions: EU_REGIONS })

/** A group for each operation, and what it falls back to. */
const wayOut = (group: string, target: string) =>
  [...PORTABLE, ...SAME_BODY].map(({ action }) => ({ [`${group}-${action}`]: [target] }))
const groupsFor = (group: string) => [...PORTABLE, ...SAME_BODY].map(({ action }) => pairOf(`${group}-${action}`))

let bench: Bench

beforeAll(async () => {
  bench = await startBench(
    [
      ...groupsFor('busy'),
      ...groupsFor('short'),
      ...['spare', 'roomy', 'second-choice', 'third-choice', 'refuses', 'broken-spare'].map(soleOf),
      ...['chain', 'told-off', 'own-error', 'long-only'].map(pairOf),
      ...['europe', 'europe-by-id', 'europe-first'].map(inEurope),
      inEurope('europe-spare'),
      { ...pairOf('anywhere'), sameAs: 'europe-by-id' },
    ],
    {
      fallbacks: [
        ...wayOut('busy', 'spare'),
        { 'long-only': ['spare'] },
        { chain: ['second-choice', 'third-choice'] },
        { 'told-off': ['refuses'] },
        { 'own-error': ['broken-spare'] },
        { 'europe-first': ['europe-spare'] },
      ],
      context_window_fallbacks: wayOut('short', 'roomy'),
      model_group_regions: {
        europe: ['eu-'],
        'europe-by-id': ['eu-'],
        'europe-first': ['eu-'],
        'europe-spare': ['eu-'],
      },
    },
  )
})

afterAll(() => bench?.stop())

const claude = { body: CLAUDE_REQUEST, headers: { 'content-type': 'application/json' } }

describe('a model name whose deployments all throttle', () => {
  test.each(PORTABLE)('$title is answered by the fallback, with the same body', async ({ action, ends }) => {
    const group = `busy-${action}`
    bench.simulator.fault(modelIdOf(group), THROTTLED)
    const before = bench.simulator.requests(modelIdOf('spare')).length
    const answer = await bench.ask(group, action)
    expect(answer.status).toBe(200)
    expect(answer.text).toContain(ends)
    expect(answer.headers.get('x-litellm-attempted-fallbacks')).toBe('1')
    expect(answer.headers.get('x-litellm-attempted-retries')).toBe('0')
    expect(answer.headers.get('x-litellm-model-group')).toBe(group)
    expect(answer.headers.get('x-litellm-model-id')).toBe(`spare/${FIRST}/1`)
    expect(bench.received(group)).toEqual({ [FIRST]: 1, [SECOND]: 1 })
    const [asked] = bench.simulator.requests(modelIdOf(group))
    const answered = bench.simulator.requests(modelIdOf('spare')).slice(before)
    expect(answered).toHaveLength(1)
    expect(answered[0]?.bodySha256).toBe(asked?.bodySha256)
    const record = await bench.record(answer)
    expect(record).toMatchObject({ status: 'success', model_group: group, model: modelIdOf('spare'), fallbacks: 1 })
    expect(record).toMatchObject({
      attempts: 3,
      attempt_log: [
        { status: 429, error_type: 'ThrottlingException' },
        { status: 429, error_type: 'ThrottlingException' },
        { deployment: `spare/${FIRST}/1`, status: 200 },
      ],
    })
  })

  test.each(SAME_BODY)('$title is answered by a fallback whose model reads the same body', async ({ action }) => {
    const group = `busy-${action}`
    bench.simulator.fault(modelIdOf(group), THROTTLED)
    const before = bench.simulator.count(modelIdOf('spare'))
    const answer = await bench.ask(group, action, claude)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-litellm-attempted-fallbacks')).toBe('1')
    expect(answer.headers.get('x-litellm-model-id')).toBe(`spare/${FIRST}/1`)
    expect(bench.received(group)).toEqual({ [FIRST]: 1, [SECOND]: 1 })
    expect(bench.simulator.count(modelIdOf('spare'))).toBe(before + 1)
  })

  test('an SDK sees the fallback on Converse and on InvokeModel', async () => {
    const client = jsClient(bench.gateway.url, { accessKeyId: MASTER_KEY }, 1)
    const modelId = 'busy-converse'
    const { stopReason } = await client.send(new ConverseCommand({ modelId, messages: MESSAGES }))
    expect(stopReason).toBe('end_turn')
    const { body } = await client.send(new InvokeModelCommand({ modelId, body: CLAUDE_REQUEST }))
    expect(JSON.parse(new TextDecoder().decode(body))).toMatchObject({ type: 'message' })
  })

  test('a fallback that fails too is followed by the next one', async () => {
    bench.simulator.fault(modelIdOf('chain'), THROTTLED)
    bench.simulator.fault(modelIdOf('second-choice'), THROTTLED)
    const answer = await bench.ask('chain', 'converse')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-litellm-attempted-fallbacks')).toBe('2')
    expect(answer.headers.get('x-litellm-model-id')).toBe(`third-choice/${FIRST}/1`)
    expect(bench.received('second-choice')).toEqual({ [FIRST]: 1 })
  })

  test('where the fallback finds fault with the request, the client gets the error of the model it asked for', async () => {
    bench.simulator.fault(modelIdOf('told-off'), THROTTLED)
    bench.simulator.fault(modelIdOf('refuses'), { error: { name: 'ValidationException', message: 'Not my format.' } })
    const answer = await bench.ask('told-off', 'converse')
    expect(bench.received('refuses')).toEqual({ [FIRST]: 1 })
    expect(answer.status).toBe(429)
    expect(answer.text).not.toContain('Not my format.')
    expect(namedWaitMs(answer)).toBeGreaterThan(0)
  })

  test('of two deployments and a fallback that all fail, the client gets the quota error, not the lost connection', async () => {
    bench.simulator.fault({ model: modelIdOf('own-error'), region: FIRST }, { resetBeforeHeaders: true })
    bench.simulator.fault({ model: modelIdOf('own-error'), region: SECOND }, THROTTLED)
    bench.simulator.fault(modelIdOf('broken-spare'), { resetBeforeHeaders: true })
    const answer = await bench.ask('own-error', 'converse')
    expect(answer.status).toBe(429)
    expect(bench.received('broken-spare')).toEqual({ [FIRST]: 1 })
  })
})

describe('a prompt that is too long', () => {
  test.each(PORTABLE)('$title goes on to the context-window fallback after one attempt', async ({ action, ends }) => {
    const group = `short-${action}`
    bench.simulator.fault(modelIdOf(group), TOO_LONG)
    const answer = await bench.ask(group, action)
    expect(answer.status).toBe(200)
    expect(answer.text).toContain(ends)
    expect(answer.headers.get('x-litellm-attempted-fallbacks')).toBe('1')
    expect(answer.headers.get('x-litellm-model-id')).toBe(`roomy/${FIRST}/1`)
    expect(bench.simulator.count(modelIdOf(group))).toBe(1)
    expect(await bench.record(answer)).toMatchObject({
      attempts: 2,
      fallbacks: 1,
      attempt_log: [
        { status: 400, error_type: 'ValidationException' },
        { deployment: `roomy/${FIRST}/1`, status: 200 },
      ],
    })
  })

  test.each(SAME_BODY)('$title goes on to a context-window fallback that reads the same body', async ({ action }) => {
    const group = `short-${action}`
    bench.simulator.fault(modelIdOf(group), TOO_LONG)
    const before = bench.simulator.count(modelIdOf('roomy'))
    const answer = await bench.ask(group, action, claude)
    expect(answer.status).toBe(200)
    expect(bench.simulator.count(modelIdOf(group))).toBe(1)
    expect(bench.simulator.count(modelIdOf('roomy'))).toBe(before + 1)
  })

  test('a model without a context-window fallback gives the 400, although it has other fallbacks', async () => {
    bench.simulator.fault(modelIdOf('long-only'), TOO_LONG)
    const before = bench.simulator.count()
    const answer = await bench.ask('long-only', 'converse')
    expect(answer.status).toBe(400)
    expect(answer.headers.get('x-litellm-attempted-fallbacks')).toBe('0')
    expect(bench.simulator.count()).toBe(before + 1)
  })
})

describe('a group bound to regions', () => {
  const europe = { [EU_REGIONS[0]]: 1, [EU_REGIONS[1]]: 1 }

  test('gives its own error when its regions fail, and no other region hears of the call', async () => {
    bench.simulator.fault(modelIdOf('europe'), THROTTLED)
    const before = bench.simulator.count()
    const answer = await bench.ask('europe', 'converse')
    expect(answer.status).toBe(429)
    expect(bench.received('europe')).toEqual(europe)
    expect(bench.simulator.count()).toBe(before + 2)
  })

  test('binds a call by model id as well, although another group has that id elsewhere', async () => {
    const model = modelIdOf('europe-by-id')
    bench.simulator.fault(model, THROTTLED)
    for (let call = 0; call < 5; call++) expect((await bench.ask(model, 'converse')).status).toBe(429)
    expect(bench.received('europe-by-id')).toEqual(europe)
  })

  test('falls back inside its regions', async () => {
    bench.simulator.fault(modelIdOf('europe-first'), THROTTLED)
    const answer = await bench.ask('europe-first', 'converse')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-litellm-attempted-fallbacks')).toBe('1')
    expect(EU_REGIONS).toContain(answer.headers.get('x-litellm-model-region'))
    expect(bench.received('europe-first')).toEqual(europe)
  })
})
