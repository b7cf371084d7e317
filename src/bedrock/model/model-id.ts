/**
 * Model identifiers as Bedrock accepts them in `modelId`: plain ids, inference profile ids and ARNs of every kind.
 * Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html (pattern of `modelId`),
 * https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
 */
import { GEOGRAPHIES } from './geographies.ts'
import { isVendor } from './vendors.ts'

/** `global`: every commercial region may answer; `geo`: a region of one geography; `region`: the one called; `gov`: GovCloud. */
export type ModelScope = 'global' | 'geo' | 'region' | 'gov'

/** Where an ARN lives; `region` is empty in ARNs that name no region. */
export type ArnPlace = { partition: string; region: string; account: string }

/** ARN kinds that do not say which foundation model answers. */
export type OpaqueKind =
  | 'application-inference-profile'
  | 'provisioned-model'
  | 'imported-model'
  | 'custom-model'
  | 'custom-model-deployment'
  | 'prompt'
  | 'prompt-router'
  | 'default-prompt-router'
  | 'sagemaker-endpoint'

export type ModelReference =
  /** A foundation model, by id or ARN. `region` is null unless an ARN names one. */
  | { kind: 'foundation-model'; id: string; scope: 'region' | 'gov'; region: string | null }
  /** A system inference profile, by id or ARN. `id` is the foundation model's, without the geography. */
  | {
      kind: 'inference-profile'
      id: string
      geography: string
      scope: 'global' | 'geo' | 'gov'
      region: string | null
    }
  | { kind: OpaqueKind; resource: string; place: ArnPlace }
  /** An ARN of a kind that is not known here. */
  | { kind: 'unknown-arn'; resource: string; place: ArnPlace }

const OPAQUE_KINDS: ReadonlySet<string> = new Set<OpaqueKind>([
  'application-inference-profile',
  'provisioned-model',
  'imported-model',
  'custom-model',
  'custom-model-deployment',
  'prompt',
  'prompt-router',
  'default-prompt-router',
])

/** GovCloud region names start like this, in every partition-aware AWS list. */
const isGovRegion = (region: string): boolean => region.startsWith('us-gov-')

/** Reads a `modelId` as sent upstream (not percent-encoded). Never fails: an unknown form is a foundation model with that id. */
export function parseModelId(reference: string): ModelReference {
  return reference.startsWith('arn:') ? parseArn(reference) : parsePlainId(reference, null)
}

/** The scope a call has from `region` (the endpoint called): in GovCloud everything but a `global.` profile is `gov`. */
export function scopeIn(reference: { scope: ModelScope }, region: string): ModelScope {
  return reference.scope !== 'global' && isGovRegion(region) ? 'gov' : reference.scope
}

/** The vendor part of a foundation model id: `anthropic` of `anthropic.claude-opus-5`. */
export const vendorOf = (id: string): string => id.slice(0, Math.max(0, id.indexOf('.')))

const ARN = /^arn:aws(?:-[a-z]+)*:(?:bedrock|sagemaker):[a-z0-9-]*:(?:\d{12}|aws)?:[A-Za-z0-9-]+\/[A-Za-z0-9._:/-]+$/

/** True for what has the form of an ARN of Bedrock or SageMaker, of a kind that is known here or not. */
export function isArn(reference: string): boolean {
  return ARN.test(reference)
}

/** Region of an ARN; undefined for ids, and for ARNs that belong to no region. */
export function arnRegion(reference: string): string | undefined {
  const parsed = parseModelId(reference)
  return ('place' in parsed ? parsed.place.region : parsed.region) || undefined
}

/**
 * The foundation model that answers a call: what the identifier sent upstream names, else what is said to be behind it; null
 * where neither names one. Without geography, as `familyOf` and the prices know it.
 */
export function foundationIdOf(model: string, standsFor?: string): string | null {
  const parsed = parseModelId(model)
  if ('id' in parsed) return parsed.id
  const behind = standsFor === undefined ? null : parseModelId(standsFor)
  return behind !== null && 'id' in behind ? behind.id : null
}

/** A first part that stands where a geography does (`zz` of `zz.anthropic.claude-opus-5`) and is none that is known here. */
export function unknownGeography(reference: string): string | null {
  const parsed = parseModelId(reference)
  if (parsed.kind !== 'foundation-model') return null
  const [prefix = '', vendor = '', ...rest] = parsed.id.split('.')
  return rest.length > 0 && isVendor(vendor) && !isVendor(prefix) ? prefix : null
}

function parsePlainId(reference: string, region: string | null): ModelReference {
  const dot = reference.indexOf('.')
  const prefix = reference.slice(0, Math.max(0, dot))
  const rest = reference.slice(dot + 1)
  const geography = GEOGRAPHIES.get(prefix)
  // A prefix counts only in front of `vendor.model`: `us.x` alone is an id of its own.
  if (geography !== undefined && rest.includes('.')) {
    return { kind: 'inference-profile', id: rest, geography: prefix, scope: geography.scope, region }
  }
  const scope = region !== null && isGovRegion(region) ? 'gov' : 'region'
  return { kind: 'foundation-model', id: reference, scope, region }
}

function parseArn(arn: string): ModelReference {
  // arn:partition:service:region:account:resource, where the resource may hold further colons (`prompt/ID:1`).
  const [, partition = '', service = '', region = '', account = '', ...rest] = arn.split(':')
  const resource = rest.join(':')
  const place: ArnPlace = { partition, region, account }
  const slash = resource.indexOf('/')
  const type = resource.slice(0, Math.max(0, slash))
  const name = resource.slice(slash + 1)
  if (service === 'sagemaker' && type === 'endpoint') return { kind: 'sagemaker-endpoint', resource: name, place }
  if (service === 'bedrock') {
    const isModel = type === 'foundation-model' || type === 'inference-profile'
    if (isModel && name !== '') return parsePlainId(name, region === '' ? null : region)
    if (OPAQUE_KINDS.has(type)) return { kind: type as OpaqueKind, resource: name, place }
  }
  return { kind: 'unknown-arn', resource, place }
}
