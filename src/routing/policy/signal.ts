/** How a row of the policy table recognises a failure. All conditions that are given must hold. */
import type { Failure, FailurePhase } from './failure.ts'

/** A status, a hundred of them, or null for "nothing answered". */
export type StatusPattern = number | '3xx' | '4xx' | '5xx' | null

export type Signal = {
  phases?: readonly FailurePhase[]
  statuses?: readonly StatusPattern[]
  /** AWS's error names. */
  types?: readonly string[]
  /** `originalStatusCode` of a 424. */
  originalStatuses?: readonly StatusPattern[]
  message?: RegExp
  timedOut?: true
}

export function matches(signal: Signal, failure: Failure): boolean {
  return (
    (signal.phases === undefined || signal.phases.includes(failure.phase)) &&
    (signal.statuses === undefined || includesStatus(signal.statuses, failure.status)) &&
    (signal.types === undefined || (failure.type !== null && signal.types.includes(failure.type))) &&
    (signal.originalStatuses === undefined ||
      includesStatus(signal.originalStatuses, failure.originalStatusCode ?? null)) &&
    (signal.message === undefined || signal.message.test(failure.message)) &&
    (signal.timedOut === undefined || failure.timedOut === true)
  )
}

function includesStatus(patterns: readonly StatusPattern[], status: number | null): boolean {
  return patterns.some((pattern) =>
    typeof pattern === 'string' ? status !== null && `${Math.floor(status / 100)}xx` === pattern : pattern === status,
  )
}
