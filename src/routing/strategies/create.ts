/** Strategies by the names that the configuration knows, which are LiteLLM's and ours. */
import type { RoutingStrategy } from '../../config/types.ts'
import { cacheAffinity } from './cache-affinity.ts'
import { costBased, type PriceOf } from './cost-based.ts'
import { latencyBased } from './latency-based.ts'
import { leastBusy } from './least-busy.ts'
import { simpleShuffle } from './simple-shuffle.ts'
import type { Strategy } from './strategy.ts'
import { usageBased } from './usage-based.ts'

/** The strategy of a name. */
export function createStrategy(name: RoutingStrategy, priceOf: PriceOf): Strategy {
  switch (name) {
    case 'simple-shuffle':
      return simpleShuffle()
    case 'least-busy':
      return leastBusy()
    case 'latency-based-routing':
      return latencyBased()
    case 'cost-based-routing':
      return costBased(priceOf)
    case 'usage-based-routing':
      return usageBased()
    case 'cache-affinity':
      return cacheAffinity()
    default:
      return name satisfies never
  }
}
