/** The one interface of all strategies, and the help they share. A strategy chooses; health and retries are not its business. */
import type { Target } from '../health/health.ts'

export type PickContext = {
  readonly nowMs: number
  readonly random: () => number
  readonly bodyBytes: Uint8Array | null
  readonly estimatedInputTokens: number | undefined
  readonly maxTokens: number | undefined
  /** Filled by `cache-affinity` once for all attempts of a call; undefined: not looked for yet, null: nothing is cached. */
  prefixHash?: number | null
}

export type Usage = { inputTokens: number; outputTokens: number; cacheWriteInputTokens?: number }

export type Strategy = {
  /** One of at least two deployments that may be asked. */
  pick(usable: readonly Target[], context: PickContext): Target | undefined
  /** The call goes to this deployment; the tokens reserved for it, to be handed back by one of the next two. */
  admitted?(target: Target, context: PickContext): number
  refused?(target: Target, reserved: number, nowMs: number): void
  finished?(target: Target, reserved: number, usage: Usage, nowMs: number): void
}

/** One at random, by weight; any of them where no weight is above 0. */
export function pickWeighted(
  targets: readonly Target[],
  weightOf: (target: Target) => number,
  random: () => number,
): Target | undefined {
  const total = targets.reduce((sum, target) => sum + weightOf(target), 0)
  if (total <= 0) return pickAny(targets, random)
  let rest = random() * total
  for (const target of targets) {
    rest -= weightOf(target)
    if (rest < 0) return target
  }
  return targets.findLast((target) => weightOf(target) > 0)
}

export function pickAny(targets: readonly Target[], random: () => number): Target | undefined {
  return targets[Math.floor(random() * targets.length)]
}

/** Those with the lowest score; several where it is the same. */
export function lowest(targets: readonly Target[], scoreOf: (target: Target) => number): Target[] {
  let best = Number.POSITIVE_INFINITY
  let found: Target[] = []
  for (const target of targets) {
    const score = scoreOf(target)
    if (score < best) {
      best = score
      found = [target]
    } else if (score === best) found.push(target)
  }
  return found
}
