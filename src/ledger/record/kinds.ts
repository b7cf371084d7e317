/**
 * The kinds of values that a field of a record may have: for each its type, how it lies in SQLite, what stands for an absent
 * value, and the nearest value of that kind to whatever was given.
 */
import { isObject } from '../../base/json.ts'
import type { AttemptLogEntry, Usage } from './consumed.ts'
import { parseNanoUsd } from './nano-usd.ts'

/** The TypeScript type of each kind; a `word` has the words of its field. */
export type KindValues = {
  text: string
  'text-or-null': string | null
  /** ISO 8601 UTC with milliseconds. */
  time: string
  /** A whole number, not negative. */
  count: number
  /** Whole milliseconds. */
  ms: number
  'ms-or-null': number | null
  boolean: boolean
  strings: string[]
  object: Record<string, unknown>
  usage: Usage | null
  attempts: AttemptLogEntry[]
  /** Any JSON. */
  json: unknown
  /** Nano-USD as a decimal string; null where it is not known. */
  money: string | null
}

export type Field = {
  /** For people: the row of this field in the ledger's README. */
  description: string
  filter?: Filter
} & ({ kind: keyof KindValues } | { kind: 'word'; words: readonly string[]; otherwise: string })

/** The parameter of `GET /spend/logs` that selects by this field; `sql` where it is more than equality, `?` being the value. */
export type Filter = { param: string; sql?: string }

/** `otherwise` of a word stands in for one that is not in the list. */
export type ValueOf<F extends Field> = F extends { kind: 'word'; words: readonly (infer Word)[] }
  ? Word
  : F extends { kind: infer Kind extends keyof KindValues }
    ? KindValues[Kind]
    : never

/**
 * How a kind lies in SQLite: `plain` as it is, `boolean` as 0 or 1, `json` as its JSON text, `money` as an INTEGER that comes
 * in from a decimal string and leaves as one.
 */
export type ColumnForm = 'plain' | 'boolean' | 'json' | 'money'

type KindRule = { form: ColumnForm; neutral: () => unknown; coerce: (value: unknown) => unknown }

/** The rules of every kind but `word`, whose list stands in the field. */
export const KINDS: Readonly<Record<keyof KindValues, KindRule>> = {
  text: { form: 'plain', neutral: () => '', coerce: (value) => toText(value) ?? '' },
  'text-or-null': { form: 'plain', neutral: () => null, coerce: toText },
  time: { form: 'plain', neutral: () => new Date().toISOString(), coerce: toIsoTime },
  count: { form: 'plain', neutral: () => 0, coerce: toCount },
  ms: { form: 'plain', neutral: () => 0, coerce: toMs },
  'ms-or-null': { form: 'plain', neutral: () => null, coerce: (value) => (value === null ? null : toMs(value)) },
  boolean: { form: 'boolean', neutral: () => false, coerce: (value) => value === true },
  strings: { form: 'json', neutral: () => [], coerce: (value) => listOf(value, isString) },
  object: { form: 'json', neutral: () => ({}), coerce: (value) => (isObject(value) ? value : {}) },
  usage: { form: 'json', neutral: () => null, coerce: (value) => (isObject(value) ? value : null) },
  attempts: { form: 'json', neutral: () => [], coerce: (value) => listOf(value, isObject) },
  json: { form: 'json', neutral: () => null, coerce: (value) => value },
  money: { form: 'money', neutral: () => null, coerce: (value) => parseNanoUsd(value)?.toString() ?? null },
}

/** How a field lies in SQLite. */
export function formOf(field: Field): ColumnForm {
  return field.kind === 'word' ? 'plain' : KINDS[field.kind].form
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}

function toText(value: unknown): string | null {
  if (value === null || value === undefined || typeof value === 'object') return null
  const text = String(value)
  // SQLite ends a string at NUL for most purposes, and half a surrogate pair is no UTF-8.
  return text.isWellFormed() && !text.includes('\0') ? text : text.toWellFormed().replaceAll('\0', '\u{fffd}')
}

const ISO_MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

function toIsoTime(value: unknown): string {
  if (typeof value === 'string' && ISO_MS.test(value) && !Number.isNaN(Date.parse(value))) return value
  const date = new Date(typeof value === 'string' || typeof value === 'number' ? value : Number.NaN)
  const iso = Number.isNaN(date.getTime()) ? '' : date.toISOString()
  return ISO_MS.test(iso) ? iso : new Date().toISOString()
}

function toCount(value: unknown): number {
  return isCount(value) ? value : 0
}

function toMs(value: unknown): number {
  return toCount(typeof value === 'number' ? Math.round(value) : value)
}

function listOf(value: unknown, accepts: (element: unknown) => boolean): unknown[] {
  if (!Array.isArray(value)) return []
  return value.every(accepts) ? value : value.filter(accepts)
}
