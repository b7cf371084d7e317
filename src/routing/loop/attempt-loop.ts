/** One group is asked: one attempt at a time, until somebody answers, the table says stop, or nothing is left to ask. */
import type { Deployment, RouterSettings } from '../../config/types.ts'
import type { Group, Tier } from '../groups.ts'
import { refuseTier, refutationOf, standing, type Target } from '../health/health.ts'
import type { HealthDesk } from '../health/health-desk.ts'
import type { Failure } from '../policy/failure.ts'
import { policyFor } from '../policy/policy.ts'
import type { PolicyRow } from '../policy/policy-row.ts'
import {
  ANSWERED_BY_SIBLING,
  REPEATED_BY_SIBLING,
  saysTheSame,
  type TextMemory,
  UNEXPLAINED,
} from '../policy/unexplained.ts'
import type { Attempt, Finish } from '../route.ts'
import { takePlace } from './attempt-place.ts'
import {
  attemptLimitMs,
  explain,
  type FailedAttempt,
  hasTried,
  isSparedFor,
  type Journey,
  mayAskAgain,
} from './journey.ts'
import { type Next, nextTarget, sameTarget } from './next-target.ts'

export type Engine = {
  readonly settings: RouterSettings
  readonly desk: HealthDesk
  readonly texts: TextMemory
  now(): number
  sleep(ms: number): Promise<void>
}

export type GroupEnd<T> =
  | Answer<T>
  /** Asking anybody else would not help: the row says why. */
  | { kind: 'stopped'; row: PolicyRow }
  /** Somebody was asked and nobody answered. */
  | { kind: 'spent' }
  /** Every deployment is out; nobody was asked. */
  | { kind: 'idle' }
  | { kind: 'out-of-time' }
  | { kind: 'abandoned' }

export async function askGroup<T>(
  journey: Journey<T>,
  group: Group,
  tiers: readonly Tier[],
  engine: Engine,
): Promise<GroupEnd<T>> {
  let renewing: Next | null = null
  for (;;) {
    journey.context.nowMs = engine.now()
    const next: Next | null =
      renewing ?? nextTarget(journey, group, tiers, engine.settings) ?? (await again(journey, group, tiers, engine))
    if (next === null) return endOf(journey, group)
    if (journey.call.isAbandoned()) return { kind: 'abandoned' }
    if (engine.now() >= journey.deadlineMs) return { kind: 'out-of-time' }
    if (journey.failures.at(-1)?.group === group) {
      explain(journey, actionFor(next, renewing !== null, hasTried(journey, next.target)))
    }
    const end: Answer<T> | FailedAttempt<T> = await attemptOnce(journey, group, next, renewing !== null, engine)
    if ('kind' in end) return end
    if (end.row.blame === 'client') return { kind: 'abandoned' }
    renewing = end.renewed ? next : null
    if (!end.renewed && !mayAskAgain(journey, end)) return { kind: 'stopped', row: end.row }
  }
}

/** Nobody is left to ask. */
function endOf<T>(journey: Journey<T>, group: Group): GroupEnd<T> {
  const last = journey.failures.findLast((failed) => failed.group === group)
  if (last === undefined) return { kind: 'idle' }
  return last.row.otherTarget === 'one-sibling' ? { kind: 'stopped', row: last.row } : { kind: 'spent' }
}

function actionFor({ target }: Next, isRenewed: boolean, isRepeated: boolean): string {
  if (isRenewed) return 'renewed the session and asked the same deployment'
  return isRepeated ? 'waited and asked the same deployment' : `asked ${target.deployment.id}`
}

/** Waits where the table lets the same deployment be asked again. Meanwhile another one may have come back: it goes first. */
async function again<T>(
  journey: Journey<T>,
  group: Group,
  tiers: readonly Tier[],
  engine: Engine,
): Promise<Next | null> {
  const same = sameTarget(journey, group, engine.settings)
  if (same === null) return null
  if (journey.call.isAbandoned()) return same
  explain(journey, `waiting ${same.afterMs} ms to ask the same deployment`)
  await engine.sleep(same.afterMs)
  journey.context.nowMs = engine.now()
  const other = nextTarget(journey, group, tiers, engine.settings)
  if (other !== null) return other
  return standing(same.target, journey.context.nowMs) === 'usable' ? same : null
}

type Answer<T> = { kind: 'answered'; value: T; target: Target; finish: Finish }

