/** Which deployments of a group a call may use: its regions, the ids it named, and the window its prompt must fit into. */
import { readSameBody } from '../../bedrock/model/families/families.ts'
import { foundationIdOf } from '../../bedrock/model/model-id.ts'
import { reachWithin } from '../../bedrock/model/reach.ts'
import type { Deployment } from '../../config/types.ts'
import { type Group, type Groups, type Tier, tiersOf } from '../groups.ts'
import { sideOf, type Target } from '../health/health.ts'
import type { RouteCall } from '../route.ts'

export type Bounds = {
  /** Lists of region prefixes (that of the group asked for, that of the caller); a deployment must satisfy each of them. */
  regions: readonly (readonly string[])[]
  /** 0 where it is not known or not checked. */
  inputTokens: number
  /** The group asked for, whose models the body was written for. */
  asked: Group
}

export type Candidates = { kind: 'some'; tiers: readonly Tier[] } | { kind: 'too-long' } | { kind: 'none' }

export function boundsOf(call: RouteCall<unknown>, asked: Group, checksWindow: boolean): Bounds {
  const regions = [asked.regions, call.regions].filter((list) => list !== undefined && list !== null)
  return { regions, inputTokens: checksWindow ? (call.estimatedInputTokens ?? 0) : 0, asked }
}

export function candidatesIn(group: Group, bounds: Bounds, call: RouteCall<unknown>, groups: Groups): Candidates {
  const tiers = tiersFor(group, bounds, call, groups)
  if (tiers.kind !== 'some' || call.ownHealth === null) return tiers
  const operation = call.ownHealth
  return { kind: 'some', tiers: tiers.tiers.map((tier) => tier.map((target) => sideOf(target, operation))) }
}

function tiersFor(group: Group, bounds: Bounds, call: RouteCall<unknown>, groups: Groups): Candidates {
  const named = call.candidates
  const isUnbound = bounds.regions.length === 0 || (bounds.regions.length === 1 && bounds.regions[0] === group.regions)
  const isReadByAll = group === bounds.asked || call.fallback === 'any-group'
  if (named === undefined && isUnbound && isReadByAll && bounds.inputTokens === 0) {
    return group.tiers.length > 0 ? { kind: 'some', tiers: group.tiers } : { kind: 'none' }
  }
  const all = named === undefined ? group.tiers.flat() : named.flatMap((one) => groups.targetOf(one) ?? [])
  const allowed = all.filter(
    ({ deployment }) =>
      bounds.regions.every((list) => reachWithin(deployment, list)) &&
      (isReadByAll || readsBodiesFor(bounds.asked, deployment)),
  )
  if (allowed.length === 0) return { kind: 'none' }
  const fitting = allowed.filter(
    ({ deployment }) => (deployment.maxInputTokens ?? Number.POSITIVE_INFINITY) >= bounds.inputTokens,
  )
  return fitting.length > 0 ? { kind: 'some', tiers: tiersOf(fitting) } : { kind: 'too-long' }
}

/** Whether this deployment's model reads the InvokeModel bodies that were written for any of the group's models. */
function readsBodiesFor(asked: Group, other: Deployment): boolean {
  const models: readonly Target[] = [asked.first, ...asked.tiers.flat()]
  return models.every(({ deployment }) => readTheSame(deployment, other))
}

function readTheSame(one: Deployment, other: Deployment): boolean {
  const id = foundationIdOf(one.model, one.baseModel)
  const otherId = foundationIdOf(other.model, other.baseModel)
  return id !== null && otherId !== null && readSameBody(id, otherId)
}
