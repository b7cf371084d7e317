/** The table of fields is enough: a field that is only an entry and a column travels from the check to the row and its filter. */
import { env } from 'cloudflare:test'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { insertRecords } from '../../../src/ledger/booking/book-sql.ts'
import { filterChecks, filterConditions } from '../../../src/ledger/reading/filters.ts'
import { parseSpendLogsQuery } from '../../../src/ledger/reading/query.ts'
import { fieldsOfRow } from '../../../src/ledger/reading/row.ts'
import { checkFields } from '../../../src/ledger/record/check-fields.ts'
import { checkRecord } from '../../../src/ledger/record/check-record.ts'
import { rowSqlOf } from '../../../src/ledger/record/columns.ts'
import { FIELDS } from '../../../src/ledger/record/fields.ts'
import type { Field } from '../../../src/ledger/record/kinds.ts'
import { blankRecord } from '../../../src/ledger/record/record.ts'
import { COST_STATES, VERDICTS } from '../../../src/ledger/record/words.ts'
import { spendRecord } from '../records.ts'

/** The one entry. */
const WITH_CACHE_HIT = {
  ...FIELDS,
  cache_hit: {
    kind: 'boolean',
    filter: { param: 'cache_hit' },
    description: 'Answered from a cache',
  },
} as const satisfies Record<string, Field>

/** The one migration. */
const MIGRATION = 'ALTER TABLE spend_logs ADD COLUMN cache_hit INTEGER'

const sql = rowSqlOf(WITH_CACHE_HIT)

async function book(record: Record<string, unknown>): Promise<void> {
  const { values } = checkFields(WITH_CACHE_HIT, record)
  await env.DB.prepare(insertRecords(sql))
    .bind(JSON.stringify([values]))
    .run()
}

async function rowsWhere(filter: { cache_hit?: string }): Promise<Record<string, unknown>[]> {
  const given = v.parse(v.strictObject(filterChecks(WITH_CACHE_HIT)), filter)
  const set = filterConditions(WITH_CACHE_HIT, given).filter(([, value]) => value !== undefined)
  const where = set.length === 0 ? '' : `WHERE ${set.map(([condition]) => condition).join(' AND ')}`
  const { results } = await env.DB.prepare(`SELECT ${sql.select} FROM spend_logs ${where} ORDER BY request_id`)
    .bind(...set.map(([, value]) => value))
    .all()
  return results.map((row) => fieldsOfRow(WITH_CACHE_HIT, row))
}

test('a boolean field is one entry and one migration, for checks, SQL, rows of before, the JSON of a row and filters', async () => {
  const before = spendRecord({}, Date.UTC(2026, 10, 1))
  await env.DB.prepare(insertRecords(rowSqlOf(FIELDS)))
    .bind(JSON.stringify([before]))
    .run()
  await env.DB.prepare(MIGRATION).run()

  const hit = spendRecord({}, Date.UTC(2026, 10, 2))
  const miss = spendRecord({}, Date.UTC(2026, 10, 3))
  const nonsense = spendRecord({}, Date.UTC(2026, 10, 4))
  const absent = spendRecord({}, Date.UTC(2026, 10, 5))
  await book({ ...hit, cache_hit: true })
  await book({ ...miss, cache_hit: false })
  await book({ ...nonsense, cache_hit: 'yes' })
  await book(absent)

  expect(await rowsWhere({})).toEqual([
    { ...before, cache_hit: false },
    { ...hit, cache_hit: true },
    { ...miss, cache_hit: false },
    { ...nonsense, cache_hit: false },
    { ...absent, cache_hit: false },
  ])
  expect((await rowsWhere({ cache_hit: 'true' })).map((row) => row.request_id)).toEqual([hit.request_id])
  expect(checkFields(WITH_CACHE_HIT, { ...nonsense, cache_hit: 'yes' }).notes).toEqual(['cache_hit was "yes"'])
})

describe('the table as it is', () => {
  test('names the columns of the schema, no more and no fewer', async () => {
    const { results } = await env.DB.prepare(`SELECT name FROM pragma_table_info('spend_logs')`).all<{ name: string }>()
    const columns = results.map(({ name }) => name).filter((name) => name !== 'cache_hit')
    expect(columns.sort()).toEqual(Object.keys(FIELDS).sort())
  })

  test('gives every filter that has words exactly those words', () => {
    for (const [param, words] of [
      ['cost_state', COST_STATES],
      ['verdict', VERDICTS],
    ] as const) {
      for (const word of words) expect(parseSpendLogsQuery({ [param]: word })).toMatchObject({ ok: true })
      expect(parseSpendLogsQuery({ [param]: 'nonsense' })).toMatchObject({ ok: false, issues: [{ param }] })
    }
  })

  test('makes a blank record that needs nothing but an id to be booked without a word', () => {
    expect(checkRecord({ ...blankRecord(), request_id: 'id', attempts: 1 })).toMatchObject({ ok: true, notes: [] })
  })
})
