/** The SQL of a row, from the table of fields: the columns by name, out of a record's JSON, and for reading. */
import { FIELDS } from './fields.ts'
import { type Field, formOf } from './kinds.ts'

export type RowSql = {
  /** Names of all columns, for `INSERT INTO spend_logs (…)`. */
  names: string
  /** The same columns out of `value`, one element of a JSON array of records. */
  values: string
  /** The same columns for reading. */
  select: string
}

export function rowSqlOf(fields: Readonly<Record<string, Field>>): RowSql {
  const entries = Object.entries(fields)
  return {
    names: entries.map(([name]) => name).join(', '),
    values: entries.map(fromJson).join(', '),
    select: entries.map(forReading).join(', '),
  }
}

/** `->` keeps JSON, `->>` gives the SQL value; of `true` that is 1. */
function fromJson([name, field]: [string, Field]): string {
  const form = formOf(field)
  if (form === 'json') return `nullif(value->'${name}', 'null')`
  if (form === 'money') return `CAST(value->>'${name}' AS INTEGER)`
  return `value->>'${name}'`
}

/** A JavaScript number rounds integers above 2^53, hence money leaves as text. */
function forReading([name, field]: [string, Field]): string {
  return formOf(field) === 'money' ? `CAST(${name} AS TEXT) AS ${name}` : name
}

/** The SQL of `spend_logs`. */
export const ROW_SQL: RowSql = rowSqlOf(FIELDS)
