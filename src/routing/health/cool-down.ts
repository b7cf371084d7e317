/** How long a deployment stays out after a failure. */
import type { Failure } from '../policy/failure.ts'
import type { PolicyRow } from '../policy/policy-row.ts'

/** First growing cool-down. Bedrock's quotas refill continuously, so a second is often enough, and a probe costs one call. */
const FIRST_COOL_DOWN_MS = 1_000

/** Part of a growing cool-down that is left to chance, so that isolates do not all come back in the same instant. */
const JITTER = 0.2

/** Doublings that are worth computing; the cap is reached long before. */
const DOUBLINGS_MAX = 16

/** A deployment that cannot work as it is configured is looked at again this often while others answer. */
const HELD_MS = 5 * 60_000

/** While nobody else can answer, a used-up daily quota is looked at this often: AWS does not say when it is reset. */
const DAILY_RECHECK_MS = 15 * 60_000

/** The longest time an upstream may name. */
const NAMED_MAX_MS = 60 * 60_000

const DAY_MS = 24 * 60 * 60_000

export type CoolDown = {
  /** Until then nothing is asked of the deployment while another one can answer. */
  untilMs: number
  /** Until then nothing is asked of it at all. Earlier than `untilMs` for what only a person or a guess can end. */
  soleUntilMs: number
}

export type CoolDownInput = {
  row: PolicyRow
  failure: Failure
  /** Cool-downs since the last success. */
  before: number
  /** `cooldown_time`; 0 switches growing cool-downs off. */
  capMs: number
  nowMs: number
  random: () => number
}

/** null where the row or the configuration knows no cool-down. */
export function coolDownFor(input: CoolDownInput): CoolDown | null {
  const { row, nowMs } = input
  switch (row.coolDown) {
    case 'none':
      return null
    case 'growing': {
      const ms = growingMs(input)
      return ms > 0 ? { untilMs: nowMs + ms, soleUntilMs: nowMs + ms } : null
    }
    case 'held':
      return { untilMs: nowMs + HELD_MS, soleUntilMs: nowMs + growingMs(input) }
    case 'until-midnight-utc': {
      const untilMs = (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS
      return { untilMs, soleUntilMs: Math.min(untilMs, nowMs + DAILY_RECHECK_MS) }
    }
    default:
      return row.coolDown satisfies never
  }
}

function growingMs({ failure, before, capMs, random }: CoolDownInput): number {
  if (capMs === 0) return 0
  if (failure.retryAfterMs !== undefined && failure.retryAfterMs > 0)
    return Math.min(Math.ceil(failure.retryAfterMs), NAMED_MAX_MS)
  const grown = Math.min(FIRST_COOL_DOWN_MS * 2 ** Math.min(before, DOUBLINGS_MAX), capMs)
  return Math.round(grown * (1 - JITTER * random()))
}
