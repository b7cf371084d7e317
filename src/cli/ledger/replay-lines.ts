/** Finds the records of `spend_record_not_booked` lines in a log. */
import { NOT_BOOKED_EVENT } from '../../ledger/booking/not-booked.ts'
import { checkRecord } from '../../ledger/record/check-record.ts'
import type { SpendRecord } from '../../ledger/record/record.ts'

/** A record that a log line holds. `line` counts from 1. */
export type FoundRecord = { line: number; meter: string | null; record: SpendRecord }
/** A line that could hold a record and cannot be read; it has to be looked at by a person. */
export type BadLine = { line: number; reason: string }

/** Logs wrap a message in at most a few layers of JSON, some of them as text. */
const DEPTH_MAX = 16
const LINE_START = `{"event":"${NOT_BOOKED_EVENT}"`

/**
 * Finds the records of `spend_record_not_booked` lines in a log: as plain JSON lines, behind a prefix, wrapped in JSON
 * (Workers Logs), or in the JSON objects over many lines that `wrangler tail --format json` prints. Other JSON is skipped.
 */
export function readNotBooked(log: string): { found: FoundRecord[]; bad: BadLine[] } {
  const found: FoundRecord[] = []
  const bad: BadLine[] = []
  for (const { line, text } of documentsOf(log)) {
    const value = parse(text) ?? parse(embedded(text))
    if (value === undefined) {
      const isCut = text.includes(NOT_BOOKED_EVENT)
      bad.push({ line, reason: isCut ? 'names a record but is no complete JSON' : 'is not JSON' })
      continue
    }
    for (const notBooked of dig(value, 0)) {
      const checked = checkRecord(notBooked.record)
      const meter = typeof notBooked.meter === 'string' ? notBooked.meter : null
      if (checked.ok) found.push({ line, meter, record: checked.record })
      else bad.push({ line, reason: checked.reason })
    }
  }
  return { found, bad }
}

/** One line each, except that an object or list that opens alone on its line reaches to where it closes alone. */
function* documentsOf(log: string): Generator<{ line: number; text: string }> {
  const lines = log.split(/\r?\n/)
  for (let index = 0; index < lines.length; index++) {
    const text = lines[index] ?? ''
    if (text.trim() === '') continue
    const closing = text === '{' ? '}' : text === '[' ? ']' : null
    const end = closing === null ? -1 : lines.indexOf(closing, index)
    yield { line: index + 1, text: end === -1 ? text : lines.slice(index, end + 1).join('\n') }
    if (end !== -1) index = end
  }
}

/** The record's line inside a line of text: behind a prefix such as a time or a level. */
function embedded(text: string): string {
  const start = text.indexOf(LINE_START)
  return start === -1 ? '' : text.slice(start, text.lastIndexOf('}') + 1)
}

function* dig(value: unknown, depth: number): Generator<Record<string, unknown>> {
  if (depth > DEPTH_MAX) return
  if (typeof value === 'string') {
    if (!value.includes(NOT_BOOKED_EVENT)) return
    const inner = parse(value) ?? parse(embedded(value))
    // A text that names a record and is none must not vanish: as a record of its own it is reported as bad.
    yield* inner === undefined ? [{ record: value }] : dig(inner, depth + 1)
    return
  }
  if (typeof value !== 'object' || value === null) return
  if ('event' in value && value.event === NOT_BOOKED_EVENT) {
    yield value as Record<string, unknown>
    return
  }
  for (const inner of Object.values(value)) yield* dig(inner, depth + 1)
}

/** `undefined` is no JSON value, so it can say that there was none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
