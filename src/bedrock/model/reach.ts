/** Where AWS may answer a call to a model, and whether that stays inside the regions a call is bound to. */
import { GEOGRAPHIES } from './geographies.ts'
import { type ModelReference, parseModelId, unknownGeography } from './model-id.ts'

export type Reach =
  /** The region that is called, and no other. */
  | { kind: 'region' }
  /** The region that is called, or any of these. */
  | { kind: 'geography'; geography: string; regions: readonly string[] }
  | { kind: 'anywhere' }
  /** The identifier does not say: it may be anywhere. */
  | { kind: 'unknown' }

const REGION: Reach = { kind: 'region' }
const ANYWHERE: Reach = { kind: 'anywhere' }
const UNKNOWN: Reach = { kind: 'unknown' }

/** ARN kinds whose resource exists in the region of the ARN alone. A prompt, a router or a profile may lead out of it. */
const REGIONAL_KINDS: ReadonlySet<ModelReference['kind']> = new Set([
  'provisioned-model',
  'imported-model',
  'custom-model',
  'custom-model-deployment',
  'sagemaker-endpoint',
])

/**
 * Reach of the identifier that is sent upstream. `standsFor` is the model that the configuration says is behind an identifier
 * which does not name one. Without a geography it proves nothing, because a profile of any reach has such a model behind it,
 * unless `standsForRegion` says that it is this model in its region.
 */
export function reachOf(model: string, standsFor?: string, standsForRegion?: string): Reach {
  const reference = parseModelId(model)
  if (reference.kind === 'inference-profile') return ofGeography(reference.geography)
  if (reference.kind === 'foundation-model') return unknownGeography(model) === null ? REGION : UNKNOWN
  if (REGIONAL_KINDS.has(reference.kind)) return REGION
  if (reference.kind !== 'application-inference-profile' || standsFor === undefined) return UNKNOWN
  const behind = parseModelId(standsFor)
  if (behind.kind === 'inference-profile') return ofGeography(behind.geography)
  return behind.kind === 'foundation-model' && (behind.region ?? standsForRegion) !== undefined ? REGION : UNKNOWN
}

function ofGeography(geography: string): Reach {
  const known = GEOGRAPHIES.get(geography)
  if (known === undefined) return UNKNOWN
  return known.regions === null ? ANYWHERE : { kind: 'geography', geography, regions: known.regions }
}

/** Something that is called in a region and may be answered elsewhere. */
export type Reaching = { region: string; reach: Reach }

/**
 * Whether a call surely stays inside: the region called begins with one of `prefixes` (such as `eu-`), and so does every
 * region that AWS may choose instead. What is not known to stay inside does not.
 */
export function reachWithin({ region, reach }: Reaching, prefixes: readonly string[]): boolean {
  return regionWithin(region, prefixes) && reachStaysWithin(reach, prefixes)
}

export function regionWithin(region: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => region.startsWith(prefix))
}

/** The same without the region called, for where it is not known yet. */
export function reachStaysWithin(reach: Reach, prefixes: readonly string[]): boolean {
  switch (reach.kind) {
    case 'region':
      return true
    case 'geography':
      return reach.regions.every((region) => regionWithin(region, prefixes))
    case 'anywhere':
    case 'unknown':
      return false
  }
}
