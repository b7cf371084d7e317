import { env } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { bookRecords } from '../../../src/ledger/booking/book-rows.ts'
import { parseSpendReportQuery } from '../../../src/ledger/reading/query.ts'
import { readSpendReport } from '../../../src/ledger/reading/spend-report.ts'
import { spendRecord } from '../records.ts'

const DAY_MS = 86_400_000
const atDay = (day: string) => Date.parse(`${day}T12:00:00.000Z`)

async function report(params: Record<string, string>) {
  const parsed = parseSpendReportQuery(params)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues))
  return readSpendReport(env.DB, parsed.query)
}

/** Groups and their costs. */
async function costsBy(params: Record<string, string>) {
  const answer = await report(params)
  if (!answer.ok) throw new Error(answer.message)
  return answer.rows.map((row) => [row.group, row.cost_nano_usd])
}

beforeAll(async () => {
  const first = atDay('2026-10-01')
  await bookRecords(env.DB, [
    spendRecord({ api_key: 'k1', team_id: 't1', end_user: 'c1', cost_nano_usd: '100' }, first),
    spendRecord(
      { api_key: 'k1', team_id: 't1', end_user: 'c2', cost_nano_usd: '20', cost_state: 'estimated' },
      first + DAY_MS,
    ),
    spendRecord(
      { api_key: 'k2', model_group: 'nova', model_id: 'nova/eu/1', region: 'eu-west-1', cost_nano_usd: '3' },
      first,
    ),
    spendRecord({ cost_nano_usd: null, cost_state: 'unpriced', status: 'failure' }, first + DAY_MS),
    spendRecord({ verdict: 'unknown', cost_nano_usd: null, cost_state: 'unpriced' }, first),
  ])
})

const RANGE = { start_date: '2026-10-01', end_date: '2026-10-31' }

describe('a spend report', () => {
  it.each([
    [
      'api_key',
      [
        ['k1', '120'],
        ['k2', '3'],
        [null, '0'],
      ],
    ],
    [
      'team',
      [
        ['t1', '120'],
        [null, '3'],
      ],
    ],
    [
      'model',
      [
        ['claude', '120'],
        ['nova', '3'],
      ],
    ],
    [
      'deployment',
      [
        ['claude/us-east-1/1', '120'],
        ['nova/eu/1', '3'],
      ],
    ],
    [
      'region',
      [
        ['us-east-1', '120'],
        ['eu-west-1', '3'],
      ],
    ],
    [
      'day',
      [
        ['2026-10-01', '103'],
        ['2026-10-02', '20'],
      ],
    ],
    [
      'customer',
      [
        ['c1', '100'],
        ['c2', '20'],
        [null, '3'],
      ],
    ],
  ])('sums by %s', async (group_by, expected) => {
    expect(await costsBy({ group_by, ...RANGE })).toEqual(expected)
  })

  it('shows how much is estimated and unpriced beside each sum and leaves expired reservations out', async () => {
    expect(await report({ group_by: 'team', ...RANGE })).toMatchObject({
      ok: true,
      truncated: false,
      total: {
        calls: 4,
        failures: 1,
        prompt_tokens: 520,
        completion_tokens: 80,
        total_tokens: 600,
        cache_read_tokens: 120,
        cost_nano_usd: '123',
        spend: 0.000000123,
        priced_nano_usd: '103',
        estimated_nano_usd: '20',
        estimated_calls: 1,
        unpriced_calls: 1,
      },
    })
  })

  it('says the same from the roll-up as from the rows', async () => {
    const [daily, rows] = [
      await report({ group_by: 'day', ...RANGE }),
      await report({ group_by: 'customer', ...RANGE }),
    ]
    expect(daily.ok && rows.ok && daily.total).toEqual(rows.ok && rows.total)
  })

  it('includes both ends of its range', async () => {
    expect(await costsBy({ group_by: 'day', start_date: '2026-10-02', end_date: '2026-10-02' })).toEqual([
      ['2026-10-02', '20'],
    ])
  })

  it('says when there are more groups than it shows, and still totals all of them', async () => {
    expect(await report({ group_by: 'model', limit: '1', ...RANGE })).toMatchObject({
      ok: true,
      rows: [{ group: 'claude' }],
      total: { cost_nano_usd: '123' },
      truncated: true,
    })
  })

  it('is exact above 2^53 and says so when a sum exceeds 2^63 - 1', async () => {
    const max = { cost_nano_usd: '9223372036854775807' }
    await bookRecords(env.DB, [spendRecord(max, atDay('2026-01-01'))])
    expect(await costsBy({ group_by: 'day', end_date: '2026-01-31' })).toEqual([['2026-01-01', max.cost_nano_usd]])

    await bookRecords(env.DB, [spendRecord({ cost_nano_usd: '1' }, atDay('2026-01-02'))])
    expect(await report({ group_by: 'model', end_date: '2026-01-31' })).toMatchObject({
      ok: false,
      kind: 'sum-too-large',
    })

    const estimated = { cost_nano_usd: '1', cost_state: 'estimated' } as const
    await bookRecords(env.DB, [spendRecord(max, atDay('2025-01-01')), spendRecord(estimated, atDay('2025-01-01'))])
    expect(await report({ group_by: 'day', end_date: '2025-12-31' })).toMatchObject({
      ok: false,
      kind: 'sum-too-large',
    })
  })

  it('is empty, with zeros, where nothing was booked', async () => {
    expect(await report({ group_by: 'api_key', start_date: '2030-01-01' })).toMatchObject({
      ok: true,
      rows: [],
      total: { calls: 0, cost_nano_usd: '0' },
    })
  })

  it.each([
    ['group_by', {}],
    ['group_by', { group_by: 'colour' }],
    ['start_date', { group_by: 'day', start_date: '2026-13-01' }],
    ['end_date', { group_by: 'day', start_date: '2026-02-02', end_date: '2026-02-01' }],
    ['start_date', { group_by: 'customer' }],
    ['start_date', { group_by: 'customer', start_date: '2026-01-01', end_date: '2026-02-01' }],
    ['grouped_by', { group_by: 'day', grouped_by: 'day' }],
  ])('names %s as faulty in %o', (param, params) => {
    const parsed = parseSpendReportQuery(params as Record<string, string>)
    expect(parsed).toMatchObject({ ok: false, issues: [{ param }] })
  })
})
