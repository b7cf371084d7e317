/**
 * Health of a deployment, learnt from the calls themselves: nothing is asked for its sake.
 *
 * State is per isolate, so it is approximate: every isolate learns for itself that a region throttles. The damage is bounded:
 * an isolate spends one attempt per deployment and cool-down on finding out, the call concerned goes on to another deployment,
 * and after a cool-down one call at a time probes. Budgets and limits are never kept here.
 */
import type { Deployment } from '../../config/types.ts'
import { type Failure, namedWaitMs } from '../policy/failure.ts'
import type { HarmfulRow, PolicyRow } from '../policy/policy-row.ts'
import { coolDownFor } from './cool-down.ts'

/** How long after an answer a failure that a single caller can cause does not cool the deployment down. */
const REFUTES_MS = 60_000

/** LiteLLM counts `allowed_fails` by the minute. */
const WINDOW_MS = 60_000

/** A busy deployment is not cooled for a few failures among many answers; LiteLLM's DEFAULT_FAILURE_THRESHOLD_PERCENT. */
const WINDOW_FAILURE_SHARE = 0.5

/** Whether the deployment can serve a refused tier again is found out this often, as for what is held out. */
const TIER_REFUSED_MS = 5 * 60_000

/** AWS knows five tiers; what else callers name is not worth remembering. */
const REFUSED_TIERS_MAX = 8

/**
 * A probe that has said nothing for this long lets the next one through: refusals come at once, while a whole answer may take
 * minutes, and a deployment that is generating it is not sick.
 */
const PROBE_LEASE_MS = 5_000

/** Wait that callers are told while a probe is under way, because nobody knows when it ends. */
const PROBING_WAIT_MS = 1_000

/** Weight of the newest answer in the moving average of the time to the first frame. */
const LATENCY_WEIGHT = 0.2

export type Cooling = {
  /** What took it out, with status and AWS's error name. */
  row: HarmfulRow
  status: number | null
  type: string | null
  sinceMs: number
  untilMs: number
  soleUntilMs: number
  /** End of the lease of the call that probes; 0 while none does. */
  probeUntilMs: number
  /** Calls that reserve fewer tokens are let through; 0 where none are. */
  fromTokens: number
}

export type TargetState = {
  /** Attempts whose outcome is not known yet. */
  attempting: number
  /** Answers that are still being delivered. */
  delivering: number
  /** null: healthy. */
  cooling: Cooling | null
  /** Cool-downs since the last success. */
  coolings: number
  consecutiveFailures: number
  /** When it answered last; null before the first answer. */
  answeredMs: number | null
  /** Service tiers that its account was refused, with the time until which calls that ask for one go elsewhere first. */
  refusedTiers: Map<string, number>
  windowStartMs: number
  windowAttempts: number
  windowFailures: number
  /** Moving average of the time to the first frame, milliseconds; null before the first answer. */
  msToFirstFrame: number | null
}

/** What is known of credentials, which several deployments may share. */
export type CredentialsState = { readonly key: string; answeredMs: number | null }

/** A deployment with what this isolate knows of it. */
export type Target = {
  readonly deployment: Deployment
  readonly state: TargetState
  readonly credentials: CredentialsState
  /** The operation that this is the health of, where the operation has one of its own; null for all others. */
  readonly operation: string | null
  /** Health of the deployment for operations that have one of their own, by the name of the operation. */
  readonly sides: Map<string, Target>
}

export function newTarget(deployment: Deployment, credentials: CredentialsState, state = newTargetState()): Target {
  return { deployment, state, credentials, operation: null, sides: new Map() }
}

/** The deployment as far as this operation is concerned: what is wrong with the one is not wrong with the other. */
export function sideOf(target: Target, operation: string): Target {
  const known = target.sides.get(operation)
  if (known !== undefined) return known
  const side = { ...newTarget(target.deployment, target.credentials), operation }
  target.sides.set(operation, side)
  return side
}

