/** A database is brought up to date by the Worker itself: from nothing, from an older version, and by two isolates at once. */
import { env } from 'cloudflare:test'
import { beforeEach, describe, expect, test } from 'vitest'
import { bookRows } from '../../src/ledger/booking/book-rows.ts'
import { insertRecords } from '../../src/ledger/booking/book-sql.ts'
import { readSpendLogs } from '../../src/ledger/reading/logs.ts'
import { rowSqlOf } from '../../src/ledger/record/columns.ts'
import { FIELDS } from '../../src/ledger/record/fields.ts'
import type { Field } from '../../src/ledger/record/kinds.ts'
import { ensureSchema } from '../../src/ledger/schema/ensure-schema.ts'
import { MIGRATIONS, statementsOf } from '../../src/ledger/schema/migrations.ts'
import { DAY_START_MS, spendRecord } from './records.ts'

/** A database object of its own for each call, as each isolate has one. */
function isolateOf(db: D1Database): D1Database {
  return {
    prepare: (sql: string) => db.prepare(sql),
    batch: <T>(statements: D1PreparedStatement[]) => db.batch<T>(statements),
  } as D1Database
}

async function tables(): Promise<string[]> {
  const { results } = await env.DB.prepare(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\' AND name NOT LIKE 'sqlite%' ORDER BY name",
  ).all<{ name: string }>()
  return results.map(({ name }) => name)
}

async function columnsOf(table: string): Promise<string[]> {
  const { results } = await env.DB.prepare(`SELECT name FROM pragma_table_info('${table}')`).all<{ name: string }>()
  return results.map(({ name }) => name)
}

const recorded = async () => {
  const { results } = await env.DB.prepare('SELECT name FROM d1_migrations ORDER BY id').all<{ name: string }>()
  return results.map(({ name }) => name)
}

/** Fields of a record that the first version did not have. */
const NEW_FIELDS = ['known_cost_nano_usd', 'cost_missing', 'routed_model', 'metadata_truncated']

function withoutNewFields<Value>(fields: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !NEW_FIELDS.includes(name)))
}

beforeEach(async () => {
  for (const table of await tables()) await env.DB.prepare(`DROP TABLE ${table}`).run()
})

const NAMES = MIGRATIONS.map(({ name }) => name)

describe('ensureSchema', () => {
  test('makes every table of an empty database and records what it applied under the names that wrangler uses', async () => {
    await ensureSchema(isolateOf(env.DB))
    expect(await tables()).toEqual(expect.arrayContaining(['spend_daily', 'spend_logs', 'spend_unmetered']))
    expect(await recorded()).toEqual(NAMES)
    expect(NAMES).toEqual(env.MIGRATIONS.map(({ name }) => name))
  })

  test('is safe when isolates start at once', async () => {
    await Promise.all([1, 2, 3, 4].map(() => ensureSchema(isolateOf(env.DB))))
    expect(await recorded()).toEqual(NAMES)
  })

  test('brings a database of the first version up to date and keeps its rows', async () => {
    await ensureSchema(isolateOf(env.DB), MIGRATIONS.slice(0, 1))
    expect(await columnsOf('spend_logs')).not.toContain('routed_model')
    const [before, queued] = [spendRecord({}, DAY_START_MS), spendRecord({}, DAY_START_MS + 1)].map(withoutNewFields)
    const { names, values } = rowSqlOf(withoutNewFields<Field>(FIELDS))
    await env.DB.prepare(insertRecords({ names, values }))
      .bind(JSON.stringify([before]))
      .run()
    await ensureSchema(isolateOf(env.DB))
    expect(await columnsOf('spend_logs')).toEqual(expect.arrayContaining(NEW_FIELDS))

    // An outbox of the older version holds records that know nothing of the new columns.
    const booked = await bookRows(env.DB, [{ origin: null, json: JSON.stringify(queued) }])
    expect(booked).toEqual({ inserted: 1, repeated: 0, refused: [], unbooked: [] })
    const neutral = { known_cost_nano_usd: null, cost_missing: [], routed_model: null, metadata_truncated: false }
    expect(await readSpendLogs(env.DB, { limit: 10 })).toMatchObject({
      ok: true,
      rows: [
        { ...queued, ...neutral },
        { ...before, ...neutral },
      ],
    })
  })

  test('leaves a database alone that is up to date, and looks at it once an isolate', async () => {
    await ensureSchema(isolateOf(env.DB))
    let asked = 0
    const db = {
      ...isolateOf(env.DB),
      prepare(sql: string) {
        asked++
        return env.DB.prepare(sql)
      },
    } as D1Database
    await ensureSchema(db)
    const first = asked
    await ensureSchema(db)
    expect([first, asked]).toEqual([2, 2])
  })

  test('rejects where a migration cannot be applied, applies none of it, and tries again at the next use', async () => {
    const db = isolateOf(env.DB)
    const broken = [{ name: '0001_x.sql', sql: 'CREATE TABLE made (a TEXT);\nCREATE TABLE made (b TEXT);\n' }]
    await expect(ensureSchema(db, broken)).rejects.toThrow(/already exists/)
    expect(await tables()).not.toContain('made')
    await ensureSchema(db)
    expect(await recorded()).toEqual(NAMES)
  })
})

describe('the statements of a migration', () => {
  test('are those that the test tools of wrangler read from the same file', () => {
    const plain = (sql: string) => sql.replace(/--.*$/gm, '').replace(/;\s*$/, '').replace(/\s+/g, ' ').trim()
    for (const [index, { sql }] of MIGRATIONS.entries()) {
      const theirs = env.MIGRATIONS[index]?.queries ?? []
      expect(statementsOf(sql).map(plain)).toEqual(theirs.map(plain))
    }
  })
})
