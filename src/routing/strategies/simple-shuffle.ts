/** `simple-shuffle`: at random, by `weight`, else by `rpm`, else by `tpm`, as in LiteLLM. */
import type { Target } from '../health/health.ts'
import { pickWeighted, type Strategy } from './strategy.ts'

const MEASURES = ['weight', 'rpm', 'tpm'] as const

export function simpleShuffle(): Strategy {
  return { pick: (usable, { random }) => pickWeighted(usable, shareIn(usable), random) }
}

/**
 * Weight of each deployment by the first measure that any of them states. One that does not state it counts as their mean:
 * in LiteLLM it counts 0 and is never asked, which nobody means who gave a weight to one deployment only.
 */
export function shareIn(targets: readonly Target[]): (target: Target) => number {
  for (const measure of MEASURES) {
    let sum = 0
    let stated = 0
    for (const { deployment } of targets) {
      const value = deployment[measure]
      if (value === undefined) continue
      sum += value
      stated++
    }
    if (stated > 0) return ({ deployment }) => deployment[measure] ?? sum / stated
  }
  return () => 1
}
