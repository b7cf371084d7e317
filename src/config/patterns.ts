/**
 * Entries of `model_list` with a `*`: they serve every model that a call asks for by a name that matches. The longest pattern
 * wins, and exact names come before all of them.
 */
import { arnRegion } from '../bedrock/model/model-id.ts'
import { reachOf } from '../bedrock/model/reach.ts'
import { readModelName } from './reading/model-setting.ts'
import type { Deployment, PatternGroup } from './types.ts'

export type PatternMatch = {
  /** Name of the pattern: its group, for strategy, retries, regions and fallbacks. */
  group: string
  /** What the entries of the pattern are for this model: ordinary deployments under the ids of their entries. */
  deployments: readonly Deployment[]
}

const ANY = '*'

const PROVIDER = 'bedrock/'

/** Longer names than AWS allows for a model (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html). */
const NAME_MAX_CHARS = 2048

/** Patterns with more letters of their own come first; of equals the one that stands first in the file. */
export function sortPatterns(patterns: readonly PatternGroup[]): readonly PatternGroup[] {
  const letters = ({ name }: PatternGroup) => name.replaceAll(ANY, '').length
  return patterns.toSorted((one, other) => letters(other) - letters(one))
}

/** @param patterns longest first, as `GatewayConfig` holds them */
export function matchPattern(patterns: readonly PatternGroup[], model: string): PatternMatch | null {
  if (model.length > NAME_MAX_CHARS) return null
  for (const asked of spellingsOf(model)) {
    for (const { name, deployments } of patterns) {
      const parts = matchedParts(name, asked)
      if (parts === null) continue
      const filled = deployments.flatMap((deployment) => fillDeployment(deployment, name, asked, parts) ?? [])
      if (filled.length > 0) return { group: name, deployments: filled }
    }
  }
  return null
}

/** AWS SDKs ask for the id alone, LiteLLM's clients put the provider in front: `bedrock/*` serves both. The name as it came is tried first. */
function spellingsOf(model: string): readonly string[] {
  return model.startsWith(PROVIDER) ? [model] : [model, PROVIDER + model]
}

/** What each `*` of a pattern stands for in a name, each as short as it can be but the last; null where it does not match. */
export function matchedParts(pattern: string, name: string): readonly string[] | null {
  const [head = '', ...literals] = pattern.split(ANY)
  const tail = literals.pop()
  if (tail === undefined) return pattern === name ? [] : null
  if (!name.startsWith(head) || !name.endsWith(tail) || name.length < head.length + tail.length) return null
  const end = name.length - tail.length
  const parts: string[] = []
  let position = head.length
  for (const literal of literals) {
    const found = name.indexOf(literal, position)
    if (found < 0 || found + literal.length > end) return null
    parts.push(name.slice(position, found))
    position = found + literal.length
  }
  return [...parts, name.slice(position, end)]
}

/** The deployment that an entry is for one model; null where the name leads to none in the entry's region. */
function fillDeployment(
  deployment: Deployment,
  pattern: string,
  name: string,
  parts: readonly string[],
): Deployment | null {
  const read = readModelName(fill(deployment.model, pattern, name, parts), 'bedrock')
  if (read.kind !== 'model') return null
  const { id, region = arnRegion(id) } = read.reference
  if (region !== undefined && region !== deployment.region) return null
  const { baseModel: behind, ...rest } = deployment
  const baseModel = behind && fill(behind, pattern, name, parts)
  return {
    ...rest,
    model: id,
    reach: reachOf(id, baseModel),
    ...(baseModel === undefined ? {} : { baseModel }),
  }
}

/**
 * A `*` that is the whole identifier, or the whole name in an ARN, stands for the model asked for, without the namespace that
 * the pattern puts in front of it (`bedrock/` of `bedrock/*`). Any other stands for what the `*` of the pattern stood for.
 */
function fill(identifier: string, pattern: string, name: string, parts: readonly string[]): string {
  if (identifier === ANY || identifier.endsWith(`/${ANY}`)) {
    const namespace = pattern.slice(0, pattern.indexOf(ANY)).lastIndexOf('/') + 1
    return identifier.slice(0, -1) + name.slice(namespace)
  }
  let next = 0
  return identifier.replaceAll(ANY, () => parts[next++] ?? '')
}

/** Whether every `*` of an identifier is filled by a pattern's name. */
export function canFill(identifier: string, pattern: string): boolean {
  if (identifier === ANY || identifier.endsWith(`/${ANY}`)) return identifier.indexOf(ANY) === identifier.length - 1
  return identifier.split(ANY).length <= pattern.split(ANY).length
}
