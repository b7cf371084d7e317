/** Model groups, patterns, aliases and fallbacks put together, without those that lead to nothing. */
import type { Issues } from '../../issues.ts'
import { matchPattern, sortPatterns } from '../../patterns.ts'
import { joinPath } from '../../setting-path.ts'
import type { Deployment, PatternGroup } from '../../types.ts'
import type { Draft } from '../deployment.ts'
import type { Leavings } from '../left-out.ts'
import type { ModelList } from '../model-list.ts'
import { asRecord, type RouterReading, type RouterSettings } from '../router-settings.ts'
import type { Edge, EdgesByGroup, FallbackGraph } from './fallbacks.ts'

export type GatheredGroups = {
  /** By name of the group, patterns too; with the deployments that could be read. */
  members: ReadonlyMap<string, readonly Draft[]>
  graph: FallbackGraph
  /** In config order, without those of patterns. */
  deployments: readonly Deployment[]
  patterns: readonly PatternGroup[]
  settings: RouterSettings
}

/** Settings by the name of a model group. */
const BY_GROUP = {
  model_group_retry_policy: 'modelGroupRetryPolicy',
  model_group_routing_strategy: 'modelGroupRoutingStrategy',
  model_group_regions: 'modelGroupRegions',
} as const

export function gatherGroups(
  list: ModelList,
  { settings, graph }: RouterReading,
  leavings: Leavings,
  issues: Issues,
): GatheredGroups {
  const named = nameDeployments(list.drafts, issues)
  const patterns = sortPatterns(groupPatterns(named))
  const drafts = [...list.drafts, ...namedByThisFile(settings, graph, list.drafts, patterns)]
  const members = Map.groupBy(
    drafts.filter(({ group }) => group !== undefined),
    ({ group = '' }) => group,
  )
  const aliases = keepAliases(settings, members, leavings, issues)
  const resolve = (name: string) => resolveName(members, aliases, name)
  const kept = keepFallbacks(graph, (name) => resolve(name) !== undefined, leavings)
  const ordinary = nameDeployments(drafts, issues).filter(({ isPattern }) => !isPattern)
  return {
    members,
    graph: kept,
    deployments: ordinary.map(({ deployment }) => deployment),
    patterns,
    settings: {
      ...settings,
      ...keepSettings(settings, members, aliases, list.leftOutNames, issues),
      modelGroupAlias: aliases,
      fallbacks: asRecord(kept.fallbacks),
      contextWindowFallbacks: asRecord(kept.contextWindowFallbacks),
      defaultFallbacks: kept.defaultFallbacks.map((edge) => edge.to),
    },
  }
}

/** The group that a name stands for, through one alias; undefined where there is none. */
export function resolveName(
  members: ReadonlyMap<string, unknown>,
  aliases: Readonly<Record<string, string>>,
  name: string,
): string | undefined {
  if (members.has(name)) return name
  const target = Object.hasOwn(aliases, name) ? aliases[name] : undefined
  return target !== undefined && members.has(target) ? target : undefined
}

type Named = { isPattern: boolean; deployment: Deployment }

/** Deployments with their ids: `model_info.id`, else `<model_name>/<region>/<n>`. */
function nameDeployments(drafts: readonly Draft[], issues: Issues): readonly Named[] {
  const counts = new Map<string, number>()
  const taken = new Map<string, string>()
  return drafts.flatMap(({ path, explicitId, isPattern, deployment }) => {
    const place = deployment === undefined ? path : `${deployment.group}/${deployment.region}`
    const number = (counts.get(place) ?? 0) + 1
    counts.set(place, number)
    const id = explicitId ?? `${place}/${number}`
    const other = taken.get(id)
    if (other !== undefined) {
      issues.error(`${path}.model_info.id`, `the id "${id}" belongs to ${other} already: give each deployment its own`)
    }
    taken.set(id, path)
    return deployment === undefined ? [] : [{ isPattern, deployment: { id, ...deployment } }]
  })
}

function groupPatterns(named: readonly Named[]): readonly PatternGroup[] {
  const entries = named.filter(({ isPattern }) => isPattern).map(({ deployment }) => deployment)
  return Array.from(
    Map.groupBy(entries, ({ group }) => group),
    ([name, deployments]) => ({ name, deployments }),
  )
}

/**
 * Names that the file itself uses for a model which only a pattern serves, in fallbacks, aliases and settings by group: each
 * becomes a model group like any other.
 */
