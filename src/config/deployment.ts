/** One entry of `model_list` → one deployment. */
import { readCredentials } from './credentials.ts'
import { type Fields, readFields } from './fields.ts'
import { arnRegion, isArn, type ModelReference, readModelReference } from './ids.ts'
import { type Issues, isObject, type JsonObject, typeName } from './issues.ts'
import type { Siblings } from './judged-settings.ts'
import { joinPath } from './path.ts'
import { isPriceName, readPrice } from './prices.ts'
import { LITELLM_PARAMS, MODEL_ENTRY, MODEL_INFO } from './schema.ts'
import { resolveReferences, type SecretSource, UNKNOWN_REGION, UNRESOLVED } from './secrets.ts'
import { readSection, sift } from './sift.ts'
import type { CustomPrices, Deployment } from './types.ts'

type Params = Fields<typeof LITELLM_PARAMS>

/** A deployment as far as its entry could be read; the checks between deployments use what is there. */
export type Draft = {
  path: string
  group?: string
  /** `model_info.id`. */
  explicitId?: string
  reference?: ModelReference
  region?: string
  /** Only of an entry without fault. */
  deployment?: Omit<Deployment, 'id'>
}

export type ReadingOf = { source: SecretSource; issues: Issues; siblings: Siblings }

export function readDeployment(entry: unknown, path: string, reading: ReadingOf): Draft {
  const { issues, siblings } = reading
  if (!isObject(entry)) {
    issues.error(path, `this entry is ${typeName(entry)}: write model_name and litellm_params`)
    return { path }
  }
  const used = sift('model_list', entry, path, issues)
  const names = settingsOf('model_list', { model_name: used.model_name }, path, reading)
  const group = readFields(MODEL_ENTRY, names, path, issues).model_name
  if (names.model_name === undefined)
    issues.error(joinPath(path, 'model_name'), 'missing: write the name that clients ask for')
  if (group?.includes('*')) issues.error(joinPath(path, 'model_name'), 'wildcards are not served: name each model')

  const paramsPath = joinPath(path, 'litellm_params')
  if (used.litellm_params === undefined)
    issues.error(paramsPath, 'missing: write at least model: bedrock/<model id or ARN>')
  const paramSettings = readSection(used.litellm_params, paramsPath, issues)
  const params = settingsOf(
    'litellm_params',
    sift('litellm_params', paramSettings, paramsPath, issues, siblings),
    paramsPath,
    reading,
  )
  const infoPath = joinPath(path, 'model_info')
  const infoSettings = sift('model_info', readSection(used.model_info, infoPath, issues), infoPath, issues)
  const info = settingsOf('model_info', infoSettings, infoPath, reading)

  const fields = readFields(LITELLM_PARAMS, params, paramsPath, issues)
  const infoFields = readFields(MODEL_INFO, info, infoPath, issues)
  const prices = { ...readPrices(info, infoPath, issues), ...readPrices(params, paramsPath, issues) }
  const models = isObject(used.litellm_params) ? readModels(fields, params, paramsPath, issues) : {}
  const region = models.wire && readRegion(fields, params, models.wire, paramsPath, reading)
  const credentials = models.wire && readCredentials(fields, params, paramsPath, reading.source, issues)
  const draft: Draft = {
    path,
    ...(group === undefined ? {} : { group }),
    ...(infoFields.id === undefined ? {} : { explicitId: infoFields.id }),
    ...(models.wire === undefined ? {} : { reference: models.wire }),
    ...(region === undefined ? {} : { region }),
  }
  if (group === undefined || models.wire === undefined || region === undefined || !credentials) return draft
  const baseModel = readBaseModel(infoFields.base_model, models)
  const deployment = { group, model: models.wire.id, region, credentials, ...settingsOfRouting(fields, region) }
  const maxInputTokens = infoFields.max_input_tokens
  return {
    ...draft,
    deployment: {
      ...deployment,
      ...(maxInputTokens === undefined ? {} : { maxInputTokens }),
      ...(baseModel === undefined ? {} : { baseModel }),
      ...(Object.keys(prices).length === 0 ? {} : { prices }),
    },
  }
}

function settingsOf(setting: string, settings: JsonObject, path: string, { source, issues }: ReadingOf): JsonObject {
  const resolved = resolveReferences(settings, path, setting, source, issues)
  return isObject(resolved) ? resolved : {}
}

