import type { SpendRecord } from './record.ts'

/** What a field may hold. `words` are the only ones allowed, the first of them stands in for a wrong one. */
type FieldRule =
  | 'text'
  | 'text-or-null'
  | 'time'
  | 'count'
  | 'ms'
  | 'ms-or-null'
  | 'strings'
  | 'objects'
  | 'object'
  | 'object-or-null'
  | 'any'
  | { words: readonly string[] }

/** One rule per field of a record. The cost is looked at as a whole in `check-record.ts`. */
export const FIELDS = {
  request_id: 'text',
  client_call_id: 'text-or-null',
  client_invocation_id: 'text-or-null',
  startTime: 'time',
  endTime: 'time',
  model_group: 'text',
  model: 'text',
  model_id: 'text',
  region: 'text',
  api_base: 'text',
  operation: 'text',
  api_key: 'text-or-null',
  team_id: 'text-or-null',
  user: 'text-or-null',
  end_user: 'text-or-null',
  request_tags: 'strings',
  metadata: 'object',
  status: { words: ['failure', 'success'] },
  http_status: 'count',
  verdict: { words: ['exception', 'complete', 'cut', 'abandoned', 'unknown'] },
  usage: 'object-or-null',
  raw_usage: 'any',
  prompt_tokens: 'count',
  completion_tokens: 'count',
  total_tokens: 'count',
  cost_nano_usd: 'any',
  cost_state: { words: ['unpriced', 'priced', 'estimated', 'free', 'failed'] },
  cost_reason: 'text-or-null',
  price_row: 'text-or-null',
  service_tier: 'text-or-null',
  attempts: 'count',
  fallbacks: 'count',
  attempt_log: 'objects',
  aws_request_id: 'text-or-null',
  ms_to_headers: 'ms',
  ms_to_first_frame: 'ms-or-null',
  ms_total: 'ms',
} as const satisfies Record<keyof SpendRecord, FieldRule>

export type FieldNames = keyof typeof FIELDS

const ISO_MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** The field's value if it obeys its rule, else the nearest value that does, with a note. */
export function coerceField(name: FieldNames, value: unknown, notes: string[]): unknown {
  const coerced = coerce(FIELDS[name], value)
  // An absent field gets its neutral value without a word: records of an older version lack newer fields.
  const worthANote = coerced !== value && value !== undefined && !isRounding(coerced, value)
  if (worthANote) notes.push(`${name} was ${describe(value)}`)
  return name === 'usage' ? withoutBadCounters(coerced, notes) : coerced
}

function coerce(rule: FieldRule, value: unknown): unknown {
  if (typeof rule === 'object') return rule.words.includes(value as string) ? value : rule.words[0]
  switch (rule) {
    case 'text':
      return toText(value) ?? ''
    case 'text-or-null':
      return toText(value)
    case 'time':
      return toIsoTime(value)
    case 'count':
      return toCount(value)
    case 'ms':
      return toMs(value)
    case 'ms-or-null':
      return value === null || value === undefined ? null : toMs(value)
    case 'strings':
      return listOf(value, (element) => typeof element === 'string')
    case 'objects':
      return listOf(value, isObject)
    case 'object':
      return isObject(value) ? value : {}
    case 'object-or-null':
      return isObject(value) ? value : null
    case 'any':
      return value ?? null
  }
}

function toText(value: unknown): string | null {
  if (value === null || value === undefined || typeof value === 'object') return null
  const text = String(value)
  // SQLite ends a string at NUL for most purposes, and half a surrogate pair is no UTF-8.
  return text.isWellFormed() && !text.includes('\0') ? text : text.toWellFormed().replaceAll('\0', '\u{fffd}')
}

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

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isRounding(coerced: unknown, value: unknown): boolean {
  return typeof value === 'number' && typeof coerced === 'number' && Math.abs(coerced - value) <= 0.5
}

function listOf(value: unknown, accepts: (element: unknown) => boolean): unknown[] {
  if (!Array.isArray(value)) return []
  return value.every(accepts) ? value : value.filter(accepts)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const USAGE_COUNTERS = ['inputTokens', 'outputTokens', 'totalTokens', 'cacheReadInputTokens', 'cacheWriteInputTokens']

/** The roll-up adds counters up inside SQL, where one that is no integer would refuse the row; `raw_usage` keeps it. */
function withoutBadCounters(usage: unknown, notes: string[]): unknown {
  if (!isObject(usage)) return usage
  const bad = USAGE_COUNTERS.filter((name) => usage[name] !== undefined && !isCount(usage[name]))
  if (bad.length === 0) return usage
  for (const name of bad) notes.push(`usage.${name} was ${describe(usage[name])}`)
  return Object.fromEntries(Object.entries(usage).filter(([name]) => !bad.includes(name)))
}

/** Short words for a value that was replaced. */
export function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value)
}
