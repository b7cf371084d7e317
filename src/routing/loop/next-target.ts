/** Which deployment of a group is asked next, or asked again. */
import type { RouterSettings } from '../../config/types.ts'
import type { Group, Tier } from '../groups.ts'
import { isTierRefused, standing, type Target, waitMs } from '../health/health.ts'
import { namedWaitMs } from '../policy/failure.ts'
import { failuresOf, hasTried, isSparedFor, isUsedUp, type Journey } from './journey.ts'

export type Next = { target: Target; tier: number }

/** Tier by tier one that has not failed this call; then one that is held out; then, where the configuration says so, one that cools. */
export function nextTarget(
  journey: Journey<unknown>,
  group: Group,
  tiers: readonly Tier[],
  settings: RouterSettings,
): Next | null {
  const { nowMs } = journey.context
  const other = otherAccount(journey, group, tiers, settings)
  if (other !== null) return other
  for (let tier = 0; tier < tiers.length; tier++) {
    if (isUsedUp(journey, group, tier, settings)) continue
    const target = pickUsable(journey, group, tiers[tier] ?? [])
    if (target !== undefined) return { target, tier }
  }
  const held = soonest(journey, group, tiers, settings, (target) => standing(target, nowMs) === 'last-resort')
  if (held !== null || !settings.tryCoolingTargets) return held
  if (journey.failures.some((failed) => failed.group === group)) return null
  return soonest(journey, group, tiers, settings, ({ state }) => (state.cooling?.probeUntilMs ?? 0) <= nowMs)
}

/** One that is out for larger calls comes after those that are out for none. */
function pickUsable(journey: Journey<unknown>, group: Group, tier: Tier): Target | undefined {
  const { nowMs } = journey.context
  const isUsable = (target: Target) => standing(target, nowMs) === 'usable' && !hasTried(journey, target)
  const isSpared = (target: Target) => isSparedFor(journey, target) && !hasTried(journey, target)
  const [only] = tier
  if (tier.length === 1 && only !== undefined) return isUsable(only) || isSpared(only) ? only : undefined
  return pickAmong(journey, group, tier.filter(isUsable)) ?? pickAmong(journey, group, tier.filter(isSpared))
}

function pickAmong(journey: Journey<unknown>, group: Group, targets: Target[]): Target | undefined {
  const usable = serving(journey, targets)
  return usable.length > 1 ? (group.strategy.pick(usable, journey.context) ?? usable[0]) : usable[0]
}

/** Those that were not refused the service tier of this call, where there are any. */
function serving({ call, context }: Journey<unknown>, usable: Target[]): Target[] {
  if (usable.length < 2 || usable.every(({ state }) => state.refusedTiers.size === 0)) return usable
  const asked = call.serviceTier?.() ?? null
  const rest = asked === null ? [] : usable.filter((target) => !isTierRefused(target, asked, context.nowMs))
  return rest.length > 0 ? rest : usable
}

/** For a call whose refusal may be about the account: the deployments of that account would say the same. */
function otherAccount(
  journey: Journey<unknown>,
  group: Group,
  tiers: readonly Tier[],
  settings: RouterSettings,
): Next | null {
  const last = journey.failures.at(-1)
  if (last?.group !== group || last.row.otherTarget !== 'one-sibling') return null
  for (let tier = 0; tier < tiers.length; tier++) {
    if (isUsedUp(journey, group, tier, settings)) continue
    const others = (tiers[tier] ?? []).filter(({ credentials }) => credentials !== last.target.credentials)
    const target = pickUsable(journey, group, others)
    if (target !== undefined) return { target, tier }
  }
  return null
}

/** Of the deployments that have not failed this call and meet the condition, the one that is asked again first. */
function soonest(
  journey: Journey<unknown>,
  group: Group,
  tiers: readonly Tier[],
  settings: RouterSettings,
  isEligible: (target: Target) => boolean,
): Next | null {
  const untilMs = ({ state }: Target) => state.cooling?.soleUntilMs ?? 0
  let found: Next | null = null
  tiers.forEach((targets, tier) => {
    if (isUsedUp(journey, group, tier, settings)) return
    for (const target of targets) {
      if (!isEligible(target) || hasTried(journey, target)) continue
      if (found === null || untilMs(target) < untilMs(found.target)) found = { target, tier }
    }
  })
  return found
}

/** "One quick jittered retry", milliseconds. */
const QUICK_RETRY_MIN_MS = 50
const QUICK_RETRY_MAX_MS = 200

/** LiteLLM's INITIAL_RETRY_DELAY and MAX_RETRY_DELAY. */
const BACKOFF_FIRST_MS = 500
const BACKOFF_MAX_MS = 8_000

export type Again = Next & { afterMs: number }

/** A deployment that has failed this call, where the table lets it be asked again and the wait fits into the call's time. */
export function sameTarget(journey: Journey<unknown>, group: Group, settings: RouterSettings): Again | null {
  const { nowMs } = journey.context
  for (const { group: asked, target, tier, row, failure } of journey.failures.toReversed()) {
    if (asked !== group || isUsedUp(journey, group, tier, settings)) continue
    if (row.sameTarget !== 'once' && row.sameTarget !== 'backoff') continue
    const times = failuresOf(journey, group, target)
    // "Once" is meant for a slip. A deployment that has just been taken out is not slipping.
    if (row.sameTarget === 'once' && (times > 1 || standing(target, nowMs) !== 'usable')) continue
    const ownMs =
      row.sameTarget === 'once' ? quickMs(journey) : Math.max(backoffMs(journey, times), waitMs(target, nowMs))
    const afterMs = Math.ceil(Math.max(ownMs, settings.retryAfterMs, namedWaitMs(failure) ?? 0))
    if (afterMs <= Math.max(BACKOFF_MAX_MS, settings.retryAfterMs) && nowMs + afterMs < journey.deadlineMs) {
      return { target, tier, afterMs }
    }
  }
  return null
}

function quickMs({ context }: Journey<unknown>): number {
  return QUICK_RETRY_MIN_MS + context.random() * (QUICK_RETRY_MAX_MS - QUICK_RETRY_MIN_MS)
}

/** Half of the growing delay, and chance adds up to the other half. */
function backoffMs({ context }: Journey<unknown>, times: number): number {
  return (Math.min(BACKOFF_FIRST_MS * 2 ** (times - 1), BACKOFF_MAX_MS) * (1 + context.random())) / 2
}
