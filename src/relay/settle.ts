/** Hands a record to the ledger: the Meter first, D1 past it, the log as the last resort. */
import type { Env } from '../env.ts'
import type { SpendRecord } from '../ledger/record.ts'
import { settle } from '../ledger/settle.ts'

export async function bookRecord(record: SpendRecord, env: Env): Promise<void> {
  if (env.LEDGER === 'off') return
  await settle(record, { meter: env.METER, db: env.DB, log: (line) => console.log(line) })
}