export function newTargetState(): TargetState {
  return {
    attempting: 0,
    delivering: 0,
    cooling: null,
    coolings: 0,
    consecutiveFailures: 0,
    answeredMs: null,
    refusedTiers: new Map(),
    windowStartMs: 0,
    windowAttempts: 0,
    windowFailures: 0,
    msToFirstFrame: null,
  }
}

/** Calls that this isolate has under way on the deployment, until their answers are delivered. */
export function inFlight({ state }: Target): number {
  return state.attempting + state.delivering
}

/**
 * `usable`: healthy, or its cool-down is over and nobody probes. `last-resort`: may be asked where nobody else can answer.
 * `cooling`: may not be asked.
 */
export type Standing = 'usable' | 'last-resort' | 'cooling'

export function standing({ state }: Target, nowMs: number): Standing {
  const { cooling } = state
  if (cooling === null) return 'usable'
  if (cooling.probeUntilMs > nowMs) return 'cooling'
  if (cooling.untilMs <= nowMs) return 'usable'
  return cooling.soleUntilMs <= nowMs ? 'last-resort' : 'cooling'
}

/**
 * Whether a call is smaller than the one that was refused for its size, so that the cool-down is not meant for it. It is no probe
 * either: its answer would say nothing of a call like the one that was refused.
 */
export function isSpared(target: Target, nowMs: number, reservedTokens: () => number): boolean {
  const fromTokens = target.state.cooling?.fromTokens ?? 0
  return fromTokens > 0 && standing(target, nowMs) !== 'usable' && reservedTokens() < fromTokens
}

/** Time until the deployment may be asked where nobody else can answer; 0 when it may be now. */
export function waitMs({ state }: Target, nowMs: number): number {
  const { cooling } = state
  if (cooling === null) return 0
  const probing = cooling.probeUntilMs > nowMs ? Math.min(cooling.probeUntilMs - nowMs, PROBING_WAIT_MS) : 0
  return Math.max(probing, cooling.soleUntilMs - nowMs, 0)
}

/** Begins an attempt. True when it is the probe of a deployment that was out: it alone decides whether it comes back. */
export function beginAttempt({ state }: Target, nowMs: number, isSpared: boolean): boolean {
  state.attempting++
  if (state.cooling === null || isSpared) return false
  // Where it is open whether anything is wrong with the deployment, nobody waits for the probe of another.
  if (state.cooling.row.coolDown.after !== 'one-unrefuted') state.cooling.probeUntilMs = nowMs + PROBE_LEASE_MS
  return true
}

/** Ends an attempt without a verdict on the deployment. */
export function releaseAttempt({ state }: Target, isProbe: boolean): void {
  state.attempting--
  if (isProbe && state.cooling !== null) state.cooling.probeUntilMs = 0
}

/** Counts an answer that is being delivered. The function returned ends that; it is true the first time it is called. */
export function beginDelivery({ state }: Target): () => boolean {
  let isOpen = true
  state.delivering++
  return function endDelivery() {
    const wasOpen = isOpen
    if (isOpen) state.delivering--
    isOpen = false
    return wasOpen
  }
}

/**
 * Notes an answer. Where it ends a cool-down, the time at which that cool-down began is returned, otherwise null. Only the
 * call that probed can end it: one that was under way before the cool-down began says nothing of it.
 */
export function succeeded(target: Target, isProbe: boolean, msToFirstFrame: number, nowMs: number): number | null {
  const { state, credentials } = target
  state.attempting--
  state.consecutiveFailures = 0
  state.answeredMs = nowMs
  credentials.answeredMs = nowMs
  const average = state.msToFirstFrame ?? msToFirstFrame
  state.msToFirstFrame = average + LATENCY_WEIGHT * (msToFirstFrame - average)
  countAttempt(state, nowMs)
  if (!isProbe || state.cooling === null) return null
  const { sinceMs } = state.cooling
  state.cooling = null
  state.coolings = 0
  return sinceMs
}

