/** From the model a client asked for to the deployments that may answer. */
import type { Refusal } from '../../access/refusal.ts'
import { no, ok, type Result } from '../../base/result.ts'
import { matchPattern } from '../../config/patterns.ts'
import type { Deployment, GatewayConfig } from '../../config/types.ts'

export type ResolvedModel = {
  /** Model group to route in. */
  group: string
  /** Set when an id or ARN was asked for: only the deployments that have exactly this id. */
  candidates?: readonly Deployment[]
}

/**
 * A `model_name` or its alias first, then a model id, inference-profile id or ARN that a deployment has, both by exact match; then
 * the longest pattern.
 */
export function resolveModel(config: GatewayConfig, model: string): Result<ResolvedModel, Refusal> {
  if (config.groups.has(model) || Object.hasOwn(config.router.modelGroupAlias, model)) return ok({ group: model })
  const candidates = config.deployments.filter((deployment) => deployment.model === model)
  const [first] = candidates
  if (first !== undefined) return ok({ group: first.group, candidates })
  const match = matchPattern(config.patterns, model)
  if (match !== null) return ok({ group: match.group, candidates: match.deployments })
  return no({ kind: 'unknown-model', model, known: modelNames(config) })
}

/** The names a caller may ask for, in config order: groups, patterns, aliases. */
export function modelNames(config: GatewayConfig): string[] {
  return [
    ...config.groups.keys(),
    ...config.patterns.map(({ name }) => name),
    ...Object.keys(config.router.modelGroupAlias),
  ]
}
