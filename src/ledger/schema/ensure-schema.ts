/**
 * Brings D1 to the schema of this version before it is used. A Worker that was put up with plain `wrangler deploy` has an empty
 * database, and a new version may find the tables of an older one.
 *
 * What was applied is recorded where wrangler looks for it, so both may be used on one database. One look per isolate, never on the
 * way of a call: the Meters pour, readers read and readiness is asked for behind or beside calls.
 */
import { MIGRATIONS, type Migration, statementsOf } from './migrations.ts'

/** The table as wrangler makes it, https://developers.cloudflare.com/d1/reference/migrations/ */
const CREATE_TABLE = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`

/** Databases that this isolate has seen up to date. */
const upToDate = new WeakSet<D1Database>()

/** Rejects where D1 does not answer or a migration cannot be applied; the next use tries again. */
export async function ensureSchema(db: D1Database, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  if (upToDate.has(db)) return
  let applied = await appliedIn(db)
  for (const migration of migrations) {
    if (applied.has(migration.name)) continue
    try {
      await apply(db, migration)
    } catch (cause) {
      // Another isolate may have been quicker; then its transaction made this one fail.
      applied = await appliedIn(db)
      if (!applied.has(migration.name)) throw cause
    }
  }
  upToDate.add(db)
}

async function appliedIn(db: D1Database): Promise<ReadonlySet<string>> {
  await db.prepare(CREATE_TABLE).run()
  const { results } = await db.prepare('SELECT name FROM d1_migrations').all<{ name: string }>()
  return new Set(results.map(({ name }) => name))
}

/** A batch is one transaction: a migration is applied and recorded, or neither. */
async function apply(db: D1Database, { name, sql }: Migration): Promise<void> {
  await db.batch([
    ...statementsOf(sql).map((statement) => db.prepare(statement)),
    db.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
  ])
}
