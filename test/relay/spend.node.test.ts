/** The ledger read back over HTTP: one row a call however many run at once, filters, pages, sums, and prices of what was never sent. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { type Answer, call, callIdOf, getJson, HELLO, type Row, rowsWhere } from './calls.ts'

/** All calls of the storm, refusals among them. */
const CALLS = 200
/** The contract's bound between the end of a call and its row, ms. */
const READABLE_MS = 6000

type Sent = { kind: string; answer: Answer; customer: string; endedMs: number }

let simulator: Simulator
let gateway: RunningGateway
const sent: Sent[] = []
/** What reached an upstream. */
let booked: Sent[] = []
/** Rows of those, newest first, and how long the last of them took to come. */
let rows: Row[] = []
let readableAfterMs = Number.NaN

const KINDS: { kind: string; model: string; action: string; body?: Record<string, unknown> }[] = [
  { kind: 'converse', model: 'nova', action: 'converse' },
  { kind: 'stream', model: 'nova', action: 'converse-stream' },
  { kind: 'invoke', model: 'nova', action: 'invoke' },
  { kind: 'invoke-stream', model: 'lite', action: 'invoke-with-response-stream' },
  { kind: 'free', model: 'lite', action: 'count-tokens', body: { input: { converse: HELLO } } },
  { kind: 'error', model: 'failing', action: 'converse' },
  { kind: 'unpriced', model: 'unheard-of', action: 'converse' },
  { kind: 'estimated', model: 'cut', action: 'converse-stream' },
  { kind: 'refused', model: 'nobody', action: 'converse' },
]

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1', 'us-west-2'], recordings: null })
  const model_list = [
    deploymentOf(simulator, 'nova', 'amazon.nova-micro-v1:0', 'us-east-1'),
    deploymentOf(simulator, 'nova', 'amazon.nova-micro-v1:0', 'us-west-2'),
    deploymentOf(simulator, 'lite', 'amazon.nova-lite-v1:0', 'us-east-1'),
    deploymentOf(simulator, 'failing', 'amazon.nova-pro-v1:0', 'us-east-1'),
    deploymentOf(simulator, 'unheard-of', 'acme.unheard-of-v1:0', 'us-east-1'),
    deploymentOf(simulator, 'cut', 'amazon.nova-micro-v1:0:fault-cut', 'us-east-1', {
      input_cost_per_token: 1e-6,
      output_cost_per_token: 1e-6,
    }),
  ]
  simulator.fault('amazon.nova-pro-v1:0', { error: { name: 'ValidationException' } })
  const router_settings = { num_retries: 0, cooldown_time: 0 }
  gateway = await startGateway({
    config: { model_list, router_settings, general_settings: { master_key: MASTER_KEY } },
  })
  const storm = Array.from({ length: CALLS }, async (_, index) => {
    const { kind, model, action, body = HELLO } = KINDS[index % KINDS.length] as (typeof KINDS)[number]
    const customer = `customer-${index % 3}`
    const headers = { 'x-litellm-tags': `storm,${kind}`, 'x-litellm-customer-id': customer }
    const answer = await call(gateway, model, action, { body, headers })
    sent.push({ kind, answer, customer, endedMs: Date.now() })
  })
  await Promise.all(storm)
  booked = sent.filter(({ kind }) => kind !== 'refused')
  rows = await rowsWhere(gateway, '', booked.length)
  readableAfterMs = Date.now() - Math.max(...booked.map(({ endedMs }) => endedMs))
})
afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

const idsOf = (some: readonly Row[]): string[] => some.map(({ request_id }) => request_id)
const idsSent = (kind: string): string[] =>
  booked.filter((one) => one.kind === kind).map(({ answer }) => callIdOf(answer))
const nano = (some: readonly Row[]): bigint =>
  some.reduce((sum, { cost_nano_usd }) => sum + BigInt(cost_nano_usd ?? 0), 0n)

