/** How a deployment names its model: LiteLLM's prefixes in front of a model id or ARN of Bedrock. */
import { familyOf } from '../../bedrock/model/families/families.ts'
import { parseModelId } from '../../bedrock/model/model-id.ts'

/** The Bedrock API that LiteLLM was told to translate to. Here the client chooses the operation itself. */
export type ModelRoute = 'converse' | 'invoke'

export type ModelReference = { id: string; route?: ModelRoute }

export type ModelReferenceResult = { ok: true; reference: ModelReference } | { ok: false; fault: string }

const PROVIDER = 'bedrock'

/** https://docs.litellm.ai/docs/providers/bedrock: prefixes after `bedrock/`. */
const ROUTES: Readonly<Record<string, ModelRoute>> = {
  converse: 'converse',
  converse_like: 'converse',
  invoke: 'invoke',
}

/** Families that tell LiteLLM how to translate for an imported model, whose ARN follows. They mean nothing on the wire. */
const IMPORTED_FAMILIES: ReadonlySet<string> = new Set(['llama', 'deepseek_r1', 'qwen2', 'qwen3', 'openai', 'moonshot'])

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, modelId, without its ARN forms. */
const MODEL_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]*$/

const ARN = /^arn:aws(?:-[a-z]+)*:(?:bedrock|sagemaker):[a-z0-9-]*:(?:\d{12}|aws)?:[A-Za-z0-9-]+\/[A-Za-z0-9._:/-]+$/

export function isArn(id: string): boolean {
  return ARN.test(id)
}

/** Takes `model` of LiteLLM apart. `provider` is `custom_llm_provider`, which makes the prefix unnecessary. */
export function readModelReference(model: string, provider?: string): ModelReferenceResult {
  const [first = '', ...others] = model.split('/')
  const isPrefixed = first === PROVIDER && others.length > 0
  if (!isPrefixed && provider !== PROVIDER) return { ok: false, fault: noProviderFault(first, others.length > 0) }
  const { rest, route } = stripRoute(isPrefixed ? others.join('/') : model)
  if (rest.includes('*'))
    return { ok: false, fault: 'wildcards are not served: name each model that shall be reachable' }
  const isId = rest.startsWith('arn:') ? isArn(rest) : MODEL_ID.test(rest)
  if (!isId) return { ok: false, fault: idFault(rest) }
  return { ok: true, reference: route === undefined ? { id: rest } : { id: rest, route } }
}

function noProviderFault(first: string, isPrefixed: boolean): string {
  if (!isPrefixed || first.startsWith('arn:')) {
    return 'names no provider: write bedrock/<model id or ARN>, or add custom_llm_provider: bedrock'
  }
  return `this gateway serves Amazon Bedrock only, not ${first}: write bedrock/<model id or ARN>, or remove the entry`
}

function stripRoute(name: string): { rest: string; route?: ModelRoute } {
  const [first = '', ...others] = name.split('/')
  const rest = others.join('/')
  const route = Object.hasOwn(ROUTES, first) ? ROUTES[first] : undefined
  if (route !== undefined && rest !== '') return { rest, route }
  return IMPORTED_FAMILIES.has(first) && isArn(rest) ? { rest } : { rest: name }
}

function idFault(rest: string): string {
  if (rest.startsWith('arn:')) return 'not an ARN of Bedrock or SageMaker'
  if (/^[a-z]{2,}(?:-[a-z]+)+-\d+\//.test(rest)) {
    return 'a region stands inside the model id: write it as aws_region_name and keep bedrock/<model id>'
  }
  return 'not a model id, inference profile or ARN of Bedrock: write bedrock/<model id or ARN>'
}

/** True where Converse is known not to exist for the model, or the entry asks for Invoke. */
export function servesInvokeOnly(reference: ModelReference): boolean {
  if (reference.route === 'invoke') return true
  const parsed = parseModelId(reference.id)
  return 'id' in parsed && !familyOf(parsed.id).converse
}
