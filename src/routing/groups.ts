/** The configuration as routing reads it: groups with their tiers, strategies and fallbacks. Made once per configuration. */
import { reachWithin } from '../bedrock/model/reach.ts'
import type { Deployment, GatewayConfig, RetryPolicy, RoutingStrategy } from '../config/types.ts'
import { type CredentialsState, newTarget, newTargetState, type Target, type TargetState } from './health/health.ts'
import type { PriceOf } from './strategies/cost-based.ts'
import { createStrategy } from './strategies/create.ts'
import type { Strategy } from './strategies/strategy.ts'

/** Deployments of one `order`; the next tier is asked when this one has nothing left. */
export type Tier = readonly Target[]

export type Group = {
  name: string
  /** The group's first deployment in the configuration: it stands for the group where no deployment may be asked. */
  first: Target
  /** By rising `order`; only deployments inside the group's own regions. */
  tiers: readonly Tier[]
  strategy: Strategy
  retryPolicy: RetryPolicy
  /** Region prefixes that bind every call that asked for this group, wherever it falls back to; null: anywhere. */
  regions: readonly string[] | null
  /** Names of groups, aliases resolved. */
  fallbacks: readonly string[]
  contextWindowFallbacks: readonly string[]
}

export type Groups = {
  /** By name and by alias. */
  byName: ReadonlyMap<string, Group>
  /** By deployment id, in config order. */
  targets: ReadonlyMap<string, Target>
  /** The target of a deployment. A deployment that a pattern made for one model has a target of its own. */
  targetOf(deployment: Deployment): Target | undefined
  /** Targets of the deployments that patterns have made so far. */
  made(): readonly Target[]
}

/**
 * Most models of patterns whose health is remembered. Callers choose the names, so the number is bounded: the model that was asked
 * for longest ago is forgotten, and starts as healthy when it is asked for again.
 */
const MADE_MAX = 1_000

export function buildGroups(config: GatewayConfig, priceOf: PriceOf, previous?: ReadonlyMap<string, Target>): Groups {
  const { router } = config
  const resolve = (name: string): string =>
    config.groups.has(name) ? name : (ownValue(router.modelGroupAlias, name) ?? name)
  const setting = <V>(values: Readonly<Record<string, V>>): ReadonlyMap<string, V> =>
    new Map(Object.entries(values).map(([name, value]) => [resolve(name), value]))
  const strategyNames = setting(router.modelGroupRoutingStrategy)
  const policies = setting(router.modelGroupRetryPolicy)
  const regions = setting(router.modelGroupRegions)
  const fallbacks = setting(router.fallbacks)
  const contextWindowFallbacks = setting(router.contextWindowFallbacks)

  const entries = [...config.deployments, ...config.patterns.flatMap(({ deployments }) => deployments)]
  const credentials = new Map<string, CredentialsState>()
  const credentialsOf = (deployment: Deployment): CredentialsState => {
    const key = credentialsKey(deployment)
    const known = credentials.get(key) ?? { key, answeredMs: null }
    credentials.set(key, known)
    return known
  }
  const targets = new Map(
    entries.map((deployment) => [
      deployment.id,
      newTarget(deployment, credentialsOf(deployment), stateOf(deployment, previous)),
    ]),
  )
  const made = new Map<string, Target>()
  const targetOf = (deployment: Deployment): Target | undefined => {
    const entry = targets.get(deployment.id)
    if (entry === undefined || entry.deployment.model === deployment.model) return entry
    const key = `${deployment.id} ${deployment.model}`
    const target = made.get(key) ?? newTarget(deployment, entry.credentials)
    made.delete(key)
    const [oldest] = made.keys()
    if (made.size >= MADE_MAX && oldest !== undefined) made.delete(oldest)
    made.set(key, target)
    return target
  }
  // One strategy of each name serves all groups: a raw id may have deployments in several, and strategies count by deployment.
  const strategies = new Map<RoutingStrategy, Strategy>()
  const strategyFor = (name: RoutingStrategy): Strategy => {
    const made = strategies.get(name) ?? createStrategy(name, priceOf)
    strategies.set(name, made)
    return made
  }
  const byName = new Map<string, Group>()
  const patterns = config.patterns.map(({ name, deployments }) => [name, deployments] as const)
  for (const [name, deployments] of [...config.groups, ...patterns]) {
    const bound = regions.get(name) ?? null
    const members = deployments.flatMap(({ id }) => targets.get(id) ?? [])
    const [first] = members
    if (first === undefined) continue
    byName.set(name, {
      name,
      first,
      tiers: tiersOf(members.filter(({ deployment }) => bound === null || reachWithin(deployment, bound))),
      strategy: strategyFor(strategyNames.get(name) ?? router.routingStrategy),
      retryPolicy: policies.get(name) ?? router.retryPolicy,
      regions: bound,
      fallbacks: (fallbacks.get(name) ?? router.defaultFallbacks).map(resolve),
      contextWindowFallbacks: (contextWindowFallbacks.get(name) ?? []).map(resolve),
    })
  }
  for (const alias of Object.keys(router.modelGroupAlias)) {
    const group = byName.get(resolve(alias))
    if (group !== undefined && !byName.has(alias)) byName.set(alias, group)
  }
  return { byName, targets, targetOf, made: () => [...made.values()] }
}

export function tiersOf(targets: readonly Target[]): Tier[] {
  const byOrder = Map.groupBy(targets, ({ deployment }) => deployment.order)
  return [...byOrder].sort(([one], [other]) => one - other).map(([, tier]) => tier)
}

/**
 * Health that was learnt under an older configuration still holds for a deployment that is sent to the same place. Only a cool-down
 * for being misconfigured ends: somebody has just changed the configuration, perhaps for that reason.
 */
function stateOf(deployment: Deployment, previous?: ReadonlyMap<string, Target>): TargetState {
  const before = previous?.get(deployment.id)
  const isSame =
    before !== undefined &&
    before.deployment.model === deployment.model &&
    before.deployment.region === deployment.region &&
    before.deployment.runtimeEndpoint === deployment.runtimeEndpoint
  if (!isSame) return newTargetState()
  const { state } = before
  if (state.cooling?.row.coolDown.lasts === 'held') {
    state.cooling = null
    state.coolings = 0
  }
  return state
}

/** Names the credentials of a deployment among those of a configuration. */
function credentialsKey({ credentials }: Deployment): string {
  switch (credentials.kind) {
    case 'keys':
      return `keys ${credentials.accessKeyId}`
    case 'api-key':
      return `api-key ${credentials.token}`
    case 'role':
      return `role ${credentials.roleArn}`
    default:
      return credentials satisfies never
  }
}

function ownValue(record: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
