/** A row of the ledger as it is shown. */
import { formatDecimal } from '../../base/decimal.ts'
import { neutralOf } from '../record/check-fields.ts'
import { FIELDS } from '../record/fields.ts'
import { type Field, formOf } from '../record/kinds.ts'
import type { SpendRecord } from '../record/record.ts'

/** A row as `GET /spend/logs` shows it: the record, and its cost once more as a number of USD for display. */
export type SpendRow = SpendRecord & { spend: number | null }

const NANO_DECIMALS = 9

/** USD for display. Nothing may add these up: a double holds about 16 digits. */
export function toDisplayUsd(nanoUsd: string): number {
  return Number(formatDecimal({ digits: BigInt(nanoUsd), scale: NANO_DECIMALS }))
}

/** The row as a selection of all columns gives it, `ROW_SQL.select`. */
export type StoredRow = Readonly<Record<string, unknown>>

export function toSpendRow(row: StoredRow): SpendRow {
  const record = fieldsOfRow(FIELDS, row)
  // Right behind the exact cost, where a reader looks for it.
  const shown = Object.entries(record).flatMap(([name, value]) =>
    name === 'cost_nano_usd'
      ? [[name, value] as const, ['spend', typeof value === 'string' ? toDisplayUsd(value) : null] as const]
      : [[name, value] as const],
  )
  return Object.fromEntries(shown) as SpendRow
}

/** The fields of a table out of a row; a column that was not there when the row was written has its neutral value. */
export function fieldsOfRow(fields: Readonly<Record<string, Field>>, row: StoredRow): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, fromColumn(field, row[name] ?? null)]))
}

function fromColumn(field: Field, value: unknown): unknown {
  if (value === null) return neutralOf(field)
  const form = formOf(field)
  if (form === 'json') return typeof value === 'string' ? JSON.parse(value) : value
  return form === 'boolean' ? value === 1 : value
}
