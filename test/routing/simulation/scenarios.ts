/** The worlds of the report: what is asked of which deployments, and what goes wrong there. */
import type { Deployment, RouterSettings, RoutingStrategy } from '../../../src/config/types.ts'
import { configOf, deployment, NOON_MS, SETTINGS, seededRandom } from '../support.ts'
import { createClock } from './clock.ts'
import { type CallSpec, drive, ours, type Tally } from './drive.ts'
import { litellm } from './litellm.ts'
import { conversations, singleCalls } from './traces.ts'
import { createWorld, type Pool, type Trouble } from './world.ts'

const GLOBAL_MODEL = 'global.anthropic.claude-sonnet-4-5-20250929-v1:0'
const MINUTE_MS = 60_000

/** LiteLLM's numbers, with a time-out for streams that such users set. */
const ROUTER: Partial<RouterSettings> = { streamTimeoutMs: 10_000, timeoutMs: 60_000 }

export type Scenario = {
  deployments: readonly Deployment[]
  pools: Readonly<Record<string, Pool>>
  trace(random: () => number): CallSpec[]
}

const trouble = (kind: Trouble['kind'], fromMinute: number, untilMinute: number): Trouble => ({
  kind,
  fromMs: NOON_MS + fromMinute * MINUTE_MS,
  untilMs: NOON_MS + untilMinute * MINUTE_MS,
})

function pool(rpm: number, msToFirstFrame: number, troubles: readonly Trouble[] = []): Pool {
  return { rpm, tpm: rpm * 6_000, msToFirstFrame, troubles }
}

function deploymentsOf(pools: Readonly<Record<string, Pool>>): Deployment[] {
  return Object.entries(pools).map(([name, { rpm, tpm }]) => {
    const [region = '', scope] = name.split('/')
    return deployment(name, scope === undefined ? { region, rpm, tpm } : { region, rpm, tpm, model: GLOBAL_MODEL })
  })
}

const rough: Scenario['pools'] = {
  'us-east-1': pool(300, 350, [trouble('unavailable', 1, 2)]),
  'us-east-2': pool(200, 400, [trouble('silent', 3, 4)]),
  'us-west-2': pool(200, 450, [trouble('denied', 0, 10)]),
  'us-west-2/global': pool(200, 500, [trouble('no-more-today', 8, 10)]),
  'eu-central-1': pool(200, 600, [trouble('slow', 6, 8)]),
  'eu-west-1': pool(200, 650, [trouble('unreachable', 5, 6)]),
}

/** Six buckets of quota, each with a trouble of its own, for ten minutes; the load comes near what is left of them. */
export const ROUGH_DAY: Scenario = {
  deployments: deploymentsOf(rough),
  pools: rough,
  trace: (random) =>
    singleCalls(
      [
        { fromMs: 0, perSecond: 6 },
        { fromMs: 2 * MINUTE_MS, perSecond: 10 },
        { fromMs: 3 * MINUTE_MS, perSecond: 8 },
        { fromMs: 9 * MINUTE_MS, perSecond: 11 },
      ],
      10 * MINUTE_MS,
      random,
    ),
}

const pair: Scenario['pools'] = {
  'us-east-1': pool(600, 350),
  'us-east-2': { ...pool(600, 350), rpm: 0 },
}

/** Two deployments of which one always throttles. */
export const THROTTLED_PAIR: Scenario = {
  deployments: ['us-east-1', 'us-east-2'].map((region) => deployment(region, { region })),
  pools: pair,
  trace: (random) => singleCalls([{ fromMs: 0, perSecond: 4 }], 5 * MINUTE_MS, random),
}

const sole: Scenario['pools'] = { 'us-east-1': pool(60, 350, [trouble('unavailable', 3, 4)]) }

/** One deployment that is asked for twice its quota, and is away for a minute. */
export const SOLE: Scenario = {
  deployments: deploymentsOf(sole),
  pools: sole,
  trace: (random) => singleCalls([{ fromMs: 0, perSecond: 2 }], 5 * MINUTE_MS, random),
}

const calm: Scenario['pools'] = {
  'us-east-1': pool(400, 350),
  'us-east-2': pool(400, 400),
  'us-west-2': pool(400, 450),
  'eu-central-1': pool(400, 600),
}

/** Conversations over an hour in four regions with room. */
export const CONVERSATIONS: Scenario = {
  deployments: deploymentsOf(calm),
  pools: calm,
  trace: (random) => conversations(900, 60, 60 * MINUTE_MS, random),
}

export type Rival = RoutingStrategy | 'litellm'

/** One gateway over one scenario. The trace is the same for all gateways; chance in routing and in the world is not shared. */
export async function play(scenario: Scenario, rival: Rival, seed: number): Promise<Tally> {
  const clock = createClock(NOON_MS)
  const world = createWorld(scenario.pools, clock, seededRandom(seed + 1))
  const random = seededRandom(seed + 2)
  const settings: RouterSettings = { ...SETTINGS, ...ROUTER }
  const gateway =
    rival === 'litellm'
      ? litellm(scenario.deployments, settings, clock.now, random)
      : ours(configOf(scenario.deployments, { ...ROUTER, routingStrategy: rival }), clock, random)
  return drive(scenario.trace(seededRandom(seed)), gateway, world, clock)
}
