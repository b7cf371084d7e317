/** A gateway whose model groups have deployments in several regions, asked over real sockets, for the tests of failing over. */
import { type Answer, type CallInit, call, callIdOf, lineOf, type Row } from '../relay/calls.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { modelIdOf } from './cases.ts'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from './harness.ts'

/** Asked first and second where a group is `ordered`. */
export const FIRST = 'us-east-1'
export const SECOND = 'us-west-2'
export const EU_REGIONS = ['eu-central-1', 'eu-west-1'] as const

type Entry = Record<string, unknown>

/** A model group with a deployment in each region. Its model id is its own unless `sameAs` names a group, so that a fault stays with it. */
export type GroupSpec = {
  name: string
  regions: readonly string[]
  /** One tier for each region, in their order; without it chance decides. */
  ordered?: boolean
  sameAs?: string
  /** Further `litellm_params` of all deployments. */
  params?: Entry
}

export function ordered(name: string, params: Entry = {}): GroupSpec {
  return { name, regions: [FIRST, SECOND], ordered: true, params }
}

export type Bench = {
  simulator: Simulator
  gateway: RunningGateway
  ask(model: string, action: string, init?: CallInit): Promise<Answer>
  /** The record of a call, from its log line. */
  record(answer: Answer): Promise<Row>
  /** Requests that the upstreams of a group received, by region. */
  received(group: string): Record<string, number>
  stop(): Promise<void>
}

export async function startBench(groups: readonly GroupSpec[], routerSettings: Entry = {}): Promise<Bench> {
  const simulator = await startSimulator({ regions: [FIRST, SECOND, ...EU_REGIONS], recordings: null })
  const model_list = groups.flatMap(({ name, regions, ordered: inOrder, sameAs, params }) =>
    regions.map((region, at) =>
      deploymentOf(simulator, name, modelIdOf(sameAs ?? name), region, {
        ...(inOrder ? { order: at + 1 } : {}),
        ...params,
      }),
    ),
  )
  const config = { model_list, router_settings: routerSettings, general_settings: { master_key: MASTER_KEY } }
  const gateway = await startGateway({ config })
  return {
    simulator,
    gateway,
    ask: (model, action, init) => call(gateway, model, action, init),
    record: (answer) => lineOf(gateway, callIdOf(answer)),
    received(group) {
      const counts: Record<string, number> = {}
      for (const { region } of simulator.listeners) {
        const count = simulator.count({ model: modelIdOf(group), region })
        if (count > 0) counts[region] = count
      }
      return counts
    },
    async stop() {
      await gateway.stop()
      await simulator.close()
    },
  }
}

/** Wait that an error names, in both of its forms; null where one is missing or they do not agree. */
export function namedWaitMs({ headers }: Answer): number | null {
  const ms = Number(headers.get('x-amz-retry-after') ?? Number.NaN)
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return seconds === Math.max(1, Math.ceil(ms / 1000)) ? ms : null
}
