/**
 * Structured log lines: one JSON object each, so that Workers Logs indexes the fields and a command can read them back.
 * Never a secret, never prompt text: callers hand in facts, not payloads.
 */

import { boundJson } from '../base/bound-json.ts'
import type { EventName } from './events.ts'

export type LogFields = Readonly<Record<string, unknown>>

export function logLine(event: EventName, fields: LogFields): void {
  console.log(eventLine(event, fields))
}

/**
 * Longest line, bytes of UTF-8. Workers Logs keeps 256 KB of one invocation and cuts what is beyond
 * (https://developers.cloudflare.com/workers/observability/logs/workers-logs/#limits): a call writes a few lines, and the one that
 * stands in for its row, at most half of this, must be among those that are kept.
 */
const LINE_BYTES_MAX = 64 * 1024

/** What each field may have, in characters, tried in this order until the line is short enough. */
const FIELD_CHARS = [16_384, 2_048, 256] as const
const FIELDS_MAX = 100

/**
 * The line itself, for those who are handed the way it is written. `event` stands first, so that even a line cut short says what
 * it was. A line that would be too long has its fields shortened and says `line_truncated`; it is always JSON. Never throws.
 */
export function eventLine(event: EventName, fields: LogFields): string {
  const whole = jsonOf({ event, ...fields })
  if (whole !== null && isShort(whole)) return whole
  for (const maxChars of FIELD_CHARS) {
    const line = JSON.stringify({ event, line_truncated: true, ...shortened(fields, maxChars) })
    if (isShort(line)) return line
  }
  return JSON.stringify({ event, line_truncated: true })
}

function shortened(fields: LogFields, maxChars: number): LogFields {
  const bounds = { maxDepth: 24, maxEntries: 5_000, maxTextChars: maxChars, maxChars }
  const kept = Object.entries(fields).slice(0, FIELDS_MAX)
  return Object.fromEntries(kept.map(([name, value]) => [name, boundJson(value, bounds).value]))
}

/** Null for what has no JSON: a bigint, a cycle, a value nested beyond the stack. */
function jsonOf(value: object): string | null {
  try {
    return JSON.stringify(value)
  } catch {
    return null
  }
}

/** A UTF-16 unit has three bytes of UTF-8 at most. */
function isShort(line: string): boolean {
  return line.length * 3 <= LINE_BYTES_MAX || new TextEncoder().encode(line).byteLength <= LINE_BYTES_MAX
}

/** Class, message and chain of an unknown cause, to a bounded depth. */
export function describeCause(cause: unknown, depth = 3): string {
  if (!(cause instanceof Error)) return String(cause)
  const text = cause.stack ?? `${cause.name}: ${cause.message}`
  return cause.cause === undefined || depth === 0 ? text : `${text}\ncaused by ${describeCause(cause.cause, depth - 1)}`
}
