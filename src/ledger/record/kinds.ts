/**
 * The kinds of values that a field of a record may have: for each its type, how it lies in SQLite, what stands for an absent
 * value, and the nearest value of that kind to whatever was given.
 */
import { boundJson, type JsonBounds, wellFormed } from '../../base/bound-json.ts'
import { isObject, type JsonObject, member } from '../../base/json.ts'
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

/** `cut` is told where something that came from outside was left out or shortened. */
type KindRule = { form: ColumnForm; neutral: () => unknown; coerce: (value: unknown, cut: () => void) => unknown }

/** The rules of every kind but `word`, whose list stands in the field. */
export const KINDS: Readonly<Record<keyof KindValues, KindRule>> = {
  text: { form: 'plain', neutral: () => '', coerce: (value, cut) => toText(value, cut) ?? '' },
  'text-or-null': { form: 'plain', neutral: () => null, coerce: toText },
  time: { form: 'plain', neutral: () => new Date().toISOString(), coerce: toIsoTime },
  count: { form: 'plain', neutral: () => 0, coerce: toCount },
  ms: { form: 'plain', neutral: () => 0, coerce: toMs },
  'ms-or-null': { form: 'plain', neutral: () => null, coerce: (value) => (value === null ? null : toMs(value)) },
  boolean: { form: 'boolean', neutral: () => false, coerce: (value) => value === true },
  strings: { form: 'json', neutral: () => [], coerce: (value, cut) => toList(value, isString, STRINGS_BOUNDS, cut) },
  object: { form: 'json', neutral: () => ({}), coerce: (value, cut) => toObject(value, OBJECT_BOUNDS, cut) ?? {} },
  usage: { form: 'json', neutral: () => null, coerce: toUsage },
  attempts: { form: 'json', neutral: () => [], coerce: (value, cut) => toList(value, isObject, ATTEMPTS_BOUNDS, cut) },
  json: { form: 'json', neutral: () => null, coerce: (value, cut) => bounded(value, JSON_BOUNDS, cut) ?? null },
  money: { form: 'money', neutral: () => null, coerce: toNanoUsd },
}

/** How a field lies in SQLite. */
export function formOf(field: Field): ColumnForm {
  return field.kind === 'word' ? 'plain' : KINDS[field.kind].form
}

/** Longest text of a record; AWS's own ids end at 2,048 (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html). */
const TEXT_MAX_CHARS = 2_048

/**
 * Bounds of what callers and upstreams write. D1 refuses JSON that is nested more than 1,000 deep
 * (https://www.sqlite.org/json1.html#interface_overview); real metadata and usage are far below all of these.
 */
const OBJECT_BOUNDS: JsonBounds = { maxDepth: 16, maxEntries: 1_000, maxTextChars: 4_096, maxChars: 12_288 }
const JSON_BOUNDS: JsonBounds = { maxDepth: 16, maxEntries: 1_000, maxTextChars: 1_024, maxChars: 8_192 }
const ATTEMPTS_BOUNDS: JsonBounds = { maxDepth: 8, maxEntries: 2_000, maxTextChars: 1_024, maxChars: 12_288 }
const USAGE_BOUNDS: JsonBounds = { maxDepth: 6, maxEntries: 100, maxTextChars: 256, maxChars: 2_048 }
const STRINGS_BOUNDS: JsonBounds = { maxDepth: 1, maxEntries: 100, maxTextChars: 1_024, maxChars: 8_192 }

/**
 * Largest counter and cost of one call. Sums of the ledger are 64 bits: two million calls at the first bound fit into a day,
 * 92 at the second, which is 100 million dollars. What is above is not a measurement. The first leaves room for the sum of four
 * counters of a million million tokens each.
 */
const COUNT_MAX = 4_000_000_000_000
const COST_MAX_NANO_USD = 100_000_000_000_000_000n

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= COUNT_MAX
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}

/** A text as a column may hold it; null for what is none. */
export function toText(value: unknown, cut: () => void): string | null {
  if (value === null || typeof value === 'object' || typeof value === 'function') return null
  const text = String(value)
  if (text.length > TEXT_MAX_CHARS) cut()
  return wellFormed(text.slice(0, TEXT_MAX_CHARS))
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

function toNanoUsd(value: unknown): string | null {
  const nano = parseNanoUsd(value)
  return nano === null || nano > COST_MAX_NANO_USD ? null : nano.toString()
}

function bounded(value: unknown, bounds: JsonBounds, cut: () => void): unknown {
  const copy = boundJson(value, bounds)
  if (copy.truncated) cut()
  return copy.value
}

function toObject(value: unknown, bounds: JsonBounds, cut: () => void): JsonObject | null {
  const copy = bounded(value, bounds, cut)
  if (isObject(copy)) return copy
  if (copy !== null) cut()
  return null
}

function toList(
  value: unknown,
  accepts: (element: unknown) => boolean,
  bounds: JsonBounds,
  cut: () => void,
): unknown[] {
  const copy = bounded(value, bounds, cut)
  if (Array.isArray(copy) && copy.every(accepts)) return copy
  if (copy !== null) cut()
  return Array.isArray(copy) ? copy.filter(accepts) : []
}

/** Counters that the roll-up adds up inside SQL, where one that is no integer would refuse the row. */
const USAGE_COUNTERS = ['inputTokens', 'outputTokens', 'totalTokens', 'cacheReadInputTokens', 'cacheWriteInputTokens']

/** The counters come first, so that a bound that is met behind them costs none. `raw_usage` keeps one that is no count. */
function toUsage(value: unknown, cut: () => void): unknown {
  if (!isObject(value)) return toObject(value, USAGE_BOUNDS, cut)
  const counters = USAGE_COUNTERS.flatMap((name) => {
    const counter = member(value, name)
    if (counter === undefined) return []
    if (isCount(counter)) return [[name, counter] as const]
    cut()
    return []
  })
  const rest = Object.entries(value).filter(([name]) => !USAGE_COUNTERS.includes(name))
  return toObject(Object.fromEntries([...counters, ...rest]), USAGE_BOUNDS, cut)
}
