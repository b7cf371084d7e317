/** From what was called to the model and scope whose price holds. */
import { type ModelReference, type ModelScope, parseModelId, scopeIn } from '../../bedrock/model/model-id.ts'
import { readBaseModel } from '../../config/reading/model-setting.ts'

export type PriceTarget =
  | { ok: true; id: string; scope: ModelScope; region: string }
  /** Why no price per token can be found from the reference. */
  | { ok: false; reason: string }

export type TargetInput = {
  /** Identifier sent upstream, or an ARN. */
  model: string
  /** `model_info.base_model`. */
  baseModel?: string | undefined
  /** `models[].modelArn` of GetInferenceProfile. */
  resolvedModelArns?: readonly string[] | undefined
  /** Source region: the endpoint called. Empty when not known. */
  region: string
}

/** ARN kinds that are billed by time, whatever model is behind them. */
const BILLED_BY_TIME: ReadonlyMap<string, string> = new Map([
  ['provisioned-model', 'provisioned throughput is billed by the hour, not per token'],
  ['imported-model', 'an imported model is billed by the minute, not per token'],
  ['sagemaker-endpoint', 'a SageMaker endpoint is billed by the hour, not per token'],
])

const UNNAMED: ReadonlyMap<string, string> = new Map([
  ['application-inference-profile', 'the application profile names no model; set base_model'],
  ['custom-model', 'a custom model names no base model; set base_model'],
  ['custom-model-deployment', 'a custom model deployment names no base model; set base_model'],
  ['prompt', 'a stored prompt names no model; set base_model'],
  ['prompt-router', 'no source lists the fee of a prompt router'],
  ['default-prompt-router', 'no source lists the fee of a prompt router'],
])

const ROUTERS: ReadonlySet<string> = new Set(['prompt-router', 'default-prompt-router'])

export function priceTarget(input: TargetInput): PriceTarget {
  const reference = parseModelId(input.model)
  if ('id' in reference) return targetOf(reference, input.region)
  const byTime = BILLED_BY_TIME.get(reference.kind)
  if (byTime !== undefined) return { ok: false, reason: byTime }
  const region = input.region === '' ? reference.place.region : input.region
  if (input.baseModel !== undefined && !ROUTERS.has(reference.kind)) return baseTarget(input.baseModel, region)
  if (reference.kind === 'application-inference-profile' && input.resolvedModelArns?.length) {
    return resolvedTarget(input.resolvedModelArns, region)
  }
  return { ok: false, reason: UNNAMED.get(reference.kind) ?? 'the ARN is of a kind that is not known' }
}

/** The target that `base_model` names, for a model id that the catalogue does not have and for ARNs. */
export function baseTarget(baseModel: string, region: string): PriceTarget {
  const reference = parseModelId(readBaseModel(baseModel).id)
  if ('id' in reference) return targetOf(reference, region)
  return { ok: false, reason: `base_model ${baseModel} is not a model id` }
}

function targetOf(reference: Extract<ModelReference, { id: string }>, called: string): PriceTarget {
  const named = reference.region
  const region = reference.kind === 'foundation-model' ? (named ?? called) : called === '' ? (named ?? '') : called
  return { ok: true, id: reference.id, scope: scopeIn(reference, region), region }
}

/**
 * What GetInferenceProfile listed: one foundation model, once for each region that may answer. An ARN without a region means
 * that the profile was made from the global one.
 */
function resolvedTarget(arns: readonly string[], region: string): PriceTarget {
  const references = arns.map(parseModelId)
  const first = references[0]
  if (first === undefined || !('id' in first))
    return { ok: false, reason: 'the profile resolves to no foundation model' }
  if (references.some((one) => !('id' in one) || one.id !== first.id)) {
    return { ok: false, reason: 'the profile resolves to more than one model' }
  }
  const isGlobal = references.some((one) => 'id' in one && one.region === null)
  const scope: ModelScope = isGlobal ? 'global' : references.length > 1 ? 'geo' : 'region'
  return { ok: true, id: first.id, scope: scopeIn({ scope }, region), region }
}
