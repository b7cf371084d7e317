/** How long a deployment gets no calls after a failure. */
import { type Failure, namedWaitMs } from '../policy/failure.ts'
import type { CoolDownRule } from '../policy/policy-row.ts'

/** The first cool-down of a row; each further one is twice as long. Bedrock's quotas refill continuously, so a second is often enough. */
const FIRST_COOL_DOWN_MS = 1_000

/** Up to this share of a growing cool-down is taken off at random, so that isolates do not all come back in the same instant. */
const JITTER = 0.2

/** Keeps the power of two small; `cooldown_time` caps the cool-down long before. */
const DOUBLINGS_MAX = 16

/** Cool-down of a deployment that cannot work as it is configured, while another one can answer. */
const HELD_MS = 5 * 60_000

/** Where no other deployment can answer, a used-up daily quota is tried again this often: AWS does not say when it is reset. */
const DAILY_RECHECK_MS = 15 * 60_000

const DAY_MS = 24 * 60 * 60_000

export type CoolDown = {
  /** Until this time the deployment gets no calls as long as another one can answer. */
  untilMs: number
  /**
   * Until this time it gets no calls at all. Earlier than `untilMs` where nobody can say when the fault ends: the deployment is then
   * tried again sooner if no other one can answer.
   */
  soleUntilMs: number
}

export type CoolDownInput = {
  rule: CoolDownRule
  failure: Failure
  /** Number of cool-downs since the last success. */
  before: number
  /** `cooldown_time`; 0 switches growing cool-downs off. */
  capMs: number
  nowMs: number
  random: () => number
}

/** The cool-down that follows a failure; null where the configuration has switched cool-downs off. */
export function coolDownFor(input: CoolDownInput): CoolDown | null {
  const { rule, nowMs } = input
  switch (rule.lasts) {
    case 'growing': {
      const ms = growingMs(input)
      return ms > 0 ? { untilMs: nowMs + ms, soleUntilMs: nowMs + ms } : null
    }
    case 'held':
      // What one caller may have brought about alone must not keep the others from the only deployment that could answer them.
      return {
        untilMs: nowMs + HELD_MS,
        soleUntilMs: rule.after === 'one-unrefuted' ? nowMs : nowMs + growingMs(input),
      }
    case 'until-midnight-utc': {
      const untilMs = (Math.floor(nowMs / DAY_MS) + 1) * DAY_MS
      return { untilMs, soleUntilMs: Math.min(untilMs, nowMs + DAILY_RECHECK_MS) }
    }
    default:
      return rule.lasts satisfies never
  }
}

function growingMs({ failure, before, capMs, random }: CoolDownInput): number {
  if (capMs === 0) return 0
  const named = namedWaitMs(failure)
  if (named !== null) return named
  const grown = Math.min(FIRST_COOL_DOWN_MS * 2 ** Math.min(before, DOUBLINGS_MAX), capMs)
  return Math.round(grown * (1 - JITTER * random()))
}
