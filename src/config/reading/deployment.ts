/** One entry of `model_list` → one deployment. */
import { isObject, type JsonObject } from '../../base/json.ts'
import { arnRegion, unknownGeography } from '../../bedrock/model/model-id.ts'
import { type Reach, reachOf } from '../../bedrock/model/reach.ts'
import { type Issues, typeName } from '../issues.ts'
import { type SecretSource, UNKNOWN_REGION, UNRESOLVED } from '../secrets.ts'
import { joinPath } from '../setting-path.ts'
import { MODEL_ENTRY, MODEL_INFO } from '../settings/model-entry.ts'
import { MODEL_PARAMS } from '../settings/model-params.ts'
import { type AllRead, type AllReadBy, type Fields, readField, readFields } from '../settings/read-fields.ts'
import type { Siblings } from '../settings/setting.ts'
import { readSection, resolveSettings, sift } from '../settings/sift.ts'
import type { CustomPrices, Deployment } from '../types.ts'
import { readPrice } from './custom-price.ts'
import { CREDENTIAL_SETTINGS, type CredentialFields, readCredentials } from './deployment-credentials.ts'
import { isArn, type ModelReference, readModelReference } from './model-setting.ts'
import { isPriceName, whyPriceIsUnused } from './price-fields.ts'

type Params = Fields<typeof MODEL_PARAMS>

/** A deployment as far as its entry could be read; the checks between deployments use what is there. */
export type Draft = {
  path: string
  group?: string
  /** `model_info.id`. */
  explicitId?: string
  reference?: ModelReference
  region?: string
  reach?: Reach
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

  const { id: explicitId, base_model, max_input_tokens, ...unread } = readFields(MODEL_INFO, info, infoPath, issues)
  unread satisfies AllRead
  const target = isObject(used.litellm_params) ? readTarget(params, paramsPath, reading) : {}
  if (used.litellm_params === undefined) {
    issues.error(paramsPath, 'missing: write at least model: bedrock/<model id or ARN>')
  }
  const prices = { ...readPrices(info, infoPath, issues), ...readPrices(params, paramsPath, issues) }
  const { reference, region, upstream } = target
  const baseModel = readBaseModel(base_model) ?? target.pricedAs
  const reach = reference && reachOf(reference.id, baseModel)
  const draft: Draft = {
    path,
    ...(group === undefined ? {} : { group }),
    ...(explicitId === undefined ? {} : { explicitId }),
    ...(reference === undefined ? {} : { reference }),
    ...(region === undefined ? {} : { region }),
    ...(reach === undefined ? {} : { reach }),
  }
  if (group === undefined || upstream === undefined || reach === undefined) return draft
  return {
    ...draft,
    deployment: {
      group,
      reach,
      ...upstream,
      ...(max_input_tokens === undefined ? {} : { maxInputTokens: max_input_tokens }),
      ...(baseModel === undefined ? {} : { baseModel }),
      ...(Object.keys(prices).length === 0 ? {} : { prices }),
    },
  }
}

function readGroup(value: unknown, path: string, { source, issues }: Reading): string | undefined {
  const namePath = joinPath(path, 'model_name')
  const { model_name } = resolveSettings('model_list', { model_name: value }, path, source, issues)
  if (model_name === undefined) issues.error(namePath, 'missing: write the name that clients ask for')
  const group = readField(MODEL_ENTRY.used.model_name, model_name, namePath, issues)
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
  return resolveSettings(section, used, path, source, issues)
}

type Upstream = Omit<Deployment, 'id' | 'group' | 'reach' | 'maxInputTokens' | 'baseModel' | 'prices'>

/** Where the calls of a deployment go, as far as it could be read; `upstream` only when it is whole. */
type Target = { reference?: ModelReference; pricedAs?: string; region?: string; upstream?: Upstream }

