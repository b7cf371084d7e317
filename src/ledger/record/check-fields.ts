/** Makes every field of a record what the table says it is. What was replaced is named, one sentence each. */
import { isObject } from '../../base/json.ts'
import { type Field, isCount, KINDS } from './kinds.ts'

/** The fields of a table, each with its value or the nearest that its kind allows; anything else that was given is left out. */
export function checkFields(
  fields: Readonly<Record<string, Field>>,
  given: Readonly<Record<string, unknown>>,
  notes: string[],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, checkField(name, field, given[name], notes)]),
  )
}

/** What stands for a field that is absent: records of an older version lack newer fields. */
export function neutralOf(field: Field): unknown {
  return field.kind === 'word' ? field.otherwise : KINDS[field.kind].neutral()
}

function checkField(name: string, field: Field, value: unknown, notes: string[]): unknown {
  if (value === undefined) return neutralOf(field)
  const coerced = coerce(field, value)
  if (coerced !== value && !isRounding(coerced, value)) notes.push(`${name} was ${describe(value)}`)
  return field.kind === 'usage' ? withoutBadCounters(name, coerced, notes) : coerced
}

function coerce(field: Field, value: unknown): unknown {
  if (field.kind !== 'word') return KINDS[field.kind].coerce(value)
  return field.words.some((word) => word === value) ? value : field.otherwise
}

function isRounding(coerced: unknown, value: unknown): boolean {
  return typeof value === 'number' && typeof coerced === 'number' && Math.abs(coerced - value) <= 0.5
}

const USAGE_COUNTERS = ['inputTokens', 'outputTokens', 'totalTokens', 'cacheReadInputTokens', 'cacheWriteInputTokens']

/** The roll-up adds counters up inside SQL, where one that is no integer would refuse the row; `raw_usage` keeps it. */
function withoutBadCounters(field: string, usage: unknown, notes: string[]): unknown {
  if (!isObject(usage)) return usage
  const bad = USAGE_COUNTERS.filter((name) => usage[name] !== undefined && !isCount(usage[name]))
  if (bad.length === 0) return usage
  for (const name of bad) notes.push(`${field}.${name} was ${describe(usage[name])}`)
  return Object.fromEntries(Object.entries(usage).filter(([name]) => !bad.includes(name)))
}

/** Short words for a value that was replaced. */
export function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value)
}