function readPrices(settings: JsonObject, path: string, issues: Issues): CustomPrices {
  const prices: [string, string][] = []
  for (const [name, value] of Object.entries(settings)) {
    if (!isPriceName(name) || value === UNRESOLVED) continue
    const result = readPrice(value)
    if (result.ok) prices.push([name, result.price])
    else issues.error(joinPath(path, name), result.fault)
  }
  return Object.fromEntries(prices)
}

/** `wire` is sent to Bedrock; `named` is what `model` says where `model_id` stands beside it. */
type Models = { wire?: ModelReference; named?: ModelReference }

function readModels(fields: Params, settings: JsonObject, path: string, issues: Issues): Models {
  const modelPath = joinPath(path, 'model')
  if (settings.model === undefined) issues.error(modelPath, 'missing: write bedrock/<model id or ARN>')
  const provider = fields.custom_llm_provider
  if (provider !== undefined && provider !== 'bedrock') {
    issues.error(
      joinPath(path, 'custom_llm_provider'),
      'this gateway serves Amazon Bedrock only: write bedrock, or remove the entry',
    )
    return {}
  }
  if (fields.model === undefined) return {}
  const named = readModelReference(fields.model, provider)
  if (!named.ok) {
    issues.error(modelPath, named.fault)
    return {}
  }
  if (settings.model_id === undefined) return { wire: named.reference }
  if (fields.model_id === undefined) return {}
  const wire = readModelReference(fields.model_id, 'bedrock')
  if (wire.ok) return { wire: { ...named.reference, id: wire.reference.id }, named: named.reference }
  issues.error(joinPath(path, 'model_id'), wire.fault)
  return {}
}

/** LiteLLM prices a deployment with `model_id` by its `model`; an ARN there says nothing about the price. */
function readBaseModel(baseModel: string | undefined, { named }: Models): string | undefined {
  if (baseModel !== undefined) {
    const reference = readModelReference(baseModel, 'bedrock')
    return reference.ok ? reference.reference.id : baseModel
  }
  return named === undefined || isArn(named.id) ? undefined : named.id
}

function readRegion(
  fields: Params,
  settings: JsonObject,
  wire: ModelReference,
  path: string,
  { source, issues }: ReadingOf,
): string | undefined {
  const regionPath = joinPath(path, 'aws_region_name')
  if (settings.aws_region_name !== undefined && fields.aws_region_name === undefined) return undefined
  const ofArn = arnRegion(wire.id)
  const given = fields.aws_region_name
  if (given !== undefined && ofArn !== undefined && given !== ofArn && given !== UNKNOWN_REGION) {
    issues.error(regionPath, `contradicts the region ${ofArn} of the ARN: remove it, or write ${ofArn}`)
    return undefined
  }
  const region =
    given ?? ofArn ?? source.read('AWS_REGION_NAME', 'aws_region_name') ?? source.read('AWS_REGION', 'aws_region_name')
  if (region === undefined) {
    issues.error(regionPath, 'missing: write the region, or set AWS_REGION_NAME or AWS_REGION')
    return undefined
  }
  if (
    readFields({ aws_region_name: LITELLM_PARAMS.aws_region_name }, { aws_region_name: region }, path, issues)
      .aws_region_name
  ) {
    return region
  }
  return undefined
}

/** https://docs.aws.amazon.com/general/latest/gr/bedrock.html; China has a domain of its own, GovCloud has not. */
function defaultEndpoint(region: string): string {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return `https://bedrock-runtime.${region}.${domain}`
}

type RoutingSettings = Pick<
  Deployment,
  'runtimeEndpoint' | 'weight' | 'rpm' | 'tpm' | 'order' | 'timeoutMs' | 'streamTimeoutMs' | 'cooldownMs'
>

function settingsOfRouting(fields: Params, region: string): RoutingSettings {
  return {
    runtimeEndpoint: fields.aws_bedrock_runtime_endpoint ?? fields.api_base ?? defaultEndpoint(region),
    order: fields.order ?? 0,
    ...(fields.weight === undefined ? {} : { weight: fields.weight }),
    ...(fields.rpm === undefined ? {} : { rpm: fields.rpm }),
    ...(fields.tpm === undefined ? {} : { tpm: fields.tpm }),
    ...(fields.timeout === undefined ? {} : { timeoutMs: fields.timeout }),
    ...(fields.stream_timeout === undefined ? {} : { streamTimeoutMs: fields.stream_timeout }),
    ...(fields.cooldown_time === undefined ? {} : { cooldownMs: fields.cooldown_time }),
  }
}
