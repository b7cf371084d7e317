/** Which deployments of a group a call may use: its regions, the ids it named, and the window its prompt must fit into. */
import { reachWithin } from '../../bedrock/model/reach.ts'
import { type Group, type Groups, type Tier, tiersOf } from '../groups.ts'
import type { RouteCall } from '../route.ts'

export type Bounds = {
  /** Each list binds by itself: that of the group asked for, that of the caller. */
  regions: readonly (readonly string[])[]
  /** 0 where it is not known or not checked. */
  inputTokens: number
}

export type Candidates = { kind: 'some'; tiers: readonly Tier[] } | { kind: 'too-long' } | { kind: 'none' }

export function boundsOf(call: RouteCall<unknown>, asked: Group, checksWindow: boolean): Bounds {
  const regions = [asked.regions, call.regions].filter((list) => list !== undefined && list !== null)
  return { regions, inputTokens: checksWindow ? (call.estimatedInputTokens ?? 0) : 0 }
}

export function candidatesIn(group: Group, bounds: Bounds, call: RouteCall<unknown>, groups: Groups): Candidates {
  const named = call.candidates
  const isUnbound = bounds.regions.length === 0 || (bounds.regions.length === 1 && bounds.regions[0] === group.regions)
  if (named === undefined && isUnbound && bounds.inputTokens === 0) {
    return group.tiers.length > 0 ? { kind: 'some', tiers: group.tiers } : { kind: 'none' }
  }
  const all =
    named === undefined ? group.tiers.flat() : named.flatMap((deployment) => groups.targetOf(deployment) ?? [])
  const inRegions = all.filter(({ deployment }) => bounds.regions.every((list) => reachWithin(deployment, list)))
  if (inRegions.length === 0) return { kind: 'none' }
  const fitting = inRegions.filter(
    ({ deployment }) => (deployment.maxInputTokens ?? Number.POSITIVE_INFINITY) >= bounds.inputTokens,
  )
  return fitting.length > 0 ? { kind: 'some', tiers: tiersOf(fitting) } : { kind: 'too-long' }
}
