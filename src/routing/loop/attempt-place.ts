/**
 * The place that an attempt has on its deployment: health counts the attempt, and the strategy may reserve tokens for it. It is
 * given back once, whichever way the attempt ends, also where the gateway itself fails while it is under way.
 */
import type { Group } from '../groups.ts'
import { beginAttempt, beginDelivery, releaseAttempt, succeeded, type Target } from '../health/health.ts'
import type { Finish } from '../route.ts'
import type { PickContext } from '../strategies/strategy.ts'

export type Place = {
  /** The attempt is the probe of a deployment that was out: it decides whether the deployment comes back. */
  readonly isProbe: boolean
  /** The deployment gave no answer, or none that was delivered. Further calls do nothing. */
  giveBack(nowMs: number): void
  /**
   * The deployment answered: the place is kept until `finish` is called. `outSinceMs`: when the cool-down began that this answer
   * ends; null where it ends none.
   */
  answered(msToFirstFrame: number, nowMs: number): { outSinceMs: number | null; finish: Finish }
}

export type AttemptStart = {
  startedMs: number
  /** The cool-down of the deployment is not meant for a call as small as this one. */
  isSpared: boolean
  /** Asked when the answer has been delivered. */
  now: () => number
}

export function takePlace(
  target: Target,
  { strategy }: Group,
  context: PickContext,
  { startedMs, isSpared, now }: AttemptStart,
): Place {
  const isProbe = beginAttempt(target, startedMs, isSpared)
  let release: (() => boolean) | null = () => {
    releaseAttempt(target, isProbe)
    return true
  }
  let reserved: number
  try {
    reserved = strategy.started?.(target, context) ?? 0
  } catch (fault) {
    release()
    throw fault
  }
  return {
    isProbe,
    giveBack(nowMs) {
      const isHeld = release?.() ?? false
      release = null
      if (isHeld) strategy.failed?.(target, reserved, nowMs)
    },
    answered(msToFirstFrame, nowMs) {
      const outSinceMs = succeeded(target, isProbe, msToFirstFrame, nowMs)
      const endDelivery = beginDelivery(target)
      release = endDelivery
      return {
        outSinceMs,
        finish(usage) {
          if (endDelivery()) strategy.finished?.(target, reserved, usage, now())
        },
      }
    },
  }
}
