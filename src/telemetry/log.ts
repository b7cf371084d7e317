/**
 * Structured log lines: one JSON object each, so that Workers Logs indexes the fields and a command can read them back.
 * Never a secret, never prompt text: callers hand in facts, not payloads.
 */

export type LogEvent =
  /** One line per call that reached an upstream, with the facts of its spend row. */
  | 'call'
  /** A call the gateway itself refused. */
  | 'refused'
  /** The gateway failed; `cause` says why and stays here. */
  | 'fault'
  /** A configuration that was not taken, or taken with warnings. */
  | 'config'
  /** A deployment began or ended a cool-down, or is held out as misconfigured. */
  | 'health'

export function logLine(event: LogEvent, fields: Readonly<Record<string, unknown>>): void {
  console.log(JSON.stringify({ event, ...fields }))
}

/** Class, message and chain of an unknown cause, to a bounded depth. */
export function describeCause(cause: unknown, depth = 3): string {
  if (!(cause instanceof Error)) return String(cause)
  const text = cause.stack ?? `${cause.name}: ${cause.message}`
  return cause.cause === undefined || depth === 0 ? text : `${text}\ncaused by ${describeCause(cause.cause, depth - 1)}`
}
