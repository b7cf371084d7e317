/** `cost-based-routing`: the cheapest deployment; of one model that is the global profile, then geography and region. */
import type { Deployment } from '../../config/types.ts'
import { shareIn } from './simple-shuffle.ts'
import { lowest, pickWeighted, type Strategy } from './strategy.ts'

/**
 * A figure by which deployments of one model can be compared, such as USD per million input tokens; null where it is not known.
 * Called at every choice, so that a changed price takes effect; whoever passes the function in caches what is dear to compute.
 */
export type PriceOf = (deployment: Deployment) => number | null

export function costBased(priceOf: PriceOf): Strategy {
  /** A deployment of unknown price is asked last, since it may cost anything. */
  const price = (deployment: Deployment): number => priceOf(deployment) ?? Number.POSITIVE_INFINITY
  return {
    pick(usable, { random }) {
      const cheapest = lowest(usable, ({ deployment }) => price(deployment))
      const from = cheapest.length > 0 ? cheapest : usable
      return pickWeighted(from, shareIn(from), random)
    },
  }
}
