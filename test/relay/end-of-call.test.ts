/** Every call that began has one end, whatever throws, refuses or leaves: nothing stays held, and one row if an upstream was asked. */
import { describe, expect, test } from 'vitest'
import { exceptionFrame } from '../../src/bedrock/event-stream/encode.ts'
import type { GatewayConfig } from '../../src/config/types.ts'
import type { IsolateState } from '../../src/relay/isolate-state.ts'
import type { Router } from '../../src/routing/router.ts'
import { answering, type Fetcher, run } from './in-isolate.ts'

const boom = (): never => {
  throw new Error('injected')
}
const rejecting = async (): Promise<never> => boom()
const brokenRouter = (base: IsolateState, broken: Partial<Router>) => (config: GatewayConfig) => ({
  ...base.router(config),
  ...broken,
})

const NOTHING_HELD = { bytes: 0, inFlight: [0, 0] }

describe('a throw before an upstream was asked ends the call once, without a row', () => {
  test.each<[string, (isolate: IsolateState) => Partial<IsolateState>]>([
    ['loading the configuration', () => ({ config: rejecting })],
    ['loading live prices', () => ({ prices: rejecting })],
    [
      'identifying the caller',
      (base) => ({
        config: async (...args) =>
          Object.defineProperty({ ...(await base.config(...args)) }, 'masterKey', { get: boom }) as GatewayConfig,
      }),
    ],
    ['reading the body', () => Object.defineProperty({}, 'bodies', { get: boom })],
    [
      'resolving the model',
      (base) => ({
        config: async (...args) =>
          Object.defineProperty({ ...(await base.config(...args)) }, 'groups', { get: boom }) as GatewayConfig,
      }),
    ],
    ['making the router', () => ({ router: boom })],
    ['routing', (base) => ({ router: brokenRouter(base, { route: rejecting }) })],
    ['obtaining credentials', () => ({ credentials: { get: rejecting } })],
    [
      'signing',
      () => ({ credentials: { get: async () => ({ ok: true, credentials: { kind: 'api-key', token: 'a\nb' } }) } }),
    ],
  ])('%s', async (_step, change) => {
    const { response, text, held, events } = await run(change)
    expect(response.status).toBe(500)
    expect(response.headers.get('x-amzn-errortype')).toBe('InternalServerException')
    expect(response.headers.get('x-amzn-requestid')).toBe(
      response.headers.get('x-litellm-call-id') ?? response.headers.get('x-amzn-requestid'),
    )
    expect(JSON.parse(text)).toEqual({ message: expect.stringContaining('The gateway failed') })
    expect(held).toEqual(NOTHING_HELD)
    expect(events.filter((event) => event === 'fault' || event === 'call' || event === 'refused')).toEqual(['fault'])
  })
})

describe('a throw after an upstream was asked ends the call once, with one row whose cost is not known', () => {
  test.each<[string, (isolate: IsolateState) => Partial<IsolateState>]>([
    ['reporting the first attempt', () => ({ fetcher: boom })],
    [
      'after routing',
      (base) => ({
        router: (config) => {
          const router = base.router(config)
          return {
            ...router,
            async route(call) {
              await router
                .route(call)
                .then((result) => result.kind === 'answered' && result.finish({ inputTokens: 0, outputTokens: 0 }))
              return boom()
            },
          }
        },
      }),
    ],
  ])('%s', async (_step, change) => {
    const { response, held, events, row } = await run(change)
    expect(response.status).toBe(500)
    expect(held).toEqual(NOTHING_HELD)
    expect(events.filter((event) => event === 'fault' || event === 'call' || event === 'refused')).toEqual([
      'fault',
      'call',
    ])
    expect(row).toMatchObject({ http_status: 500, status: 'failure', verdict: 'exception', model_group: 'claude' })
    expect(row).toMatchObject({ cost_state: 'unpriced', cost_nano_usd: null, cost_missing: ['usage'] })
  })

  test('making the record: the bare facts take its place', async () => {
    const prices = { version: 'broken', rows: Object.defineProperty([], Symbol.iterator, { get: boom }) }
    const { response, held, events, row } = await run(
      () => ({
        prices: async () => prices,
        fetcher: async () => new Response('', { status: 404 }),
      }),
      {},
    )
    expect([response.status, held]).toEqual([404, NOTHING_HELD])
    expect(events.filter((event) => event === 'call')).toHaveLength(1)
    expect(events).toContain('fault')
    expect(row).toMatchObject({
      cost_state: 'unpriced',
      cost_nano_usd: null,
      cost_reason: expect.stringContaining('failed while it made this record'),
    })
  })
})

describe('a call that ends well or badly by itself', () => {
  test('an answer leaves one row and nothing held', async () => {
    const { response, held, events, row } = await run(() => ({}))
    expect([response.status, held, events]).toEqual([200, NOTHING_HELD, ['call']])
    expect(row).toMatchObject({ verdict: 'complete', attempts: 1, usage: { inputTokens: 3 } })
  })

  test.each([
    ['a wrong key', { key: 'sk-other' }, 403],
    ['an operation that does not exist', { action: 'nothing' }, 404],
  ])('%s leaves no row, one line and nothing held', async (_name, options, status) => {
    const { response, held, events, row } = await run(() => ({}), options)
    expect([response.status, held, events, row]).toEqual([status, NOTHING_HELD, ['refused'], undefined])
  })

  test('a stream whose upstream raises leaves one row and nothing held', async () => {
    const frame = exceptionFrame('modelStreamErrorException', 'no')
    const fetcher: Fetcher = async () =>
      new Response(frame, { headers: { 'content-type': 'application/vnd.amazon.eventstream' } })
    const { held, events } = await run(() => ({ fetcher }), { action: 'converse-stream' })
    expect(held).toEqual(NOTHING_HELD)
    expect(events.filter((event) => event === 'call')).toHaveLength(1)
  })

  test('attempts that fail and fail over are written down once each', async () => {
    let asked = 0
    const fetcher: Fetcher = async (...args) =>
      ++asked === 1 ? Response.json({ message: 'slow down' }, { status: 429 }) : answering(...args)
    const { response, held, row } = await run(() => ({ fetcher }))
    expect([response.status, held]).toEqual([200, NOTHING_HELD])
    expect(row?.attempt_log).toMatchObject([{ status: 429 }, { status: 200 }])
    expect(row?.attempts).toBe(2)
  })
})

describe('a client that leaves', () => {
  test('before anything was asked leaves no row', async () => {
    const { held, row } = await run(() => ({}), { signal: AbortSignal.abort() })
    expect([held, row]).toEqual([NOTHING_HELD, undefined])
  })

  test('while the upstream is being asked leaves one row and nothing held', async () => {
    const client = new AbortController()
    const fetcher: Fetcher = async (...args) => {
      client.abort()
      return answering(...args)
    }
    const { held, events, row } = await run(() => ({ fetcher }), { signal: client.signal })
    expect(held).toEqual(NOTHING_HELD)
    expect(events.filter((event) => event === 'call')).toHaveLength(1)
    expect(row?.verdict).toBe('abandoned')
  })
})
