/** Probes of deployments: a paid one is a call like any other, a free one leaves neither a row nor a trace in health. */
import { env } from 'cloudflare:test'
import { describe, expect, test } from 'vitest'
import { answering, type Fetcher, isolateOf, KEY, linesOf, send } from '../relay/in-isolate.ts'

const THROTTLED: Fetcher = async () => Response.json({ message: 'Too many requests' }, { status: 429 })

async function health(query: string, fetcher: Fetcher) {
  const asked: string[] = []
  const isolate = await isolateOf(() => ({
    fetcher: (input, init) => {
      asked.push(String(input).split('/').at(-1) ?? '')
      return fetcher(input, init)
    },
  }))
  const request = new Request(`https://gateway.test/health${query}`, { headers: { authorization: `Bearer ${KEY}` } })
  const { value, lines } = await linesOf(() => send(isolate, request))
  const ctx = { waitUntil: () => undefined }
  const config = await isolate.config(env, ctx)
  if (config === null) throw new Error('there is no configuration')
  return {
    isolate,
    config,
    asked,
    report: JSON.parse(value.text) as Record<string, unknown>,
    rows: lines.filter(({ event }) => event === 'call'),
    states: isolate.router(config).health(),
  }
}

describe('a free probe', () => {
  test('asks CountTokens and leaves no row', async () => {
    const { asked, report, rows, states } = await health('', answering)
    expect(asked).toEqual(['count-tokens', 'count-tokens'])
    expect(report).toMatchObject({ healthy_count: 2, unhealthy_count: 0 })
    expect(rows).toEqual([])
    expect(states.map(({ state, inFlight }) => [state, inFlight])).toEqual([
      ['healthy', 0],
      ['healthy', 0],
    ])
  })

  test('that is refused says so and cools nobody', async () => {
    const { report, states } = await health('', THROTTLED)
    expect(report).toMatchObject({ healthy_count: 0, unhealthy_count: 2 })
    expect(states.map(({ state }) => state)).toEqual(['healthy', 'healthy'])
  })
})

describe('a paid probe', () => {
  test('leaves a row with its cost for each deployment', async () => {
    const { asked, rows } = await health('?paid=true', answering)
    expect(asked).toEqual(['converse', 'converse'])
    expect(rows).toHaveLength(2)
    for (const row of rows) {
      expect(row).toMatchObject({ cost_state: 'priced', request_tags: ['health-probe'], verdict: 'complete' })
    }
  })

  test('that fails leaves its row too, and health learns of it', async () => {
    const { rows, states } = await health('?paid=true', THROTTLED)
    expect(rows).toHaveLength(2)
    for (const row of rows) expect(row).toMatchObject({ status: 'failure', http_status: 429, cost_nano_usd: '0' })
    expect(states.map(({ state }) => state)).toEqual(['cooling', 'cooling'])
  })

  test('is priced by live prices', async () => {
    const rows = [
      {
        id: 'anthropic.claude-sonnet-4-5-20250929-v1',
        scopes: ['region' as const],
        regions: ['*'],
        tier: 'default',
        meters: { input: '1', output: '1' },
        source: 'test',
        how: 'listed' as const,
      },
    ]
    const isolate = await isolateOf(() => ({ prices: async () => ({ version: 'live', rows }) }))
    const request = new Request('https://gateway.test/health?paid=true', {
      headers: { authorization: `Bearer ${KEY}` },
    })
    const { lines } = await linesOf(() => send(isolate, request))
    const costs = lines.filter(({ event }) => event === 'call').map(({ cost_nano_usd }) => cost_nano_usd)
    expect(costs).toEqual(['5000000000', '5000000000'])
  })

  test('never takes the place of a live call that is still being delivered', async () => {
    const isolate = await isolateOf(() => ({}))
    const config = await isolate.config(env, { waitUntil: () => undefined })
    if (config === null) throw new Error('there is no configuration')
    const router = isolate.router(config)
    const [deployment] = config.deployments
    const live = await router.route<string>({
      group: 'claude',
      candidates: deployment === undefined ? [] : [deployment],
      fallback: 'any-group',
      ownHealth: null,
      streams: true,
      bodyBytes: null,
      attempts: [],
      isAbandoned: () => false,
      attempt: async () => ({ kind: 'success', value: 'a stream', msToFirstFrame: 1 }),
    })
    const request = new Request('https://gateway.test/health?paid=true', {
      headers: { authorization: `Bearer ${KEY}` },
    })
    await linesOf(() => send(isolate, request))
    expect(router.health().map(({ inFlight }) => inFlight)).toEqual([1, 0])
    if (live.kind === 'answered') live.finish({ inputTokens: 1, outputTokens: 1 })
    expect(router.health().map(({ inFlight }) => inFlight)).toEqual([0, 0])
  })
})

describe('a fault of the gateway itself during a probe', () => {
  const broken: Fetcher = () => {
    throw new Error('injected')
  }
  const failing = { state: 'unknown', error: 'gateway' }

  test('that is paid ends it once, with a row, and says nothing of the deployment', async () => {
    const { report, rows, states } = await health('?paid=true', broken)
    expect(report).toMatchObject({ unknown_count: 2, unknown_endpoints: [failing, failing] })
    expect(rows).toHaveLength(2)
    for (const row of rows) expect(row).toMatchObject({ http_status: 500, verdict: 'exception' })
    expect(states.map(({ state, inFlight }) => [state, inFlight])).toEqual([
      ['healthy', 0],
      ['healthy', 0],
    ])
  })

  test('that is free leaves no row and says nothing of the deployment', async () => {
    const { report, rows, states } = await health('', broken)
    expect(report).toMatchObject({ unknown_count: 2, unknown_endpoints: [failing, failing] })
    expect(rows).toEqual([])
    expect(states.map(({ state }) => state)).toEqual(['healthy', 'healthy'])
  })
})
