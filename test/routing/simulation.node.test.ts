import { describe, expect, test } from 'vitest'
import type { Deployment, GatewayConfig, RouterSettings, RoutingStrategy } from '../../src/config/types.ts'
import { createClock } from './simulation/clock.ts'
import { type CallSpec, drive, ours } from './simulation/drive.ts'
import { watchInvariants } from './simulation/invariants.ts'
import { CONVERSATIONS, play, ROUGH_DAY, SOLE, THROTTLED_PAIR } from './simulation/scenarios.ts'
import { singleCalls } from './simulation/traces.ts'
import { createWorld, type Pool, type Trouble } from './simulation/world.ts'
import { configOf, deployment, NOON_MS, seededRandom } from './support.ts'

const STRATEGIES: RoutingStrategy[] = [
  'simple-shuffle',
  'least-busy',
  'latency-based-routing',
  'cost-based-routing',
  'usage-based-routing',
  'cache-affinity',
]
const MINUTE_MS = 60_000
const KINDS: Trouble['kind'][] = ['unavailable', 'unreachable', 'silent', 'slow', 'denied', 'no-more-today']
const REGIONS = ['us-east-1', 'us-east-2', 'us-west-2', 'eu-central-1', 'eu-west-1']

/** A run of its own can be repeated: `SIMULATION_SEED=17 vitest run test/routing/simulation.node.test.ts`. */
const SEEDS = process.env.SIMULATION_SEED === undefined ? [1, 2, 3, 4] : [Number(process.env.SIMULATION_SEED)]

/** Regions with quotas and troubles by chance, all of them over after six minutes. */
function roughWorld(random: () => number): Record<string, Pool> {
  const pools = REGIONS.map((region): [string, Pool] => {
    // Europe is narrow, so that the group that is bound to it comes to its end.
    const rpm = region.startsWith('eu-') ? 40 + Math.floor(random() * 60) : 60 + Math.floor(random() * 300)
    const troubles = Array.from({ length: Math.floor(random() * 3) }, (): Trouble => {
      const fromMs = NOON_MS + random() * 5 * MINUTE_MS
      const kind = KINDS[Math.floor(random() * KINDS.length)] ?? 'slow'
      return { kind, fromMs, untilMs: fromMs + random() * MINUTE_MS }
    })
    return [region, { rpm, tpm: rpm * 5_000, msToFirstFrame: 200 + random() * 800, troubles }]
  })
  return Object.fromEntries(pools)
}

/** All regions behind `m`, with tiers; those of Europe behind `eu`, which is bound to them and falls back to `m`. */
function twoGroups(strategy: RoutingStrategy, random: () => number): GatewayConfig {
  const all = REGIONS.map((region) => deployment(`m/${region}`, { region, order: random() < 0.3 ? 1 : 0 }))
  const eu = REGIONS.filter((region) => region.startsWith('eu-')).map((region) =>
    deployment(`eu/${region}`, { region, group: 'eu' }),
  )
  const router: Partial<RouterSettings> = {
    routingStrategy: strategy,
    streamTimeoutMs: 5_000,
    timeoutMs: 30_000,
    fallbacks: { eu: ['m'] },
    modelGroupRegions: { eu: ['eu-'] },
  }
  return configOf([...all, ...eu], router)
}

