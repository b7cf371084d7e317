/** Every statement of D1's schema, for tests in Node that make a database without the Worker. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unstable_splitSqlQuery } from 'wrangler'
import { ROOT } from '../../src/cli/root.ts'

const FOLDER = join(ROOT, 'src', 'ledger', 'migrations')

/** Cut as `wrangler d1 migrations apply` cuts them. */
export function schemaStatements(): string[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.sql'))
  return files.sort().flatMap((name) => unstable_splitSqlQuery(readFileSync(join(FOLDER, name), 'utf8')))
}
