/** Makes every field of a record what the table says it is. What was replaced is named, one sentence each. */
import { type Field, formOf, KINDS } from './kinds.ts'

export type CheckedFields = {
  values: Record<string, unknown>
  /** One sentence for each field that was replaced or cut. */
  notes: string[]
  /** Something that came from outside was too much to be kept whole. */
  truncated: boolean
}

/** The fields of a table, each with its value or the nearest that its kind allows; anything else that was given is left out. */
export function checkFields(
  fields: Readonly<Record<string, Field>>,
  given: Readonly<Record<string, unknown>>,
): CheckedFields {
  const checked: CheckedFields = { values: {}, notes: [], truncated: false }
  for (const [name, field] of Object.entries(fields))
    checked.values[name] = checkField(name, field, given[name], checked)
  return checked
}

/** What stands for a field that is absent: records of an older version lack newer fields. */
export function neutralOf(field: Field): unknown {
  return field.kind === 'word' ? field.otherwise : KINDS[field.kind].neutral()
}

function checkField(name: string, field: Field, value: unknown, checked: CheckedFields): unknown {
  if (value === undefined) return neutralOf(field)
  if (field.kind === 'word') {
    if (field.words.some((word) => word === value)) return value
    checked.notes.push(`${name} was ${describe(value)}`)
    return field.otherwise
  }
  let cut = false
  const coerced = KINDS[field.kind].coerce(value, () => {
    cut = true
  })
  if (cut) {
    checked.truncated = true
    checked.notes.push(`${name} was cut: it was ${describe(value)}`)
    // JSON is always a copy; whether it is a whole one is what `cut` says.
  } else if (formOf(field) !== 'json' && coerced !== value && !isRounding(coerced, value)) {
    checked.notes.push(`${name} was ${describe(value)}`)
  }
  return coerced
}

function isRounding(coerced: unknown, value: unknown): boolean {
  return typeof value === 'number' && typeof coerced === 'number' && Math.abs(coerced - value) <= 0.5
}

/** Short words for a value that was replaced. */
export function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value).slice(0, 60)
}
