/**
 * Structured log lines: one JSON object each, so that Workers Logs indexes the fields and a command can read them back.
 * Never a secret, never prompt text: callers hand in facts, not payloads.
 */

import type { EventName } from './events.ts'

export type LogFields = Readonly<Record<string, unknown>>

export function logLine(event: EventName, fields: LogFields): void {
  console.log(eventLine(event, fields))
}

/** The line itself, for those who are handed the way it is written. `event` stands first, so that even a line cut short says what it was. */
export function eventLine(event: EventName, fields: LogFields): string {
  return JSON.stringify({ event, ...fields })
}

/** Class, message and chain of an unknown cause, to a bounded depth. */
export function describeCause(cause: unknown, depth = 3): string {
  if (!(cause instanceof Error)) return String(cause)
  const text = cause.stack ?? `${cause.name}: ${cause.message}`
  return cause.cause === undefined || depth === 0 ? text : `${text}\ncaused by ${describeCause(cause.cause, depth - 1)}`
}
