/**
 * Health of a deployment, learnt from the calls themselves: nothing is asked for its sake.
 *
 * State is per isolate, so it is approximate: every isolate learns for itself that a region throttles. The damage is bounded:
 * an isolate spends one attempt per deployment and cool-down on finding out, the call concerned goes on to another deployment,
 * and after a cool-down one call at a time probes. Budgets and limits are never kept here.
 */
import type { Deployment } from '../../config/types.ts'
import type { Failure } from '../policy/failure.ts'
import type { PolicyRow } from '../policy/policy-row.ts'
import { coolDownFor } from './cool-down.ts'

/** LiteLLM counts `allowed_fails` by the minute. */
const WINDOW_MS = 60_000

/** A busy deployment is not cooled for a few failures among many answers; LiteLLM's DEFAULT_FAILURE_THRESHOLD_PERCENT. */
const WINDOW_FAILURE_SHARE = 0.5

/**
 * A probe that has said nothing for this long lets the next one through: refusals come at once, while a whole answer may take
 * minutes, and a deployment that is generating it is not sick.
 */
const PROBE_LEASE_MS = 5_000

/** Wait that is named while a probe is under way, whose end nobody knows. */
const PROBING_WAIT_MS = 1_000

/** Weight of the newest answer in the moving average of the time to the first frame. */
const LATENCY_WEIGHT = 0.2

export type Cooling = {
  /** What took it out, with status and AWS's error name. */
  row: PolicyRow
  status: number | null
  type: string | null
  sinceMs: number
  untilMs: number
  soleUntilMs: number
  /** End of the lease of the call that probes; 0 while none does. */
  probeUntilMs: number
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
  windowStartMs: number
  windowAttempts: number
  windowFailures: number
  /** Moving average of the time to the first frame, milliseconds; null before the first answer. */
  msToFirstFrame: number | null
}

/** A deployment with what this isolate knows of it. */
export type Target = { readonly deployment: Deployment; readonly state: TargetState }

export function newTargetState(): TargetState {
  return {
    attempting: 0,
    delivering: 0,
    cooling: null,
    coolings: 0,
    consecutiveFailures: 0,
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

/** Time until the deployment may be asked where nobody else can answer; 0 when it may be now. */
export function waitMs({ state }: Target, nowMs: number): number {
  const { cooling } = state
  if (cooling === null) return 0
  const probing = cooling.probeUntilMs > nowMs ? Math.min(cooling.probeUntilMs - nowMs, PROBING_WAIT_MS) : 0
  return Math.max(probing, cooling.soleUntilMs - nowMs, 0)
}

/** Begins an attempt. True when it is the probe of a deployment that was out: it alone decides whether it comes back. */
export function beginAttempt({ state }: Target, nowMs: number): boolean {
  state.attempting++
  if (state.cooling === null) return false
  state.cooling.probeUntilMs = nowMs + PROBE_LEASE_MS
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
export function succeeded({ state }: Target, isProbe: boolean, msToFirstFrame: number, nowMs: number): number | null {
  state.attempting--
  state.consecutiveFailures = 0
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
}

/** Notes a failure. Returns the cool-down that begins with it, or null. `releaseAttempt` has ended the attempt before. */
export function failed({ state }: Target, input: FailureInput): Cooling | null {
  const { row, failure, isProbe, nowMs } = input
  if (row.health === 'none') return null
  countAttempt(state, nowMs)
  state.consecutiveFailures++
  state.windowFailures++
  if (row.health === 'count' && !isProbe && !failsTooOften(state, input.allowedFails)) return null
  const next = coolDownFor({ ...input, before: state.coolings })
  if (next === null) return null
  if (state.cooling !== null && !isProbe) {
    // It was under way when the cool-down began, so it counts only where it tells of a longer one.
    const tellsMore = row.coolDown !== 'growing' || failure.retryAfterMs !== undefined
    if (!tellsMore || next.untilMs <= state.cooling.untilMs) return null
  }
  if (state.cooling === null || isProbe) state.coolings++
  state.windowAttempts = 0
  state.windowFailures = 0
  state.consecutiveFailures = 0
  state.cooling = { row, status: failure.status, type: failure.type, sinceMs: nowMs, ...next, probeUntilMs: 0 }
  return state.cooling
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
