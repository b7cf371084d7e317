import { formatDecimal } from '../../base/decimal.ts'
import { SPEND_COLUMNS } from '../record/columns.ts'
import type { SpendRecord } from '../record/record.ts'

/** A row as `GET /spend/logs` shows it: the record, and its cost once more as a number of USD for display. */
export type SpendRow = SpendRecord & { spend: number | null }

const NANO_DECIMALS = 9

/** USD for display. Nothing may add these up: a double holds about 16 digits. */
export function toDisplayUsd(nanoUsd: string): number {
  return Number(formatDecimal({ digits: BigInt(nanoUsd), scale: NANO_DECIMALS }))
}

/** Turns a row of `SELECT ${SELECT_LIST}` into what is shown: JSON columns parsed, all others as SQLite has them. */
export function toSpendRow(row: Record<string, unknown>): SpendRow {
  const shown: Record<string, unknown> = {}
  for (const [name, kind] of Object.entries(SPEND_COLUMNS)) {
    const value = row[name] ?? null
    shown[name] = kind === 'json' && typeof value === 'string' ? JSON.parse(value) : value
    if (kind === 'money') shown.spend = typeof value === 'string' ? toDisplayUsd(value) : null
  }
  return shown as SpendRow
}
