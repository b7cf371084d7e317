/** The check that every record passes before it is sent to the Meter or to D1: field by field, then as a whole. */
import { isObject } from '../../base/json.ts'
import { checkFields, describe } from './check-fields.ts'
import { FIELDS } from './fields.ts'
import type { SpendRecord } from './record.ts'

/**
 * Longest JSON of one record, in UTF-16 units. Bounds the outbox, the SQL of a replay (100 KB in D1) and the log line that
 * stands in for a row (https://developers.cloudflare.com/workers/observability/logs/workers-logs/#limits: 256 KB).
 */
const RECORD_LENGTH_MAX = 32 * 1024

/** `json`: the record as it is sent on. `notes`: what was replaced, one sentence each. */
export type CheckedRecord =
  | { ok: true; record: SpendRecord; json: string; notes: string[] }
  | { ok: false; reason: string }

/**
 * Makes a record bookable whatever it holds, so that one nonsense field never costs the row: NaN, a negative counter,
 * a wrong type or an unknown word is replaced by the field's neutral value, and each replacement is named in `notes`.
 * Not bookable is only what has no `request_id`. Never throws.
 */
export function checkRecord(value: unknown): CheckedRecord {
  if (!isObject(value)) return { ok: false, reason: 'the record is not an object' }
  if (typeof value.request_id !== 'string' || value.request_id === '') {
    return { ok: false, reason: 'the record has no request_id' }
  }
  const notes: string[] = []
  const record = checkFields(FIELDS, value, notes) as SpendRecord
  record.attempts = Math.max(1, record.attempts)
  agreeOnCost(record, value.cost_nano_usd, notes)
  return withinLength(record, notes)
}

/** A cost that is not an exact integer is not known, and no state may claim otherwise. */
function agreeOnCost(record: SpendRecord, givenCost: unknown, notes: string[]): void {
  const cost = record.cost_nano_usd
  if (cost === null && givenCost !== null && givenCost !== undefined) {
    record.cost_reason = [record.cost_reason, `cost ${describe(givenCost)} is not valid`].filter(Boolean).join('; ')
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
}

/** Drops what can be spared, the longest first, until the record is short enough. What has no JSON counts as longest. */
function withinLength(record: SpendRecord, notes: string[]): CheckedRecord {
  let json = toJson(record)
  if (json === null || json.length > RECORD_LENGTH_MAX) {
    const spare = [
      { name: 'raw_usage', length: lengthOf(record.raw_usage), drop: () => (record.raw_usage = null) },
      { name: 'metadata', length: lengthOf(record.metadata), drop: () => (record.metadata = {}) },
      { name: 'attempt_log', length: lengthOf(record.attempt_log), drop: () => (record.attempt_log = []) },
      { name: 'request_tags', length: lengthOf(record.request_tags), drop: () => (record.request_tags = []) },
    ]
    for (const { name, length, drop } of spare.sort((a, b) => b.length - a.length)) {
      notes.push(Number.isFinite(length) ? `${name} dropped: ${length} characters` : `${name} dropped: it has no JSON`)
      drop()
      json = toJson(record)
      if (json !== null && json.length <= RECORD_LENGTH_MAX) break
    }
  }
  if (json === null) return { ok: false, reason: 'the record cannot be written as JSON' }
  if (json.length > RECORD_LENGTH_MAX) return { ok: false, reason: `the record has ${json.length} characters` }
  return { ok: true, record, json, notes }
}

function lengthOf(value: unknown): number {
  return toJson(value)?.length ?? Number.POSITIVE_INFINITY
}

/** `null` where a value of unknown type has no JSON: a bigint, a cycle. */
function toJson(value: unknown): string | null {
  try {
    return JSON.stringify(value)
  } catch {
    return null
  }
}
