/** The checks that span model groups: names, circles, portability and residency of their fallbacks. */
import { readSameBody } from '../../../bedrock/model/families/families.ts'
import { foundationIdOf } from '../../../bedrock/model/model-id.ts'
import { type Reach, reachStaysWithin, regionWithin } from '../../../bedrock/model/reach.ts'
import type { Issues } from '../../issues.ts'
import { UNKNOWN_REGION } from '../../secrets.ts'
import type { Draft } from '../deployment.ts'
import { type ModelReference, servesInvokeOnly } from '../model-setting.ts'
import type { Edge, EdgesByGroup } from './fallbacks.ts'
import { type GatheredGroups, resolveName } from './gathered-groups.ts'

/** @param groups without names that lead to nothing */
export function checkGroups(groups: GatheredGroups, issues: Issues): void {
  const { graph } = groups
  for (const edges of [graph.fallbacks, graph.contextWindowFallbacks]) {
    checkCycles(edges, groups, issues)
    checkPortable(edges, groups, issues)
  }
  checkResidency(groups, issues)
}

function resolveGroup({ members, settings }: GatheredGroups, name: string): string | undefined {
  return resolveName(members, settings.modelGroupAlias, name)
}

/** Each cycle is reported once, at the fallback that closes it. */
function checkCycles(byGroup: EdgesByGroup, groups: GatheredGroups, issues: Issues): void {
  const done = new Set<string>()
  const next = new Map([...byGroup].map(([group, edges]) => [resolveGroup(groups, group) ?? group, edges]))
  const visit = (group: string, trail: readonly string[]): void => {
    for (const edge of next.get(group) ?? []) {
      const target = resolveGroup(groups, edge.to) ?? edge.to
      const start = trail.indexOf(target)
      if (start >= 0) {
        const cycle = [...trail.slice(start), target].join(' → ')
        issues.warn(
          edge.path,
          `fallbacks go in a circle (${cycle}): a call leaves each group once, so the circle ends there`,
        )
      } else if (!done.has(target)) visit(target, [...trail, target])
    }
    done.add(group)
  }
  for (const group of next.keys()) {
    if (!done.has(group)) visit(group, [group])
  }
}

/** Says of each fallback which calls it can never serve: Converse means the same to every model, a body of InvokeModel does not. */
function checkPortable(byGroup: EdgesByGroup, groups: GatheredGroups, issues: Issues): void {
  for (const [from, edges] of byGroup) {
    const asked = readableMembers(groups, from)
    for (const edge of edges) {
      const targets = readableMembers(groups, edge.to)
      if ([...asked, ...targets].some(({ isPattern }) => isPattern)) continue
      const byConverse = [asked, targets].every((members) =>
        members.some((draft) => !servesInvokeOnly(draft.reference)),
      )
      const byInvoke = asked.some((one) => targets.some((other) => haveSameBody(one, other)))
      if (byInvoke) continue
      const message = byConverse
        ? `calls of InvokeModel never fall back from "${from}" to "${edge.to}", because their models read different bodies; calls of Converse do`
        : `"${edge.to}" can never answer for "${from}": Converse does not reach both, and their models read different Invoke bodies`
      issues.warn(edge.path, message)
    }
  }
}

type ReadableDraft = Draft & { reference: ModelReference }

function readableMembers(groups: GatheredGroups, name: string): readonly ReadableDraft[] {
  const members = groups.members.get(resolveGroup(groups, name) ?? '') ?? []
  return members.filter((draft): draft is ReadableDraft => draft.reference !== undefined)
}

function haveSameBody(one: ReadableDraft, other: ReadableDraft): boolean {
  const [id, otherId] = [one, other].map(({ reference, deployment }) =>
    foundationIdOf(reference.id, deployment?.baseModel),
  )
  return typeof id === 'string' && typeof otherId === 'string' && readSameBody(id, otherId)
}

/** A group bound to regions must not reach a deployment elsewhere, by any chain of fallbacks. */
function checkResidency(groups: GatheredGroups, issues: Issues): void {
  for (const [name, prefixes] of Object.entries(groups.settings.modelGroupRegions)) {
    const bound = resolveGroup(groups, name)
    if (bound === undefined) continue
    for (const draft of groups.members.get(bound) ?? []) {
      const fault = outside(draft, prefixes)
      if (fault !== null)
        issues.error(`${draft.path}.litellm_params.${fault.setting}`, `${fault.reason} of its model group "${name}"`)
    }
    for (const edge of reachableEdges(groups, bound)) {
      const target = resolveGroup(groups, edge.to)
      if (target === undefined || target === bound) continue
      if ((groups.members.get(target) ?? []).some((draft) => outside(draft, prefixes) !== null)) {
        issues.error(
          edge.path,
          `"${edge.to}" has deployments outside the model_group_regions of "${name}", which falls back to it: remove the fallback, or bind both to the same regions`,
        )
      }
    }
  }
}

type Outside = { setting: 'aws_region_name' | 'model'; reason: string }

function outside({ region, reach }: Draft, prefixes: readonly string[]): Outside | null {
  if (region !== undefined && region !== UNKNOWN_REGION && !regionWithin(region, prefixes)) {
    return { setting: 'aws_region_name', reason: `the region ${region} is outside the model_group_regions` }
  }
  if (reach === undefined || reachStaysWithin(reach, prefixes)) return null
  return { setting: 'model', reason: `${whyOutside(reach)}, outside the model_group_regions` }
}

function whyOutside(reach: Reach): string {
  switch (reach.kind) {
    case 'geography':
      return `an inference profile of the geography ${reach.geography} may be served in ${reach.regions.join(', ')}`
    case 'anywhere':
      return 'a global inference profile may be served anywhere'
    case 'region':
    case 'unknown':
      return 'the identifier does not say where AWS may serve it (for an application profile, write its own profile as base_model, or bedrock/<region>/<model id> where it was made for one region), which may be'
  }
}

/** Every fallback that a call to this group may take, in the order of the file. */
function reachableEdges(groups: GatheredGroups, from: string): readonly Edge[] {
  const found = new Set<Edge>()
  const seen = new Set<string>()
  const queue = [from]
  for (let group = queue.shift(); group !== undefined; group = queue.shift()) {
    if (seen.has(group)) continue
    seen.add(group)
    for (const edge of edgesFrom(groups, group)) {
      found.add(edge)
      const target = resolveGroup(groups, edge.to)
      if (target !== undefined) queue.push(target)
    }
  }
  return [...found]
}

function edgesFrom(groups: GatheredGroups, group: string): readonly Edge[] {
  const { graph } = groups
  const named = [...graph.fallbacks, ...graph.contextWindowFallbacks]
    .filter(([name]) => resolveGroup(groups, name) === group)
    .flatMap(([, edges]) => edges)
  return [...named, ...graph.defaultFallbacks]
}