describe(`${CALLS} calls of all kinds at once`, () => {
  test('leave one row each, and refusals none', async () => {
    expect(idsOf(rows).sort()).toEqual(booked.map(({ answer }) => callIdOf(answer)).sort())
    expect(booked).toHaveLength(simulator.count())
    const database = await gateway.database()
    expect(await database.prepare('SELECT count(*) AS n FROM spend_logs').first('n')).toBe(booked.length)
  })

  test('can all be read within six seconds of the last of them', () => {
    expect(readableAfterMs).toBeLessThan(READABLE_MS)
  })

  test('are in the state that fits their kind', () => {
    const states = {
      converse: 'priced',
      stream: 'priced',
      invoke: 'priced',
      'invoke-stream': 'priced',
      free: 'free',
      error: 'failed',
      unpriced: 'unpriced',
      estimated: 'estimated',
    }
    const kindOf = new Map(booked.map(({ answer, kind }) => [callIdOf(answer), kind]))
    for (const row of rows) expect(row.cost_state).toBe(states[kindOf.get(row.request_id) as keyof typeof states])
  })

  test('cost what their headers said', () => {
    const byId = new Map(rows.map((row) => [row.request_id, row]))
    for (const { answer, kind } of booked) {
      const header = answer.headers.get('x-litellm-response-cost')
      const { cost_nano_usd, spend } = byId.get(callIdOf(answer)) as Row
      if (['converse', 'invoke', 'free'].includes(kind)) {
        expect(header).toMatch(/^\d+(\.\d+)?$/)
        const [whole = '0', fraction = ''] = (header ?? '').split('.')
        expect(BigInt(whole + fraction.padEnd(9, '0'))).toBe(BigInt(cost_nano_usd ?? -1))
      } else expect(header).toBeNull()
      expect(spend).toBe(cost_nano_usd === null ? null : Number(cost_nano_usd) / 1e9)
    }
  })
})

describe('GET /spend/logs', () => {
  test('shows newest first', () => {
    expect(idsOf(rows)).toEqual(idsOf(rows).sort().reverse())
  })

  test('leads from page to page by the link header, through all and past none', async () => {
    const seen: string[] = []
    let pages = 0
    for (let next: string | null = `${gateway.url}/spend/logs?limit=37`; next !== null; pages++) {
      const response: Response = await fetch(next, { headers: { authorization: `Bearer ${MASTER_KEY}` } })
      const page = (await response.json()) as Row[]
      expect(page.length).toBeLessThanOrEqual(37)
      seen.push(...idsOf(page))
      next = /^<([^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1] ?? null
    }
    expect(seen).toEqual(idsOf(rows))
    expect(pages).toBe(Math.ceil(rows.length / 37))
  })

  test('shows 100 where nothing is said', async () => {
    expect(await getJson(gateway, '/spend/logs')).toHaveLength(100)
  })

  test.each(['free', 'error', 'unpriced', 'estimated'])('finds a kind of call (%s) by its tag', async (kind) => {
    expect(idsOf(await rowsWhere(gateway, `tag=${kind}`, 1)).sort()).toEqual(idsSent(kind).sort())
  })

  test.each([
    ['model=lite', (row: Row) => row.model_group === 'lite'],
    ['model=amazon.nova-micro-v1:0', (row: Row) => row.model === 'amazon.nova-micro-v1:0'],
    ['model_group=nova', (row: Row) => row.model_group === 'nova'],
    ['model_id=nova/us-west-2/1', (row: Row) => row.region === 'us-west-2'],
    ['status=failure', (row: Row) => row.status === 'failure'],
    ['cost_state=estimated', (row: Row) => row.cost_state === 'estimated'],
    ['verdict=cut', (row: Row) => row.verdict === 'cut'],
    ['end_user=customer-1', (row: Row) => row.end_user === 'customer-1'],
    [
      'model=nova&status=success&end_user=customer-2',
      (row: Row) => row.model_group === 'nova' && row.end_user === 'customer-2',
    ],
    ['start_date=2020-01-01', () => true],
    ['end_date=2020-01-01', () => false],
  ])('filters by %s', async (query, fits) => {
    const expected = rows.filter(fits)
    const found = await rowsWhere(gateway, query, 0)
    expect(idsOf(found)).toEqual(idsOf(expected))
  })

  test('finds one call by its id, and nothing by an id that is none', async () => {
    const [{ request_id } = { request_id: '' }] = rows
    expect(await getJson(gateway, `/spend/logs?request_id=${request_id}`)).toEqual([rows[0]])
    expect(await getJson(gateway, '/spend/logs?request_id=none')).toEqual([])
  })

  test.each([
    'limit=0',
    'limit=1001',
    'limit=x',
    'modle=nova',
    'start_date=yesterday',
    'cursor=!!',
    'cost_state=cheap',
  ])('refuses %s in the form of the management API', async (query) => {
    const response = await fetch(`${gateway.url}/spend/logs?${query}`, {
      headers: { authorization: `Bearer ${MASTER_KEY}` },
    })
    expect(response.status).toBe(400)
    const { error } = (await response.json()) as { error: Record<string, unknown> }
    expect(error).toMatchObject({ message: expect.stringContaining(query.split('=')[0] ?? ''), code: '400' })
  })

  test('is not shown without the key', async () => {
    const response = await fetch(`${gateway.url}/spend/logs`)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error: { type: 'auth_error', code: '401' } })
  })
})