function readTarget(settings: JsonObject, path: string, reading: Reading): Target {
  const { source, issues } = reading
  const {
    model,
    model_id,
    custom_llm_provider,
    aws_region_name,
    aws_bedrock_runtime_endpoint,
    api_base,
    weight,
    rpm,
    tpm,
    order,
    timeout,
    stream_timeout,
    cooldown_time,
    ...others
  } = readFields(MODEL_PARAMS, settings, path, issues)
  others satisfies AllReadBy<CredentialFields, typeof others>
  const { wire, named } = readModels({ model, model_id, custom_llm_provider }, settings, path, issues)
  const region = wire && readRegion(aws_region_name, settings, wire, path, reading)
  // An entry of another provider is faulty as a whole; that it has no credentials for Bedrock is no news.
  const isWorthChecking = wire !== undefined || CREDENTIAL_SETTINGS.some((name) => settings[name] !== undefined)
  const credentials = isWorthChecking ? readCredentials(others, settings, path, source, issues) : null
  if (wire === undefined) return {}
  const target: Target = {
    reference: wire,
    ...(named === undefined || isArn(named.id) ? {} : { pricedAs: named.id }),
    ...(region === undefined ? {} : { region }),
  }
  if (region === undefined || credentials === null) return target
  return {
    ...target,
    upstream: {
      model: wire.id,
      region,
      credentials,
      runtimeEndpoint: aws_bedrock_runtime_endpoint ?? api_base ?? defaultEndpoint(region),
      order: order ?? 0,
      ...(weight === undefined ? {} : { weight }),
      ...(rpm === undefined ? {} : { rpm }),
      ...(tpm === undefined ? {} : { tpm }),
      ...(timeout === undefined ? {} : { timeoutMs: timeout }),
      ...(stream_timeout === undefined ? {} : { streamTimeoutMs: stream_timeout }),
      ...(cooldown_time === undefined ? {} : { cooldownMs: cooldown_time }),
    },
  }
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

type ModelFields = { [Name in 'model' | 'model_id' | 'custom_llm_provider']: Params[Name] | undefined }

function readModels(fields: ModelFields, settings: JsonObject, path: string, issues: Issues): Models {
  const { model, model_id, custom_llm_provider: provider } = fields
  const modelPath = joinPath(path, 'model')
  if (settings.model === undefined) issues.error(modelPath, 'missing: write bedrock/<model id or ARN>')
  if (provider !== undefined && provider !== 'bedrock') {
    issues.error(
      joinPath(path, 'custom_llm_provider'),
      'this gateway serves Amazon Bedrock only: write bedrock, or remove the entry',
    )
    return {}
  }
  if (model === undefined) return {}
  const named = readModelReference(model, provider)
  if (!named.ok) {
    issues.error(modelPath, named.fault)
    return {}
  }
  warnOfGeography(named.reference, modelPath, issues)
  if (settings.model_id === undefined) return { wire: named.reference }
  if (model_id === undefined) return {}
  const wire = readModelReference(model_id, 'bedrock')
  if (wire.ok) warnOfGeography(wire.reference, joinPath(path, 'model_id'), issues)
  if (wire.ok) return { wire: { ...named.reference, id: wire.reference.id }, named: named.reference }
  issues.error(joinPath(path, 'model_id'), wire.fault)
  return {}
}

function warnOfGeography({ id }: ModelReference, path: string, issues: Issues): void {
  const geography = unknownGeography(id)
  if (geography === null) return
  issues.warn(
    path,
    `${geography}. is not a geography of inference profiles that is known here: it is sent as it is, has no list price, and is taken to be served anywhere`,
  )
}

/** An id keeps neither LiteLLM's prefixes nor its routes; anything else is kept as a name of its own. */
function readBaseModel(baseModel: string | undefined): string | undefined {
  if (baseModel === undefined) return undefined
  const result = readModelReference(baseModel, 'bedrock')
  return result.ok ? result.reference.id : baseModel
}

function readRegion(
  given: string | undefined,
  settings: JsonObject,
  wire: ModelReference,
  path: string,
  { source, issues }: Reading,
): string | undefined {
  const regionPath = joinPath(path, 'aws_region_name')
  if (settings.aws_region_name !== undefined && given === undefined) return undefined
  const ofArn = arnRegion(wire.id)
  if (given !== undefined && ofArn !== undefined && given !== ofArn && given !== UNKNOWN_REGION) {
    issues.error(regionPath, `contradicts the region ${ofArn} of the ARN: remove it, or write ${ofArn}`)
    return undefined
  }
  const region =
    given ??
    ofArn ??
    source.read('AWS_REGION_NAME', UNKNOWN_REGION, 'AWS_REGION') ??
    source.read('AWS_REGION', UNKNOWN_REGION)
  if (region === undefined) {
    issues.error(regionPath, 'missing: write the region, or set AWS_REGION_NAME or AWS_REGION')
    return undefined
  }
  return readField(MODEL_PARAMS.used.aws_region_name, region, regionPath, issues)
}

/** https://docs.aws.amazon.com/general/latest/gr/bedrock.html; China has a domain of its own, GovCloud has not. */
function defaultEndpoint(region: string): string {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  return `https://bedrock-runtime.${region}.${domain}`
}
