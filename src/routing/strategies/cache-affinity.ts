/**
 * `cache-affinity`: calls whose prompts share what is before their first cache point go to the same deployment, because prompt
 * caches are per region and account: a cache read costs a tenth of the input, a miss elsewhere a cache write of 1.25 times.
 * They move only when their deployment is out or has far more calls under way than the others, and come back afterwards,
 * within the life of the cache (5 minutes, longer with each read).
 *
 * Needs no memory and no agreement: every isolate computes the same choice from the bytes of the request.
 */
import { inFlight, type Target } from '../health/health.ts'
import { cachedPrefix } from './prompt-prefix.ts'
import { hashSpans, hashText, score } from './rendezvous.ts'
import { shareIn } from './simple-shuffle.ts'
import { type PickContext, pickWeighted, type Strategy } from './strategy.ts'

/**
 * A deployment is passed over when it has more calls under way than this many times its share, and more than the floor.
 * Consistent hashing with bounded loads, https://arxiv.org/abs/1608.01350; the bound is loose, since moving costs a cache write.
 */
const OVERLOAD_FACTOR = 2
const OVERLOAD_FLOOR = 8

export function cacheAffinity(): Strategy {
  const hashes = new Map<string, number>()
  const hashOf = (id: string): number => {
    const known = hashes.get(id)
    if (known !== undefined) return known
    const hash = hashText(id)
    hashes.set(id, hash)
    return hash
  }

  return {
    pick(usable, context) {
      const key = prefixHash(context)
      const weight = shareIn(usable)
      // Nothing to be found again: such calls even out the load instead.
      if (key === null) return pickWeighted(usable, weight, context.random)
      const limit = overloadLimit(usable, weight)
      const roomy = usable.filter((target) => inFlight(target) <= limit(target))
      let best: Target | undefined
      let bestScore = Number.NEGATIVE_INFINITY
      for (const target of roomy.length > 0 ? roomy : usable) {
        const value = score(key, hashOf(target.deployment.id), weight(target))
        if (value > bestScore) {
          best = target
          bestScore = value
        }
      }
      return best
    },
  }
}

function overloadLimit(usable: readonly Target[], weight: (target: Target) => number): (target: Target) => number {
  let calls = 0
  let total = 0
  for (const target of usable) {
    calls += inFlight(target)
    total += weight(target)
  }
  return (target) => Math.max(OVERLOAD_FLOOR, (OVERLOAD_FACTOR * (calls + 1) * weight(target)) / (total || 1))
}

function prefixHash(context: PickContext): number | null {
  if (context.prefixHash !== undefined) return context.prefixHash
  const prefix = context.bodyBytes === null ? null : cachedPrefix(context.bodyBytes)
  context.prefixHash = prefix === null || context.bodyBytes === null ? null : hashSpans(context.bodyBytes, prefix)
  return context.prefixHash
}
