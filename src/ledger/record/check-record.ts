/** The check that every record passes before it is sent to the Meter or to D1: field by field, then as a whole. */
import { boundJson } from '../../base/bound-json.ts'
import { isObject } from '../../base/json.ts'
import { checkFields, describe } from './check-fields.ts'
import { FIELDS } from './fields.ts'
import { toText } from './kinds.ts'
import type { SpendRecord } from './record.ts'

/**
 * Longest JSON of one record, bytes. Bounds the outbox, the SQL of a replay (100 KB a statement in D1, of which it takes two
 * characters for each byte) and the log line that stands in for a row (`telemetry/log.ts`).
 */
export const RECORD_BYTES_MAX = 32 * 1024

/** `json`: the record as it is sent on. `notes`: what was replaced, one sentence each. */
export type CheckedRecord =
  | { ok: true; record: SpendRecord; json: string; notes: string[] }
  | { ok: false; reason: string }

/**
 * Makes a record bookable whatever it holds, so that one nonsense field never costs the row: NaN, a negative counter,
 * a wrong type or an unknown word is replaced by the field's neutral value, what is too long, too deep or too many is cut, and
 * each of that is named in `notes`. Not bookable is only what has no `request_id`. Never throws.
 */
export function checkRecord(value: unknown): CheckedRecord {
  if (!isObject(value)) return { ok: false, reason: 'the record is not an object' }
  if (typeof value.request_id !== 'string' || value.request_id === '') {
    return { ok: false, reason: 'the record has no request_id' }
  }
  const { values, notes, truncated } = checkFields(FIELDS, value)
  const record = values as SpendRecord
  record.attempts = Math.max(1, record.attempts)
  record.metadata_truncated ||= truncated
  agreeOnCost(record, value.cost_nano_usd, notes)
  return { ok: true, record, json: jsonWithinLength(record, notes), notes }
}

/** A cost that is not an exact integer is not known, and no state may claim otherwise. */
function agreeOnCost(record: SpendRecord, givenCost: unknown, notes: string[]): void {
  const cost = record.cost_nano_usd
  if (cost === null && givenCost !== null && givenCost !== undefined) {
    const reason = `cost ${describe(givenCost)} is not valid`
    record.cost_reason = toText([reason, record.cost_reason].filter(Boolean).join('; '), () => undefined)
    record.cost_state = 'unpriced'
  }
  if (cost === null && (record.cost_state === 'priced' || record.cost_state === 'estimated')) {
    notes.push(`cost_state ${record.cost_state} without a cost`)
    record.cost_state = 'unpriced'
  }
  if (cost === null && record.cost_state === 'free') record.cost_nano_usd = '0'
  if (cost !== null && record.cost_state === 'unpriced') {
    notes.push(`cost_nano_usd ${cost} on an unpriced record`)
    record.cost_nano_usd = null
  }
  // The whole is known: a part beside it would be counted twice by whoever adds both.
  if (record.cost_nano_usd !== null) record.known_cost_nano_usd = null
}

/** Fields that can be shortened, with what they may have at most; what is not among them is short by its kind. */
const SPARE = ['raw_usage', 'metadata', 'attempt_log', 'request_tags', 'cost_missing'] as const

/** Lengths that the spare fields are cut to, one after the other, until the record is short enough; in characters. */
const SPARE_CHARS = [4_096, 1_024, 128] as const

/** Texts are cut to this only if even the last of those was not enough. */
const SHORT_TEXT_CHARS = 64

/** Each bound of the kinds alone can be met by a record that is too long as a whole, or has characters of many bytes. */
function jsonWithinLength(record: SpendRecord, notes: string[]): string {
  let json = JSON.stringify(record)
  for (const maxChars of SPARE_CHARS) {
    if (isShort(json)) return json
    for (const name of SPARE) {
      const { value, truncated } = boundJson(record[name], {
        maxDepth: 16,
        maxEntries: 1_000,
        maxTextChars: maxChars,
        maxChars,
      })
      if (!truncated) continue
      Object.assign(record, { [name]: value, metadata_truncated: true })
      notes.push(`${name} was cut to ${maxChars} characters: the record was too long`)
    }
    json = JSON.stringify(record)
  }
  if (isShort(json)) return json
  for (const [name, value] of Object.entries(record)) {
    if (name === 'request_id' || typeof value !== 'string' || value.length <= SHORT_TEXT_CHARS) continue
    Object.assign(record, { [name]: value.slice(0, SHORT_TEXT_CHARS).toWellFormed(), metadata_truncated: true })
    notes.push(`${name} was cut to ${SHORT_TEXT_CHARS} characters: the record was too long`)
  }
  return JSON.stringify(record)
}

/** A UTF-16 unit has three bytes of UTF-8 at most. */
function isShort(json: string): boolean {
  return json.length * 3 <= RECORD_BYTES_MAX || new TextEncoder().encode(json).byteLength <= RECORD_BYTES_MAX
}
