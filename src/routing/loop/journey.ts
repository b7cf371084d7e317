/** What one call has been through: its attempts, and the questions the loop and the result ask of them. */
import type { RouterSettings } from '../../config/types.ts'
import type { Group } from '../groups.ts'
import { isSpared, type Target } from '../health/health.ts'
import type { Failure } from '../policy/failure.ts'
import type { PolicyRow } from '../policy/policy-row.ts'
import type { Attempt, RouteCall } from '../route.ts'
import type { PickContext } from '../strategies/strategy.ts'

/** An attempt that failed, with what the loop has to know of it. */
export type FailedAttempt<T> = {
  attempt: Attempt<T>
  target: Target
  group: Group
  /** Index in the tiers of the call. */
  tier: number
  row: PolicyRow
  failure: Failure
  /** The session was renewed and the same deployment asked again at once: both count as one attempt. */
  renewed: boolean
}

export type Journey<T> = {
  readonly call: RouteCall<T>
  readonly context: PickContext & { nowMs: number }
  /** No attempt begins and no wait ends after it. */
  readonly deadlineMs: number
  readonly failures: FailedAttempt<T>[]
  /** `RouteCall.reservedTokens`, read once; undefined where the call does not say. */
  readonly reservedTokens: (() => number) | undefined
}

/**
 * `timeout` bounds each attempt, as in LiteLLM, so that a region which falls silent leaves time for another one; all attempts
 * together, with waits and fallbacks, get as many times that as a group gets attempts.
 */
export function totalTimeMs(settings: RouterSettings, streams: boolean): number {
  return (streams ? settings.streamTimeoutMs : settings.timeoutMs) * (settings.numRetries + 1)
}

/** The deployment's own setting before the router's, and for streams `stream_timeout` before `timeout`. */
export function attemptLimitMs(target: Target, settings: RouterSettings, streams: boolean): number {
  const { timeoutMs, streamTimeoutMs } = target.deployment
  if (!streams) return timeoutMs ?? settings.timeoutMs
  return streamTimeoutMs ?? timeoutMs ?? settings.streamTimeoutMs
}

export function hasTried(journey: Journey<unknown>, target: Target): boolean {
  return journey.failures.some((failed) => failed.target === target)
}

export function failuresOf(journey: Journey<unknown>, group: Group, target: Target): number {
  return journey.failures.filter((failed) => failed.group === group && failed.target === target && !failed.renewed)
    .length
}

/** Whether a tier has had all its attempts: one more than the retries that its last failure allows. */
export function isUsedUp(journey: Journey<unknown>, group: Group, tier: number, settings: RouterSettings): boolean {
  let made = 0
  let allowed = Number.POSITIVE_INFINITY
  for (const failed of journey.failures) {
    if (failed.group !== group || failed.tier !== tier || failed.renewed) continue
    made++
    allowed = retriesFor(failed.row, group, settings)
  }
  return made > allowed
}

function retriesFor(row: PolicyRow, group: Group, settings: RouterSettings): number {
  const named = row.retryClass === null ? undefined : group.retryPolicy[row.retryClass]
  return named ?? settings.numRetries
}

/** Whether the table, or the configuration where the table leaves it to that, lets another attempt be made after this failure. */
export function mayAskAgain(journey: Journey<unknown>, { row, group }: FailedAttempt<unknown>): boolean {
  const { otherTarget, retryClass } = row
  switch (otherTarget) {
    case 'yes':
      return true
    case 'no':
      return false
    case 'once':
    case 'one-sibling':
      return journey.failures.filter((failed) => failed.row.otherTarget === otherTarget).length === 1
    case 'by-retry-policy':
      return retryClass !== null && (group.retryPolicy[retryClass] ?? 0) > 0
    default:
      return otherTarget satisfies never
  }
}

/** Whether the deployment may be asked now although others may not ask it. */
export function isSparedFor({ context, reservedTokens }: Journey<unknown>, target: Target): boolean {
  return reservedTokens !== undefined && isSpared(target, context.nowMs, reservedTokens)
}

/** Says in the entry of the last attempt what came of it. */
export function explain(journey: Journey<unknown>, action: string): void {
  const last = journey.call.attempts.at(-1)
  if (last !== undefined) last.action = action
}
