/** One entry of `model_list` → one deployment. */

import { type Issues, isObject, type JsonObject, typeName } from '../issues.ts'
import { resolveReferences, type SecretSource, UNKNOWN_REGION, UNRESOLVED } from '../secrets.ts'
import { joinPath } from '../setting-path.ts'
import { type Fields, readFields } from '../settings/fields.ts'
import type { Siblings } from '../settings/judged-settings.ts'
import { LITELLM_PARAMS, MODEL_ENTRY, MODEL_INFO } from '../settings/schema.ts'
import { readSection, sift } from '../settings/sift.ts'
import type { CustomPrices, Deployment } from '../types.ts'
import { isPriceName, readPrice } from './custom-price.ts'
import { CREDENTIAL_SETTINGS, readCredentials } from './deployment-credentials.ts'
import { arnRegion, isArn, type ModelReference, readModelReference } from './model-setting.ts'
import { whyPriceIsUnused } from './price-fields.ts'

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

/** What the reading of a configuration hands down to each part of it. */
export type Reading = { source: SecretSource; issues: Issues; siblings: Siblings }

export function readDeployment(entry: unknown, path: string, reading: Reading): Draft {
  const { issues } = reading
  if (!isObject(entry)) {
    issues.error(path, `this entry is ${typeName(entry)}: write model_name and litellm_params`)
    return { path }
  }
  const used = sift('model_list', entry, path, issues)
  const group = readGroup(used.model_name, path, reading)
  const paramsPath = joinPath(path, 'litellm_params')
  const params = readPart('litellm_params', used.litellm_params, paramsPath, reading)
  const infoPath = joinPath(path, 'model_info')
  const info = readPart('model_info', used.model_info, infoPath, reading)

  const infoFields = readFields(MODEL_INFO, info, infoPath, issues)
  const target = isObject(used.litellm_params) ? readTarget(params, paramsPath, reading) : {}
  if (used.litellm_params === undefined) {
    issues.error(paramsPath, 'missing: write at least model: bedrock/<model id or ARN>')
  }
  const prices = { ...readPrices(info, infoPath, issues), ...readPrices(params, paramsPath, issues) }
  const { reference, region, upstream } = target
  const draft: Draft = {
    path,
    ...(group === undefined ? {} : { group }),
    ...(infoFields.id === undefined ? {} : { explicitId: infoFields.id }),
    ...(reference === undefined ? {} : { reference }),
    ...(region === undefined ? {} : { region }),
  }
  if (group === undefined || upstream === undefined) return draft
  const maxInputTokens = infoFields.max_input_tokens
  const baseModel = readBaseModel(infoFields.base_model) ?? target.pricedAs
  return {
    ...draft,
    deployment: {
      group,
      ...upstream,
      ...(maxInputTokens === undefined ? {} : { maxInputTokens }),
      ...(baseModel === undefined ? {} : { baseModel }),
      ...(Object.keys(prices).length === 0 ? {} : { prices }),
    },
  }
}

function readGroup(value: unknown, path: string, { source, issues }: Reading): string | undefined {
  const namePath = joinPath(path, 'model_name')
  const model_name = resolveReferences(value, namePath, 'model_name', source, issues)
  if (model_name === undefined) issues.error(namePath, 'missing: write the name that clients ask for')
  const group = readFields(MODEL_ENTRY, { model_name }, path, issues).model_name
  if (group?.includes('*')) issues.error(namePath, 'wildcards are not served: name each model')
  return group
}

/** The used settings of one part of an entry, with their references resolved. */
function readPart(
  section: 'litellm_params' | 'model_info',
  value: unknown,
  path: string,
  { source, issues, siblings }: Reading,
): JsonObject {
  const used = sift(section, readSection(value, path, issues), path, issues, siblings)
  const resolved = resolveReferences(used, path, section, source, issues)
  return isObject(resolved) ? resolved : {}
}

type Upstream = Omit<Deployment, 'id' | 'group' | 'maxInputTokens' | 'baseModel' | 'prices'>

/** Where the calls of a deployment go, as far as it could be read; `upstream` only when it is whole. */
type Target = { reference?: ModelReference; pricedAs?: string; region?: string; upstream?: Upstream }

function readTarget(settings: JsonObject, path: string, reading: Reading): Target {
  const { source, issues } = reading
  const fields = readFields(LITELLM_PARAMS, settings, path, issues)
  const { wire, named } = readModels(fields, settings, path, issues)
  const region = wire && readRegion(fields, settings, wire, path, reading)
  // An entry of another provider is faulty as a whole; that it has no credentials for Bedrock is no news.
  const isWorthChecking = wire !== undefined || CREDENTIAL_SETTINGS.some((name) => settings[name] !== undefined)
  const credentials = isWorthChecking ? readCredentials(fields, settings, path, source, issues) : null
  if (wire === undefined) return {}
  const target: Target = {
    reference: wire,
    ...(named === undefined || isArn(named.id) ? {} : { pricedAs: named.id }),
    ...(region === undefined ? {} : { region }),
  }
  if (region === undefined || credentials === null) return target
  return { ...target, upstream: { model: wire.id, region, credentials, ...settingsOfRouting(fields, region) } }
}

function readPrices(settings: JsonObject, path: string, issues: Issues): CustomPrices {
  const prices: [string, string][] = []
  for (const [name, value] of Object.entries(settings)) {
    if (!isPriceName(name) || value === UNRESOLVED) continue
    const result = readPrice(value)
    const unused = whyPriceIsUnused(name)
    if (!result.ok) issues.error(joinPath(path, name), result.fault)
    else if (unused !== null) issues.warn(joinPath(path, name), `has no effect here: ${unused}`)
    else prices.push([name, result.price])
  }
  return Object.fromEntries(prices)
}

/** `wire` is sent to Bedrock; `named` is what `model` says beside `model_id`, which is how LiteLLM prices such a deployment. */
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

/** An id keeps neither LiteLLM's prefixes nor its routes; anything else is kept as a name of its own. */
function readBaseModel(baseModel: string | undefined): string | undefined {
  if (baseModel === undefined) return undefined
  const result = readModelReference(baseModel, 'bedrock')
  return result.ok ? result.reference.id : baseModel
}

function readRegion(
  fields: Params,
  settings: JsonObject,
  wire: ModelReference,
  path: string,
  { source, issues }: Reading,
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
    given ??
    ofArn ??
    source.read('AWS_REGION_NAME', 'aws_region_name', 'AWS_REGION') ??
    source.read('AWS_REGION', 'aws_region_name')
  if (region === undefined) {
    issues.error(regionPath, 'missing: write the region, or set AWS_REGION_NAME or AWS_REGION')
    return undefined
  }
  return readFields({ aws_region_name: LITELLM_PARAMS.aws_region_name }, { aws_region_name: region }, path, issues)
    .aws_region_name
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
