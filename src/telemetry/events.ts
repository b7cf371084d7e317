/** Every event that a log line may name, and what it means: one list for all rooms. Biggest loss first within a room. */

export const EVENTS = {
  call: 'a call that reached an upstream, with the facts of its spend row',
  refused: 'a call that the gateway itself refused, and why',
  fault: 'the gateway failed; `cause` says why and stays in the log',
  config: 'a configuration or live prices that were not taken, or taken with warnings',
  health: 'a deployment began or ended a cool-down, or is held out as misconfigured',
  spend_record_not_booked: 'the one that must not be lost: holds a whole record, which `ledger replay` books',
  spend_record_mended: 'a record came with nonsense, named in `notes`; it was booked all the same',
  spend_pour_failed: 'D1 did not take the outbox of a Meter; tried again after `retry_ms`',
  spend_rows_repeated: 'rows that were in D1 already: a retry did its work',
} as const

export type EventName = keyof typeof EVENTS