export type FailureInput = {
  row: PolicyRow
  failure: Failure
  isProbe: boolean
  nowMs: number
  allowedFails: number
  capMs: number
  random: () => number
  /** Prompt and output bound of the call; undefined where they are not known. */
  reservedTokens?: (() => number) | undefined
}

/** For a failure that the request may have caused: whether a recent answer refutes it, of this deployment or of one with its credentials. */
export function refutationOf(target: Target, row: PolicyRow, nowMs: number): 'own-answer' | 'same-credentials' | null {
  if (row.coolDown?.after !== 'one-unrefuted') return null
  const isRecent = (answeredMs: number | null) => answeredMs !== null && nowMs - answeredMs < REFUTES_MS
  if (isRecent(target.state.answeredMs)) return 'own-answer'
  return row.sameTarget === 'refresh-credentials' && isRecent(target.credentials.answeredMs) ? 'same-credentials' : null
}

/** Notes a failure. Returns the cool-down that begins with it, or null. `releaseAttempt` has ended the attempt before. */
export function failed(target: Target, input: FailureInput): Cooling | null {
  const { state } = target
  const { row, failure, isProbe, nowMs } = input
  if (row.coolDown === null) return null
  const refutation = refutationOf(target, row, nowMs)
  if (refutation === 'own-answer') return null
  countAttempt(state, nowMs)
  state.consecutiveFailures++
  state.windowFailures++
  const needsMany = row.coolDown.after === 'many' || refutation !== null
  const spoiltProbe = isProbe && state.cooling !== null && refutation === null
  if (needsMany && !spoiltProbe && !failsTooOften(state, input.allowedFails)) return null
  const fromTokens = row.coolDown.bySize ? (input.reservedTokens?.() ?? 0) : 0
  // What the size of another call has brought about says nothing of how long this one has to wait.
  const isWider = state.cooling !== null && !isProbe && fromTokens < state.cooling.fromTokens
  const next = coolDownFor({ ...input, rule: row.coolDown, before: isWider ? 0 : state.coolings })
  if (next === null) return null
  if (state.cooling !== null && !isProbe && !isWider) {
    // It was under way when the cool-down began, so it counts only where it tells of a longer one.
    const tellsMore = row.coolDown.lasts !== 'growing' || namedWaitMs(failure) !== null
    if (!tellsMore || next.untilMs <= state.cooling.untilMs) return null
  }
  if (state.cooling === null || isProbe) state.coolings++
  state.windowAttempts = 0
  state.windowFailures = 0
  state.consecutiveFailures = 0
  state.cooling = {
    row,
    status: failure.status,
    type: failure.type,
    sinceMs: nowMs,
    ...next,
    probeUntilMs: 0,
    fromTokens,
  }
  return state.cooling
}

/** A service tier that the account of the deployment was refused: calls that ask for it go elsewhere first for a while. */
export function refuseTier({ state }: Target, tier: string, nowMs: number): void {
  if (state.refusedTiers.size >= REFUSED_TIERS_MAX) state.refusedTiers.clear()
  state.refusedTiers.set(tier, nowMs + TIER_REFUSED_MS)
}

export function isTierRefused({ state }: Target, tier: string, nowMs: number): boolean {
  return (state.refusedTiers.get(tier) ?? 0) > nowMs
}

function failsTooOften(state: TargetState, allowedFails: number): boolean {
  if (state.consecutiveFailures > allowedFails) return true
  return state.windowFailures > allowedFails && state.windowFailures >= state.windowAttempts * WINDOW_FAILURE_SHARE
}

function countAttempt(state: TargetState, nowMs: number): void {
  if (nowMs - state.windowStartMs >= WINDOW_MS) {
    state.windowStartMs = nowMs
    state.windowAttempts = 0
    state.windowFailures = 0
  }
  state.windowAttempts++
}
