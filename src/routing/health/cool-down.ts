/** How long a deployment stays out after a failure. */
import { type Failure, namedWaitMs } from '../policy/failure.ts'
import type { CoolDownRule } from '../policy/policy-row.ts'

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

const DAY_MS = 24 * 60 * 60_000

export type CoolDown = {
  /** Until then nothing is asked of the deployment while another one can answer. */
  untilMs: number
  /** Until then nothing is asked of it at all. Earlier than `untilMs` for what only a person or a guess can end. */
  soleUntilMs: number
}

export type CoolDownInput = {
  rule: CoolDownRule
  failure: Failure
  /** Cool-downs since the last success. */
  before: number
  /** `cooldown_time`; 0 switches growing cool-downs off. */
  capMs: number
  nowMs: number
  random: () => number
}

/** null where the configuration knows no cool-down. */
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
