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
  /** A pattern of the text, or a function of the text and the deployment's model. */
  message?: RegExp | ((message: string, model: string) => boolean)
  timedOut?: true
  abortedByUs?: true
}

/** `model`: the identifier that the deployment sends upstream. */
export function matches(signal: Signal, failure: Failure, model: string): boolean {
  return (
    (signal.phases === undefined || signal.phases.includes(failure.phase)) &&
    (signal.statuses === undefined || includesStatus(signal.statuses, failure.status)) &&
    (signal.types === undefined || (failure.type !== null && signal.types.includes(failure.type))) &&
    (signal.originalStatuses === undefined ||
      includesStatus(signal.originalStatuses, failure.originalStatusCode ?? null)) &&
    (signal.message === undefined || says(signal.message, failure.message, model)) &&
    (signal.timedOut === undefined || failure.timedOut === true) &&
    (signal.abortedByUs === undefined || failure.abortedByUs === true)
  )
}

function says(condition: NonNullable<Signal['message']>, message: string, model: string): boolean {
  return condition instanceof RegExp ? condition.test(message) : condition(message, model)
}

function includesStatus(patterns: readonly StatusPattern[], status: number | null): boolean {
  return patterns.some((pattern) =>
    typeof pattern === 'string' ? status !== null && `${Math.floor(status / 100)}xx` === pattern : pattern === status,
  )
}
