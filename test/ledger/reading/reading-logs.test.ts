import { env } from 'cloudflare:test'
import { beforeAll, describe, expect, it } from 'vitest'
import { bookRecords } from '../../../src/ledger/booking/book-rows.ts'
import { readSpendLogs } from '../../../src/ledger/reading/logs.ts'
import { parseSpendLogsQuery } from '../../../src/ledger/reading/query.ts'
import { DAY_START_MS, spendRecord } from '../records.ts'

/** One page for these parameters. */
async function read(params: Record<string, string>) {
  const parsed = parseSpendLogsQuery(params)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues))
  const page = await readSpendLogs(env.DB, parsed.query)
  if (!page.ok) throw new Error(page.message)
  return page
}

const idsOf = async (params: Record<string, string>) => (await read(params)).rows.map((row) => row.request_id)

describe('a row as it is read', () => {
  it('has the fields of the contract, in and out the same, with the cost as a text and as a number', async () => {
    const record = spendRecord({ cost_nano_usd: '9007199254740993', price_row: 'row@1', service_tier: 'priority' })
    await bookRecords(env.DB, [record])
    const { rows } = await read({ request_id: record.request_id })
    expect(rows).toEqual([{ ...record, spend: 9007199.254740993 }])
    expect(Object.keys(rows[0] ?? {})).toEqual(
      expect.arrayContaining([
        'request_id',
        'client_call_id',
        'startTime',
        'usage',
        'raw_usage',
        'attempt_log',
        'spend',
      ]),
    )
  })

  it('shows an unknown cost as null, a free one as "0" and 0, and absent usage as null', async () => {
    const unpriced = spendRecord({
      cost_nano_usd: null,
      cost_state: 'unpriced',
      cost_reason: 'no price',
      usage: null,
      raw_usage: null,
    })
    const free = spendRecord({ cost_nano_usd: '0', cost_state: 'free' })
    await bookRecords(env.DB, [unpriced, free])
    expect((await read({ request_id: unpriced.request_id })).rows).toEqual([{ ...unpriced, spend: null }])
    expect((await read({ request_id: free.request_id })).rows).toMatchObject([{ cost_nano_usd: '0', spend: 0 }])
  })

  it('finds nothing for an id that was never booked', async () => {
    expect(await read({ request_id: 'nobody' })).toEqual({ ok: true, rows: [], nextCursor: null })
  })
})

describe('filters', () => {
  const day = (days: number) => DAY_START_MS + days * 86_400_000
  const ids: Record<string, string> = {}

  beforeAll(async () => {
    const records = {
      key: spendRecord({ api_key: 'k1', team_id: 't1', user: 'u1', end_user: 'c1' }, day(1)),
      model: spendRecord(
        { api_key: 'k2', model_group: 'nova', model: 'amazon.nova-pro-v1:0', model_id: 'nova/eu/1' },
        day(2),
      ),
      failed: spendRecord(
        { api_key: 'k2', status: 'failure', verdict: 'exception', cost_state: 'failed', cost_nano_usd: '0' },
        day(3),
      ),
      tagged: spendRecord({ api_key: 'k2', request_tags: ['a', 'ünïcode'] }, day(4)),
    }
    for (const [name, record] of Object.entries(records)) ids[name] = record.request_id
    await bookRecords(env.DB, Object.values(records))
  })

  it.each([
    ['a key', { api_key: 'k1' }, ['key']],
    ['a team', { team_id: 't1' }, ['key']],
    ['a user', { user_id: 'u1' }, ['key']],
    ['an end user', { end_user: 'c1' }, ['key']],
    ['a model group', { model_group: 'nova' }, ['model']],
    ['a name asked for', { model: 'nova' }, ['model']],
    ['an id sent upstream', { model: 'amazon.nova-pro-v1:0' }, ['model']],
    ['a deployment', { model_id: 'nova/eu/1' }, ['model']],
    ['a tag', { tag: 'ünïcode' }, ['tagged']],
    ['a status', { status: 'failure' }, ['failed']],
    ['a verdict', { verdict: 'exception' }, ['failed']],
    ['a cost state', { cost_state: 'failed' }, ['failed']],
    ['two at once', { api_key: 'k2', status: 'success' }, ['tagged', 'model']],
    ['a first day', { api_key: 'k2', start_date: '2026-11-23' }, ['tagged', 'failed']],
    ['a last day, which is included', { api_key: 'k2', end_date: '2026-11-23' }, ['failed', 'model']],
    ['a first millisecond', { start_date: '2026-11-24T10:00:00.000Z' }, ['tagged']],
    ['a millisecond after it', { start_date: '2026-11-24T10:00:00.001Z' }, []],
    ['a last millisecond in another zone', { api_key: 'k2', end_date: '2026-11-22T12:00:00+02:00' }, ['model']],
  ])('keeps only the rows of %s', async (_, params, names) => {
    expect(await idsOf(params)).toEqual(names.map((name) => ids[name]))
  })

  it('treats a value as a value, whatever it holds', async () => {
    expect(await idsOf({ api_key: "' OR 1=1 --" })).toEqual([])
  })
})

