/**
 * What every routing strategy implements, and helpers that several share. A strategy only chooses among deployments that may be
 * asked; health and retries are decided elsewhere.
 */
import type { Target } from '../health/health.ts'

export type PickContext = {
  readonly nowMs: number
  readonly random: () => number
  readonly bodyBytes: Uint8Array | null
  readonly estimatedInputTokens: number | undefined
  readonly maxTokens: number | undefined
  /**
   * Hash of the cached part of the prompt, which `cache-affinity` computes once for all attempts of a call. Undefined: not computed
   * yet; null: the prompt has no cache point.
   */
  prefixHash?: number | null
}

export type Usage = { inputTokens: number; outputTokens: number; cacheWriteInputTokens?: number }

export type Strategy = {
  /** Chooses one of `usable`, which holds at least two deployments. */
  pick(usable: readonly Target[], context: PickContext): Target | undefined
  /** An attempt begins on this deployment. Returns the tokens that it reserves there, which `failed` or `finished` gets back. */
  started?(target: Target, context: PickContext): number
  failed?(target: Target, reserved: number, nowMs: number): void
  finished?(target: Target, reserved: number, usage: Usage, nowMs: number): void
}

/** A random deployment, chosen by weight; where no weight is above 0, each is equally likely. */
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

/** The deployments with the lowest score: more than one where several have it. */
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
