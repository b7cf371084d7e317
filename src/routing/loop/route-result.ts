/** What the client gets when no deployment answered: the most useful error, and how long to wait before the next try. */

import type { Group } from '../groups.ts'
import { type Target, waitMs } from '../health/health.ts'
import { type Failure, namedWaitMs } from '../policy/failure.ts'
import { BLAME_BY_USEFULNESS, type Blame } from '../policy/policy-row.ts'
import type { RouteResult } from '../route.ts'
import type { Candidates } from './candidates.ts'
import type { FailedAttempt, Journey } from './journey.ts'

/**
 * The longest wait that a client is told. A daily quota may be hours away, and some clients sleep for whatever they are told
 * (the AWS SDK for JavaScript) while others pass over more than a minute (Anthropic's): asking again costs them nothing.
 */
const TOLD_WAIT_MAX_MS = 60_000

/** Errors that may go away with time, by who caused them: for these the client is told how long to wait. */
const RETRYABLE: ReadonlySet<Blame> = new Set<Blame>(['quota', 'service', 'network'])
const RETRIED_STATUSES: ReadonlySet<number | null> = new Set([429, 503])

/** Everything that was considered for a call: the groups in the order asked. */
export type Considered = { group: Group; candidates: Candidates }

/**
 * By blame; then one that can be delivered before one that cannot; then the first. Errors of the model that the client asked
 * for come before those of a fallback, whose complaint about the request would mislead.
 */
export function mostUseful<T>(failures: readonly FailedAttempt<T>[], asked: Group): FailedAttempt<T> | undefined {
  const own = failures.filter(({ group }) => group === asked)
  const rank = ({ row, attempt }: FailedAttempt<T>) =>
    BLAME_BY_USEFULNESS.indexOf(row.blame) * 2 + (attempt.value === null ? 1 : 0)
  return (own.length > 0 ? own : failures).toSorted((one, other) => rank(one) - rank(other))[0]
}

export function failureResult<T>(
  journey: Journey<T>,
  failed: FailedAttempt<T>,
  considered: readonly Considered[],
  nowMs: number,
): RouteResult<T> {
  const { attempt, failure, group, row, target } = failed
  // A deployment that refused this request as faulty would refuse it again, however soon it may be asked.
  const unhelpful = new Set(journey.failures.filter((one) => one.row.blame === 'request').map((one) => one.target))
  const isRetryable = RETRYABLE.has(row.blame) || RETRIED_STATUSES.has(failure.status)
  // Where routing itself knows of no wait, the one that the upstream named holds.
  const waitMs = soonestWait(considered, nowMs, unhelpful).ms || (namedWaitMs(failure) ?? 0)
  const route = {
    deployment: target.deployment,
    group: group.name,
    fallbacks: considered.length - 1,
    retryAfterMs: isRetryable ? told(waitMs) : null,
  }
  if (attempt.value === null) return { kind: 'exhausted', failure, ...route }
  return { kind: 'failed', value: attempt.value, failure, ...route }
}

/** For a call of which nothing was asked. 429 where the deployment that comes back first is out for quota, else 503. */
export function coolingResult<T>(asked: Group, considered: readonly Considered[], nowMs: number): RouteResult<T> {
  const { ms, target } = soonestWait(considered, nowMs)
  const row = target?.state.cooling?.row
  return {
    kind: 'cooling',
    status: row?.blame === 'quota' ? 429 : 503,
    retryAfterMs: told(ms),
    group: asked.name,
    reason: row?.name ?? 'busy',
  }
}

const TOO_LONG: Failure = {
  phase: 'headers',
  status: 400,
  type: 'ValidationException',
  message: 'Input is too long for requested model.',
}

const OUT_OF_BOUNDS: Failure = {
  phase: 'headers',
  status: 403,
  type: 'AccessDeniedException',
  message: 'No deployment of this model lies in the regions that this call is bound to.',
}

/** No deployment may be asked at all: the prompt fits into none, or all are outside the call's regions. */
export function refusalResult<T>(asked: Group, considered: readonly Considered[]): RouteResult<T> {
  return {
    kind: 'exhausted',
    failure: considered.some(({ candidates }) => candidates.kind === 'too-long') ? TOO_LONG : OUT_OF_BOUNDS,
    deployment: asked.first.deployment,
    group: asked.name,
    fallbacks: considered.length - 1,
    retryAfterMs: null,
  }
}

function told(ms: number): number {
  return Math.ceil(Math.max(1, Math.min(ms, TOLD_WAIT_MAX_MS)))
}

function soonestWait(
  considered: readonly Considered[],
  nowMs: number,
  unhelpful: ReadonlySet<Target> = new Set(),
): { ms: number; target: Target | null } {
  let soonest: { ms: number; target: Target | null } = { ms: Number.POSITIVE_INFINITY, target: null }
  for (const { candidates } of considered) {
    if (candidates.kind !== 'some') continue
    for (const target of candidates.tiers.flat()) {
      if (unhelpful.has(target)) continue
      const ms = waitMs(target, nowMs)
      if (ms < soonest.ms) soonest = { ms, target }
    }
  }
  return soonest
}
