/** `least-busy`: the fewest calls under way in this isolate, streams counted until their end. */
import { inFlight } from '../health/health.ts'
import { shareIn } from './simple-shuffle.ts'
import { lowest, pickWeighted, type Strategy } from './strategy.ts'

export function leastBusy(): Strategy {
  return {
    pick(usable, { random }) {
      const idle = lowest(usable, inFlight)
      return pickWeighted(idle, shareIn(idle), random)
    },
  }
}