describe('GET /global/spend/report', () => {
  type Sums = {
    group: string | null
    calls: number
    failures: number
    cost_nano_usd: string
    estimated_nano_usd: string
    unpriced_calls: number
    estimated_calls: number
  }
  const report = async (query: string) =>
    (await getJson(gateway, `/global/spend/report?${query}`)) as { results: Sums[]; total: Sums }
  const day = new Date().toISOString().slice(0, 10)

  test.each([
    ['model', (row: Row) => row.model_group],
    ['deployment', (row: Row) => row.model_id],
    ['region', (row: Row) => row.region],
    ['customer', (row: Row) => row.end_user],
  ])('sums by %s what the rows say, and what is not known beside it', async (groupBy, groupOf) => {
    const { results, total } = await report(`group_by=${groupBy}&start_date=${day}&end_date=${day}`)
    const groups = Map.groupBy(rows, groupOf)
    expect(results.map(({ group }) => group).sort()).toEqual([...groups.keys()].sort())
    for (const { group, ...sums } of [...results, { ...total, group: 'total' }]) {
      const of = group === 'total' ? rows : (groups.get(group) ?? [])
      const estimated = of.filter(({ cost_state }) => cost_state === 'estimated')
      expect(sums).toMatchObject({
        calls: of.length,
        failures: of.filter(({ status }) => status === 'failure').length,
        cost_nano_usd: String(nano(of)),
        estimated_nano_usd: String(nano(estimated)),
        estimated_calls: estimated.length,
        unpriced_calls: of.filter(({ cost_nano_usd }) => cost_nano_usd === null).length,
      })
    }
  })
})

describe('POST /spend/calculate', () => {
  const calculate = async (body: unknown) => {
    const init = { method: 'POST', headers: { authorization: `Bearer ${MASTER_KEY}` }, body: JSON.stringify(body) }
    const response = await fetch(`${gateway.url}/spend/calculate`, init)
    return { status: response.status, ...((await response.json()) as object) }
  }

  test('prices an exchange to the last digit', async () => {
    const usage = { body: { usage: { inputTokens: 1_000_001, outputTokens: 3, totalTokens: 1_000_004 } } }
    expect(
      await calculate({ operation: 'Converse', model_id: 'amazon.nova-micro-v1:0', source_region: 'us-east-1', usage }),
    ).toMatchObject({
      status: 200,
      usd: '0.035000455',
      cost: 0.035000455,
      state: 'priced',
      price_row: expect.stringMatching(/^amazon\.nova-micro-v1\|/),
    })
  })

  test('says of a model without a price that it has none', async () => {
    expect(
      await calculate({
        operation: 'Converse',
        model_id: 'acme.unheard-of-v1:0',
        usage: { body: { usage: { inputTokens: 1 } } },
      }),
    ).toMatchObject({ status: 200, usd: null, cost: null, state: 'unpriced', reason: expect.stringMatching(/acme/) })
  })

  test('estimates a request before it is sent', async () => {
    expect(await calculate({ model: 'nova', ...HELLO, inferenceConfig: { maxTokens: 100 } })).toMatchObject({
      status: 200,
      state: 'estimated',
      cost: expect.any(Number),
    })
  })

  test.each([[{}], [{ operation: 5 }], ['text'], [null]])('refuses %o with 400', async (body) => {
    expect(await calculate(body)).toMatchObject({ status: 400, error: { message: expect.stringMatching(/./) } })
  })
})