/** One attempt on one deployment, with what health and strategy learn of it. */
export async function attemptOnce<T>(
  journey: Journey<T>,
  group: Group,
  { target, tier }: Next,
  refreshCredentials: boolean,
  engine: Engine,
): Promise<Answer<T> | FailedAttempt<T>> {
  const { call, context, deadlineMs } = journey
  const startedMs = engine.now()
  const place = takePlace(target, group, context, {
    startedMs,
    isSpared: isSparedFor(journey, target),
    now: () => engine.now(),
  })
  const attempt = newAttempt<T>(target.deployment, startedMs)
  call.attempts.push(attempt)
  try {
    const limitMs = Math.min(attemptLimitMs(target, engine.settings, call.streams), deadlineMs - startedMs)
    const outcome = await call.attempt(attempt, limitMs, refreshCredentials)
    const endedMs = engine.now()
    attempt.ms = endedMs - startedMs
    attempt.value = outcome.value
    if (outcome.kind === 'success') {
      const { outSinceMs, finish } = place.answered(outcome.msToFirstFrame, endedMs)
      learnFromAnswer(journey, engine, endedMs)
      if (outSinceMs !== null) engine.desk.recovered(target, outSinceMs, endedMs)
      return { kind: 'answered', value: outcome.value, target, finish }
    }
    place.giveBack(endedMs)
    const { failure } = outcome
    const row = rowOf(journey, target, failure, engine, endedMs)
    attempt.failure = failure
    attempt.row = row
    const renewed = !refreshCredentials && renewsSession(target, row, endedMs)
    noteRefusedTier(journey, target, row, endedMs)
    if (!renewed) engine.desk.failed(target, row, failure, place.isProbe, endedMs, journey.reservedTokens)
    const failedAttempt = { attempt, target, group, tier, row, failure, renewed }
    journey.failures.push(failedAttempt)
    explain(journey, `stopped: ${row.name}`)
    return failedAttempt
  } catch (fault) {
    // Not an answer of the upstream but a fault of the gateway's own code: it says nothing of the deployment.
    place.giveBack(engine.now())
    attempt.action = 'stopped: the gateway failed'
    throw fault
  }
}

/** The session of an assumed role may have expired, and nothing says that the refusal is the request's: a new one is worth an attempt. */
function renewsSession(target: Target, row: PolicyRow, nowMs: number): boolean {
  return (
    row.sameTarget === 'refresh-credentials' &&
    target.deployment.credentials.kind === 'role' &&
    refutationOf(target, row, nowMs) === null
  )
}

/** The row of the table, or what was learnt of words that it does not know. */
function rowOf(
  journey: Journey<unknown>,
  { deployment }: Target,
  failure: Failure,
  { texts }: Engine,
  nowMs: number,
): PolicyRow {
  const row = policyFor(failure, deployment.model)
  if (row !== UNEXPLAINED) return row
  const open = unexplainedIn(journey)
  if (open !== undefined && saysTheSame(open.failure.message, failure.message)) {
    texts.repeated(failure.message, nowMs)
    return REPEATED_BY_SIBLING
  }
  return texts.rowOf(deployment.id, failure.message, nowMs)
}

/** A deployment has refused this very request in words that nobody knew, and a sibling has answered it. */
function learnFromAnswer(journey: Journey<unknown>, { texts, desk }: Engine, nowMs: number): void {
  const open = unexplainedIn(journey)
  if (open === undefined) return
  texts.answered(open.target.deployment.id, open.failure.message, nowMs)
  desk.failed(open.target, ANSWERED_BY_SIBLING, open.failure, false, nowMs)
}

function unexplainedIn(journey: Journey<unknown>): FailedAttempt<unknown> | undefined {
  return journey.failures.find(({ row }) => row === UNEXPLAINED)
}

function noteRefusedTier({ call }: Journey<unknown>, target: Target, row: PolicyRow, nowMs: number): void {
  const tier = row.refuses === 'service-tier' ? (call.serviceTier?.() ?? null) : null
  if (tier !== null) refuseTier(target, tier, nowMs)
}

function newAttempt<T>(deployment: Deployment, startedMs: number): Attempt<T> {
  const unknown = { sentMs: null, ms: null, failure: null, row: null, value: null }
  return { deployment, startedMs, ...unknown, action: 'answered' }
}
