/** What a Meter decides by, apart from its storage: waits, life times, and whether a call fits its limits. */

/** How long settled records gather before they are poured. Rows must be readable within 6 s of the end of a call. */
export const FLUSH_DELAY_MS = 2_000
/** Added at random, so that many Meters do not reach D1 in the same instant. */
export const FLUSH_JITTER_MS = 1_000

/** Wait after a pour that failed: doubles from the first to the second. */
export const BACK_OFF_BASE_MS = 1_000
export const BACK_OFF_CAP_MS = 30_000

/**
 * Life of a reservation: longer than the longest call. Bedrock ends an inference call after 60 minutes
 * (https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html); the rest is margin.
 */
export const RESERVATION_TTL_MS = 75 * 60_000
/** How long an expired reservation still waits for its late settle before its estimate becomes final. */
export const EXPIRED_KEPT_MS = 24 * 3_600_000
/** How long the ids of poured calls are remembered: settle is repeated within seconds, if at all. */
export const POURED_KEPT_MS = 2 * 60_000
/** A record that D1 refused is offered again after this time: a migration may have mended what was wrong. */
export const PARKED_RETRY_MS = 3_600_000

export const MINUTE_MS = 60_000

export function flushWaitMs(delayMs: number, random: () => number): number {
  return delayMs + Math.floor(random() * Math.min(FLUSH_JITTER_MS, delayMs / 2))
}

/** `failures` counts from 1. */
export function backOffMs(failures: number): number {
  return Math.min(BACK_OFF_CAP_MS, BACK_OFF_BASE_MS * 2 ** (failures - 1))
}

/** Limits of one key or team; null where there is none. */
export type Limits = {
  /** Nano-USD as a decimal string, for all time that this Meter has counted. */
  budgetNanoUsd: string | null
  /** Calls and tokens per clock minute (UTC). */
  rpm: number | null
  tpm: number | null
}

/** The clock minute that `rpm` and `tpm` are counted in. */
export type MinuteWindow = { startedMs: number; calls: number; tokens: number }

export type Demand = { estimateNanoUsd: bigint; estimateTokens: number }

/** The first limit that a call would break; `retryAfterMs` null where waiting does not help. */
export type Broken = { limit: 'budget' | 'rpm' | 'tpm'; retryAfterMs: number | null }

/** Start of the clock minute of a time, ms. */
export function minuteOf(timeMs: number): number {
  return timeMs - (timeMs % MINUTE_MS)
}

/**
 * Whether a call fits, given what is spent and held. Exact as long as estimates are upper bounds:
 * spent + held estimates never exceed the budget at the moment of a reservation.
 */
export function brokenLimit(
  limits: Limits,
  demand: Demand,
  spentAndHeldNanoUsd: bigint,
  window: MinuteWindow,
  nowMs: number,
): Broken | null {
  if (limits.budgetNanoUsd !== null && spentAndHeldNanoUsd + demand.estimateNanoUsd > BigInt(limits.budgetNanoUsd)) {
    return { limit: 'budget', retryAfterMs: null }
  }
  const untilNextMinuteMs = minuteOf(nowMs) + MINUTE_MS - nowMs
  const used = window.startedMs === minuteOf(nowMs) ? window : { calls: 0, tokens: 0 }
  if (limits.rpm !== null && used.calls + 1 > limits.rpm) return { limit: 'rpm', retryAfterMs: untilNextMinuteMs }
  if (limits.tpm !== null && used.tokens + demand.estimateTokens > limits.tpm) {
    return { limit: 'tpm', retryAfterMs: untilNextMinuteMs }
  }
  return null
}