async function playRough(strategy: RoutingStrategy, seed: number) {
  const random = seededRandom(seed)
  const clock = createClock(NOON_MS)
  const config = twoGroups(strategy, random)
  const isEuropean = ({ region }: Deployment) => region.startsWith('eu-')
  const invariants = watchInvariants({
    now: clock.now,
    deployments: config.deployments,
    allowed: (group) => config.deployments.filter((one) => (group === 'm' ? one.group === 'm' : isEuropean(one))),
    // Three attempts in each of two tiers, after three in the group asked for.
    attemptsMax: 9,
  })
  const world = createWorld(roughWorld(random), clock, random)
  let fellBack = 0
  const gateway = ours(config, clock, random, {
    ...invariants,
    onAttempt(spec, target, made) {
      if (spec.group === 'eu' && target.group === 'm') fellBack++
      invariants.onAttempt?.(spec, target, made)
    },
  })
  const rough = singleCalls([{ fromMs: 0, perSecond: 6 }], 6 * MINUTE_MS, random, () => (random() < 0.6 ? 'eu' : 'm'))
  const calm = singleCalls([{ fromMs: 0, perSecond: 0.5 }], 14 * MINUTE_MS, random, () => (random() < 0.5 ? 'eu' : 'm'))
  const trace: CallSpec[] = [...rough, ...calm.map((call) => ({ ...call, atMs: call.atMs + 6 * MINUTE_MS }))]
  const tally = await drive(trace, gateway, world, clock)
  return { tally, invariants, fellBack, health: gateway.router.health(), nowMs: clock.now() }
}

describe.each(STRATEGIES)('two thousand calls through regions that fail by chance, %s', (strategy) => {
  test.each(SEEDS)('keep every invariant at every step, seed %i', async (seed) => {
    const { tally, invariants, fellBack, health } = await playRough(strategy, seed)
    const again = `SIMULATION_SEED=${seed}`
    expect(tally.calls, again).toBeGreaterThan(2_000)
    // Otherwise the bound on regions would never have been put to the test.
    expect(fellBack, again).toBeGreaterThan(0)
    expect(invariants.violations, again).toEqual([])
    expect(
      health.reduce((sum, { inFlight }) => sum + inFlight, 0),
      again,
    ).toBe(0)
    // Everything was mended fourteen minutes ago. A daily quota rests until midnight, all else has come back if it was asked for.
    const still = health.filter(({ state, reason }) => state !== 'healthy' && reason?.row !== 'throttled-per-day')
    expect(
      still.filter(({ state }) => state !== 'probing'),
      again,
    ).toEqual([])
  })
})

test('the same seed gives the same run', async () => {
  const one = await playRough('simple-shuffle', 1)
  const other = await playRough('simple-shuffle', 1)
  expect([one.tally, one.nowMs]).toEqual([other.tally, other.nowMs])
})

describe('against LiteLLM on the same trace', () => {
  test.each(STRATEGIES)(
    '%s loses at most one call in a thousand of a rough day, LiteLLM over five',
    async (strategy) => {
      const rival = await play(ROUGH_DAY, 'litellm', 1)
      const tally = await play(ROUGH_DAY, strategy, 1)
      expect(tally.calls).toBe(rival.calls)
      expect(1 - rival.served / rival.calls).toBeGreaterThan(0.005)
      expect(1 - tally.served / tally.calls).toBeLessThanOrEqual(0.001)
      expect(tally.badAttempts / tally.badCalls).toBeLessThan(1.1)
    },
  )

  test('with one of two deployments always throttled nothing is lost', async () => {
    const rival = await play(THROTTLED_PAIR, 'litellm', 1)
    const tally = await play(THROTTLED_PAIR, 'simple-shuffle', 1)
    expect(rival.served).toBeLessThan(rival.calls)
    expect(tally.served).toBe(tally.calls)
  })

  test('a sole deployment over its quota serves as much with far fewer attempts', async () => {
    const rival = await play(SOLE, 'litellm', 1)
    const tally = await play(SOLE, 'simple-shuffle', 1)
    expect(tally.served / rival.served).toBeGreaterThan(0.97)
    expect(tally.attempts).toBeLessThan(rival.attempts / 2)
  })

  test('cache-affinity at least halves the input cost of conversations', async () => {
    const rival = await play(CONVERSATIONS, 'litellm', 1)
    const tally = await play(CONVERSATIONS, 'cache-affinity', 1)
    expect([tally.served, rival.served]).toEqual([rival.calls, rival.calls])
    expect(tally.inputPicoUsd * 2n).toBeLessThan(rival.inputPicoUsd)
  })
})
