/** The filters of `GET /spend/logs` that each select by one field, from the table of fields: their checks and their SQL. */
import * as v from 'valibot'
import type { FIELDS } from '../record/fields.ts'
import type { Field } from '../record/kinds.ts'

type Fields = Readonly<Record<string, Field>>

/** The value of a filter as it is bound in SQL. */
type ParamNames<Table extends Fields> = {
  [Name in keyof Table]: Table[Name] extends { filter: { param: infer Param extends string } } ? Param : never
}[keyof Table]

export type FieldFilters<Table extends Fields = typeof FIELDS> = { [Param in ParamNames<Table>]?: string | undefined }

/** A name, id or tag; longer ones are in no row. */
export const nameParam = v.pipe(v.string(), v.minLength(1, 'must not be empty'), v.maxLength(2_048, 'is too long'))

/** For each filter its check, which gives the value as it is bound in SQL. */
export function filterChecks<Table extends Fields>(fields: Table) {
  const checks = Object.values(fields).flatMap((field) =>
    field.filter === undefined ? [] : [[field.filter.param, v.optional(checkOf(field))] as const],
  )
  // The keys are those of `FieldFilters`, which the type of `fromEntries` has lost.
  return Object.fromEntries(checks) as Record<
    ParamNames<Table>,
    v.OptionalSchema<v.GenericSchema<string, string>, undefined>
  >
}

/** For each filter its condition, `?` being the value. */
export function filterConditions<Table extends Fields>(fields: Table, given: FieldFilters<Table>): FilterCondition[] {
  const values: Readonly<Record<string, string | undefined>> = given
  return Object.entries(fields).flatMap(([name, { filter }]) =>
    filter === undefined ? [] : [[filter.sql ?? `${name} = ?`, values[filter.param]] satisfies FilterCondition],
  )
}

export type FilterCondition = [condition: string, value: string | undefined]

function checkOf(field: Field): v.GenericSchema<string, string> {
  if (field.kind === 'word') return v.picklist(field.words)
  if (field.kind !== 'boolean') return nameParam
  return v.pipe(
    v.picklist(['true', 'false']),
    v.transform((text) => (text === 'true' ? '1' : '0')),
  )
}
