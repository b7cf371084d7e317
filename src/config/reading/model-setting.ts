/** LiteLLM's grammar of model names: `bedrock/[route/][region/][family/]<id or ARN>`, read here for `model`, `model_id` and `base_model`. */
import { familyOf } from '../../bedrock/model/families/families.ts'
import { isArn, parseModelId, unknownGeography, vendorOf } from '../../bedrock/model/model-id.ts'
import { isVendor } from '../../bedrock/model/vendors.ts'
import { REGION_NAME } from '../../bedrock/partitions.ts'

/** The Bedrock API that LiteLLM was told to translate to. Here the client chooses the operation itself. */
export type ModelRoute = 'converse' | 'invoke'

/** What a name says: the identifier of Bedrock, and what LiteLLM's prefixes say beside it. */
export type ModelReference = { id: string; route?: ModelRoute; region?: string }

export type ModelReading =
  | { kind: 'model'; reference: ModelReference }
  /** The identifier holds a `*`, for which the model that a call asks for stands in. */
  | { kind: 'pattern'; reference: ModelReference }
  /** A model of another provider, or something of Bedrock that is no model. */
  | { kind: 'elsewhere'; provider: string }
  | { kind: 'faulty'; fault: string }

const PROVIDER = 'bedrock'

/** https://docs.litellm.ai/docs/providers/bedrock: prefixes after `bedrock/`. */
const ROUTES: ReadonlyMap<string, ModelRoute> = new Map([
  ['converse', 'converse'],
  ['converse_like', 'converse'],
  // Bedrock's OpenAI-shaped operation, for models that Converse reaches too.
  ['chat_completions', 'converse'],
  ['invoke', 'invoke'],
])

/** Prefixes after `bedrock/` that lead to other services or operations of Bedrock than those that ask a model for an answer. */
const OTHER_SERVICES: ReadonlySet<string> = new Set(['agent', 'agentcore', 'async_invoke', 'mantle'])

/** Families that tell LiteLLM how to translate for a model whose identifier does not. They mean nothing on the wire. */
const TRANSLATED_FAMILIES: ReadonlySet<string> = new Set(['llama', 'deepseek_r1', 'qwen2', 'qwen3', 'nova', 'nova-2'])

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, modelId, without its ARN forms. */
const MODEL_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]*$/

/** The same characters, with `*` for what a call asks for. */
const PATTERN = /^[A-Za-z0-9*][A-Za-z0-9._:/*-]*$/

const ANY = '*'

/** Takes `model` of LiteLLM apart. `provider` is `custom_llm_provider`, which makes the prefix unnecessary. */
export function readModelName(name: string, provider?: string): ModelReading {
  const model = decoded(name)
  if (provider !== undefined && provider !== PROVIDER) return { kind: 'elsewhere', provider }
  const slash = model.indexOf('/')
  const first = model.slice(0, Math.max(0, slash))
  if (first === PROVIDER) return readBedrockName(model.slice(slash + 1))
  if (provider === PROVIDER || isBedrockName(model)) return readBedrockName(model)
  return { kind: 'elsewhere', provider: first === '' ? 'no provider' : first }
}

/** `%3A` and `%2F` are what clients write into paths for `:` and `/`. */
function decoded(name: string): string {
  if (!/%[0-9A-Fa-f]{2}/.test(name)) return name
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

/** Without a prefix it is Bedrock's where it says so itself: an ARN, or an id that begins with a vendor of Bedrock. */
function isBedrockName(model: string): boolean {
  if (model.startsWith('arn:') || model === ANY) return true
  if (model.includes('/')) return false
  const parsed = parseModelId(model)
  return 'id' in parsed && (isVendor(vendorOf(parsed.id)) || unknownGeography(model) !== null)
}

function readBedrockName(name: string): ModelReading {
  if (OTHER_SERVICES.has(firstOf(name))) return { kind: 'elsewhere', provider: `${PROVIDER}/${firstOf(name)}` }
  const route = ROUTES.get(firstOf(name))
  const afterRoute = route === undefined ? name : restOf(name)
  const region = REGION_NAME.test(firstOf(afterRoute)) ? firstOf(afterRoute) : undefined
  const afterRegion = region === undefined ? afterRoute : restOf(afterRoute)
  const family = firstOf(afterRegion)
  const isFamily = TRANSLATED_FAMILIES.has(family) || isVendor(family)
  const id = isFamily && isBedrockName(restOf(afterRegion)) ? restOf(afterRegion) : afterRegion
  const reference: ModelReference = {
    id,
    ...(route === undefined ? {} : { route }),
    ...(region === undefined ? {} : { region }),
  }
  if (id.includes(ANY)) {
    return PATTERN.test(id) ? { kind: 'pattern', reference } : { kind: 'faulty', fault: idFault(id) }
  }
  const isId = id.startsWith('arn:') ? isArn(id) : MODEL_ID.test(id)
  return isId ? { kind: 'model', reference } : { kind: 'faulty', fault: idFault(id) }
}

/** The segment in front of the first slash; empty where there is none, so that an identifier is never taken for a prefix. */
function firstOf(name: string): string {
  return name.slice(0, Math.max(0, name.indexOf('/')))
}

function restOf(name: string): string {
  return name.slice(name.indexOf('/') + 1)
}

function idFault(id: string): string {
  if (id.startsWith('arn:')) return 'not an ARN of Bedrock or SageMaker'
  return 'not a model id, inference profile or ARN of Bedrock: write bedrock/<model id or ARN>'
}

/** An id keeps neither LiteLLM's prefixes nor its routes; anything else is kept as a name of its own. */
export function readBaseModel(baseModel: string): ModelReference {
  const reading = readModelName(baseModel, PROVIDER)
  return reading.kind === 'model' ? reading.reference : { id: baseModel }
}

/** True where Converse is known not to exist for the model, or the entry asks for Invoke. */
export function servesInvokeOnly(reference: ModelReference): boolean {
  if (reference.route === 'invoke') return true
  const parsed = parseModelId(reference.id)
  return 'id' in parsed && !familyOf(parsed.id).converse
}
