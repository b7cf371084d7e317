/** From what was called to the model and scope whose price holds. */
import { type ModelReference, type ModelScope, parseModelId, scopeIn } from '../../bedrock/model/model-id.ts'
import { readBaseModel } from '../../config/reading/model-setting.ts'

/** Why a call has no price, or not the whole of it. */
export type Obstacle = {
  reason: string
  /** Name of the price or fee that nobody lists. */
  missing: string
  /** Tokens cost nothing by themselves, because what is missing pays for them. */
  coversTokens?: boolean
}

export type PriceTarget =
  | { ok: true; id: string; scope: ModelScope; region: string }
  /** No price per token can be found from the reference. */
  | ({ ok: false } & Obstacle)

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

type OpaqueReference = Exclude<ModelReference, { id: string }>

/** What is billed by time, or by nobody knows what, whatever model is behind it. */
type NotByToken = { reason: string; missing: string; coversTokens: boolean }

/** ARNs that a model can be named behind, with what is said where none is. */
type ByToken = { unnamed: string }

/** Fee of a prompt router, which comes on top of the model it chooses. */
export const ROUTER_FEE: Obstacle = {
  reason: 'no source lists the fee of a prompt router',
  missing: 'the fee of the prompt router',
}

const BY_TIME = { coversTokens: true } as const

/** How a call to each kind of ARN is billed. A custom model runs on provisioned throughput, its deployment on demand. */
const BILLING: Readonly<Record<OpaqueReference['kind'], NotByToken | ByToken | 'router'>> = {
  'provisioned-model': {
    ...BY_TIME,
    reason: 'provisioned throughput is billed by the hour, not per token',
    missing: 'the hours of provisioned throughput',
  },
  'imported-model': {
    ...BY_TIME,
    reason: 'an imported model is billed by the minute, not per token',
    missing: 'the minutes of the imported model',
  },
  'custom-model': {
    ...BY_TIME,
    reason: 'a custom model runs on provisioned throughput, which is billed by the hour, not per token',
    missing: 'the hours of provisioned throughput',
  },
  'sagemaker-endpoint': {
    ...BY_TIME,
    reason: 'a SageMaker endpoint is billed by the hour, not per token',
    missing: 'the hours of the SageMaker endpoint',
  },
  'unknown-arn': {
    reason: 'the ARN is of a kind that is not known',
    missing: 'the price of this kind of ARN',
    coversTokens: false,
  },
  'application-inference-profile': { unnamed: 'the application profile names no model; set base_model' },
  'custom-model-deployment': { unnamed: 'a custom model deployment names no base model; set base_model' },
  prompt: { unnamed: 'a stored prompt names no model; set base_model' },
  'prompt-router': 'router',
  'default-prompt-router': 'router',
}

export function priceTarget(input: TargetInput): PriceTarget {
  const reference = parseModelId(input.model)
  if ('id' in reference) return targetOf(reference, input.region)
  const billing = BILLING[reference.kind]
  if (billing === 'router') return { ok: false, ...ROUTER_FEE }
  if ('reason' in billing) return { ok: false, ...billing }
  const region = input.region === '' ? reference.place.region : input.region
  if (input.baseModel !== undefined) return baseTarget(input.baseModel, region)
  if (reference.kind === 'application-inference-profile' && input.resolvedModelArns?.length) {
    return resolvedTarget(input.resolvedModelArns, region)
  }
  return unnamed(billing.unnamed)
}

/** The model that a prompt router chose, as the answer names it. */
export function routedTarget(invokedModel: string, input: TargetInput): PriceTarget {
  const router = parseModelId(input.model)
  const region = input.region === '' && 'place' in router ? router.place.region : input.region
  const reference = parseModelId(invokedModel)
  if ('id' in reference) return targetOf(reference, region)
  return unnamed('the prompt router names no model that it chose')
}

function unnamed(reason: string): PriceTarget {
  return { ok: false, reason, missing: 'the price of the model, which nothing names' }
}

/** The target that `base_model` names, for a model id that the catalogue does not have and for ARNs. */
export function baseTarget(baseModel: string, region: string): PriceTarget {
  const reference = parseModelId(readBaseModel(baseModel).id)
  if ('id' in reference) return targetOf(reference, region)
  return unnamed(`base_model ${baseModel} is not a model id`)
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
  if (first === undefined || !('id' in first)) return unnamed('the profile resolves to no foundation model')
  if (references.some((one) => !('id' in one) || one.id !== first.id)) {
    return unnamed('the profile resolves to more than one model')
  }
  const isGlobal = references.some((one) => 'id' in one && one.region === null)
  const scope: ModelScope = isGlobal ? 'global' : references.length > 1 ? 'geo' : 'region'
  return { ok: true, id: first.id, scope: scopeIn({ scope }, region), region }
}
