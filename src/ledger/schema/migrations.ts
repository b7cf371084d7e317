/** The migrations of D1 inside the bundle, so that a Worker can bring its database up to date by itself. */
import spend from '../migrations/0001_spend.sql'
import boundsAndKnownCost from '../migrations/0002_bounds_and_known_cost.sql'

/** `name` is that of the file, under which `wrangler d1 migrations apply` records it too. */
export type Migration = { name: string; sql: string }

export const MIGRATIONS: readonly Migration[] = [
  { name: '0001_spend.sql', sql: spend },
  { name: '0002_bounds_and_known_cost.sql', sql: boundsAndKnownCost },
]

/** Statements of a migration. Comments stand on lines of their own, and a semicolon ends a line only where it ends a statement. */
export function statementsOf(sql: string): string[] {
  return sql
    .replace(/^\s*--.*$/gm, '')
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}
