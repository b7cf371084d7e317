/** `latency-based-routing`: the shortest time to the first frame, by a moving average over the answers of this isolate. */
import { pickAny, type Strategy } from './strategy.ts'

/** Share of the calls that go to a random deployment, so that one which was slow once is measured again. */
const EXPLORATION_SHARE = 0.05

/** Deployments whose average is within this share of the fastest are treated as equally fast: the average is not more exact than that. */
const BUFFER_SHARE = 0.1

export function latencyBased(): Strategy {
  return {
    pick(usable, { random }) {
      const unmeasured = usable.filter(({ state }) => state.msToFirstFrame === null)
      if (unmeasured.length > 0) return pickAny(unmeasured, random)
      if (random() < EXPLORATION_SHARE) return pickAny(usable, random)
      const limitMs = Math.min(...usable.map(({ state }) => state.msToFirstFrame ?? 0)) * (1 + BUFFER_SHARE)
      const fast = usable.filter(({ state }) => (state.msToFirstFrame ?? 0) <= limitMs)
      return pickAny(fast, random)
    },
  }
}
