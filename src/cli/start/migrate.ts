/**
 * Brings a local D1 to the schema of this version. What was applied is recorded where `wrangler d1 migrations` looks for it, so
 * a folder of an older version gets only what is new, and both tools may be used on the same database.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from '../root.ts'
import { splitSql } from './worker-options.ts'

const MIGRATIONS = join(ROOT, 'src', 'ledger', 'migrations')

/** The table as wrangler makes it, https://developers.cloudflare.com/d1/reference/migrations/ */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`

type Statement = { bind(...values: unknown[]): Statement; all<Row>(): Promise<{ results: Row[] }> }
export type Database = { prepare(sql: string): Statement; batch(statements: Statement[]): Promise<unknown> }

/** Names of the migrations applied now, in order. A migration is applied whole or not at all. */
export async function applyMigrations(database: Database): Promise<string[]> {
  await database.batch([database.prepare(CREATE_TABLE)])
  const { results } = await database.prepare('SELECT name FROM d1_migrations').all<{ name: string }>()
  const applied = new Set(results.map((row) => row.name))
  const pending = (await migrationNames()).filter((name) => !applied.has(name))
  for (const name of pending) {
    const statements = splitSql(await readFile(join(MIGRATIONS, name), 'utf8'))
    await database.batch([
      ...statements.map((sql) => database.prepare(sql)),
      database.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
    ])
  }
  return pending
}

async function migrationNames(): Promise<string[]> {
  return (await readdir(MIGRATIONS)).filter((name) => name.endsWith('.sql')).sort()
}