describe('paging', () => {
  it('walks newest first and shows each row once while others are inserted', async () => {
    const group = { model_group: 'paging' }
    const before = Array.from({ length: 25 }, (_, index) => spendRecord(group, DAY_START_MS + index))
    await bookRecords(env.DB, before)
    const seen: string[] = []
    let cursor: string | null = null
    for (let page = 0; page < 9; page++) {
      const { rows, nextCursor } = await read({ ...group, limit: '10', ...(cursor === null ? {} : { cursor }) })
      seen.push(...rows.map((row) => row.request_id))
      cursor = nextCursor
      if (cursor === null) break
      await bookRecords(env.DB, [spendRecord(group, DAY_START_MS + 1_000 + page)])
    }
    expect(seen).toEqual(
      before
        .map((record) => record.request_id)
        .sort()
        .reverse(),
    )
  })

  it('has no next page when the last one is exactly full', async () => {
    await bookRecords(
      env.DB,
      Array.from({ length: 4 }, () => spendRecord({ model_group: 'full' })),
    )
    expect(await read({ model_group: 'full', limit: '4' })).toMatchObject({ nextCursor: null })
    expect((await read({ model_group: 'full', limit: '3' })).nextCursor).toEqual(expect.any(String))
  })

  it('bounds what one page of a rare filter reads, and leads on until the row is found', async () => {
    const rare = spendRecord({ model_group: 'rare' }, DAY_START_MS - 86_400_000)
    await bookRecords(env.DB, [rare])
    for (let batch = 0; batch < 6; batch++) {
      const common = Array.from({ length: 2_000 }, () =>
        spendRecord({ raw_usage: null, attempt_log: [] }, DAY_START_MS + 5_000),
      )
      await bookRecords(env.DB, common)
    }
    const first = await read({ model_group: 'rare' })
    expect(first.rows).toEqual([])
    const second = await read({ model_group: 'rare', cursor: first.nextCursor ?? '' })
    expect(second.rows.map((row) => row.request_id)).toEqual([rare.request_id])
    expect(second.nextCursor).toBeNull()
  }, 20_000)

  it('gives 100 rows unless told, newest first', async () => {
    const { rows } = await read({})
    expect(rows).toHaveLength(100)
    const shown = rows.map((row) => row.request_id)
    expect(shown).toEqual(shown.toSorted().reverse())
  })

  it('says that D1 does not answer instead of throwing', async () => {
    const away = {
      prepare: (sql: string) => env.DB.prepare(sql),
      batch: async () => {
        throw new Error('D1_ERROR: Network connection lost.')
      },
    }
    expect(await readSpendLogs(away, { limit: 1 })).toMatchObject({ ok: false, kind: 'unavailable' })
  })
})

describe('the query of /spend/logs', () => {
  it.each([
    ['limit', { limit: '0' }],
    ['limit', { limit: '1001' }],
    ['limit', { limit: '10.5' }],
    ['start_date', { start_date: 'yesterday' }],
    ['start_date', { start_date: '2026-02-30' }],
    ['end_date', { end_date: '2026-11-23T10:00:00' }],
    ['status', { status: 'ok' }],
    ['cost_state', { cost_state: 'cheap' }],
    ['verdict', { verdict: 'done' }],
    ['cursor', { cursor: '***' }],
    ['api_key', { api_key: '' }],
    ['teamid', { teamid: 't1' }],
  ])('names %s as faulty in %o', (param, params) => {
    const parsed = parseSpendLogsQuery(params)
    expect(parsed).toMatchObject({ ok: false, issues: [{ param, message: expect.any(String) }] })
  })
})