function namedByThisFile(
  settings: RouterSettings,
  graph: FallbackGraph,
  drafts: readonly Draft[],
  patterns: readonly PatternGroup[],
): readonly Draft[] {
  const taken = new Set(drafts.map(({ group }) => group))
  const names = [
    ...Object.values(settings.modelGroupAlias),
    ...Object.values(BY_GROUP).flatMap((setting) => Object.keys(settings[setting])),
    ...[graph.fallbacks, graph.contextWindowFallbacks].flatMap((byGroup) => [...byGroup.keys()]),
    ...allEdges(graph).map(({ to }) => to),
  ]
  const isAlias = (name: string) => Object.hasOwn(settings.modelGroupAlias, name)
  return [...new Set(names)].flatMap((name) => {
    const match = taken.has(name) || isAlias(name) ? null : matchPattern(patterns, name)
    return (match?.deployments ?? []).map(({ id, ...deployment }): Draft => {
      const path = drafts.find(({ group }) => group === match?.group)?.path ?? id
      const { model, region, reach } = deployment
      return {
        path,
        group: name,
        reference: { id: model },
        region,
        reach,
        isPattern: false,
        deployment: { ...deployment, group: name },
      }
    })
  })
}

function allEdges(graph: FallbackGraph): readonly Edge[] {
  return [...graph.fallbacks.values(), ...graph.contextWindowFallbacks.values(), graph.defaultFallbacks].flat()
}

const missing = (name: string) => `there is no model group "${name}"`

function keepAliases(
  { modelGroupAlias }: RouterSettings,
  members: ReadonlyMap<string, unknown>,
  leavings: Leavings,
  issues: Issues,
): Record<string, string> {
  const kept = Object.entries(modelGroupAlias).filter(([alias, target]) => {
    const path = joinPath('router_settings.model_group_alias', alias)
    if (members.has(alias)) issues.error(path, 'a model group has this name already: rename one of them')
    if (!members.has(target)) leavings.add(path, missing(target))
    return members.has(target)
  })
  return Object.fromEntries(kept)
}

function keepFallbacks(graph: FallbackGraph, isThere: (name: string) => boolean, leavings: Leavings): FallbackGraph {
  const keepEdges = (edges: readonly Edge[]): readonly Edge[] =>
    edges.filter(({ to, path }) => {
      if (!isThere(to)) leavings.add(path, missing(to))
      return isThere(to)
    })
  const keep = (byGroup: EdgesByGroup): EdgesByGroup => {
    const kept = Array.from(byGroup).filter(([group, [first]]) => {
      if (!isThere(group) && first !== undefined) leavings.add(first.path.replace(/\[0\]$/, ''), missing(group))
      return isThere(group)
    })
    return new Map(kept.map(([group, edges]) => [group, keepEdges(edges)]))
  }
  return {
    fallbacks: keep(graph.fallbacks),
    contextWindowFallbacks: keep(graph.contextWindowFallbacks),
    defaultFallbacks: keepEdges(graph.defaultFallbacks),
  }
}

type SettingsByGroup = Pick<RouterSettings, (typeof BY_GROUP)[keyof typeof BY_GROUP]>

/** A setting for a group that is nowhere in the file is an error: it may be a restriction whose name is misspelt. */
function keepSettings(
  settings: RouterSettings,
  members: ReadonlyMap<string, unknown>,
  aliases: Readonly<Record<string, string>>,
  leftOutNames: ReadonlySet<string>,
  issues: Issues,
): SettingsByGroup {
  const keep = <Value>(setting: keyof typeof BY_GROUP, values: Readonly<Record<string, Value>>) => {
    const kept = Object.entries(values).filter(([group]) => {
      if (members.has(group) || leftOutNames.has(group)) return members.has(group)
      const mend = Object.hasOwn(aliases, group)
        ? 'this is an alias: write the model group itself'
        : `${missing(group)}: write the model_name of an entry`
      issues.error(joinPath(`router_settings.${setting}`, group), mend)
      return false
    })
    return Object.fromEntries(kept)
  }
  return {
    modelGroupRetryPolicy: keep('model_group_retry_policy', settings.modelGroupRetryPolicy),
    modelGroupRoutingStrategy: keep('model_group_routing_strategy', settings.modelGroupRoutingStrategy),
    modelGroupRegions: keep('model_group_regions', settings.modelGroupRegions),
  }
}
