/** Where the calls of an entry go: `litellm_params` → model, region, endpoint, credentials and the settings of routing. */
import type { JsonObject } from '../../base/json.ts'
import { arnRegion, parseModelId, unknownGeography } from '../../bedrock/model/model-id.ts'
import { endpointOf } from '../../bedrock/partitions.ts'
import type { Issues } from '../issues.ts'
import { UNKNOWN_REGION } from '../secrets.ts'
import { joinPath } from '../setting-path.ts'
import { MODEL_PARAMS } from '../settings/model-params-table.ts'
import { type AllReadBy, type Fields, readField, readFields } from '../settings/read-fields.ts'
import type { Deployment } from '../types.ts'
import { type CredentialFields, readCredentials } from './deployment-credentials.ts'
import { type ModelReference, readModelName } from './model-setting.ts'
import type { Reading } from './reading-context.ts'

type Upstream = Omit<Deployment, 'id' | 'group' | 'reach' | 'maxInputTokens' | 'baseModel' | 'prices'>

/** As far as it could be read; `upstream` only when it is whole. */
export type ModelTarget = {
  reference?: ModelReference
  /** `base_model`, which LiteLLM reads here where `model_info` has none. */
  baseModel?: string
  /** What `model` says beside `model_id`, where that names a model with a price. */
  pricedAs?: string
  region?: string
  upstream?: Upstream
}

export function readModelTarget(settings: JsonObject, path: string, reading: Reading): ModelTarget {
  const { source, issues } = reading
  const {
    model,
    model_id,
    custom_llm_provider,
    base_model,
    litellm_credential_name,
    aws_region_name,
    aws_bedrock_runtime_endpoint,
    api_base,
    extra_headers,
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
  if (litellm_credential_name !== undefined && !reading.credentials.has(litellm_credential_name)) {
    const credentialPath = joinPath(path, 'litellm_credential_name')
    issues.error(credentialPath, `there is no credential "${litellm_credential_name}": add it to credential_list`)
    return {}
  }
  const { wire, named } = readModels({ model, model_id, custom_llm_provider }, settings, path, issues)
  const region = wire && readRegion(aws_region_name, settings, wire, path, reading)
  const credentials = readCredentials(others, settings, path, source, issues)
  if (wire === undefined) return {}
  const target: ModelTarget = {
    reference: wire,
    ...(base_model === undefined ? {} : { baseModel: base_model }),
    ...(named !== undefined && isPriced(named.id) ? { pricedAs: named.id } : {}),
    ...(region === undefined ? {} : { region }),
  }
  if (region === undefined || credentials === null) return target
  return {
    ...target,
    upstream: {
      model: wire.id,
      region,
      credentials,
      ...endpointsOf(api_base, aws_bedrock_runtime_endpoint, region),
      order: order ?? 0,
      ...(extra_headers === undefined ? {} : { extraHeaders: extra_headers }),
      ...(weight === undefined ? {} : { weight }),
      ...(rpm === undefined ? {} : { rpm }),
      ...(tpm === undefined ? {} : { tpm }),
      ...(timeout === undefined ? {} : { timeoutMs: timeout }),
      ...(stream_timeout === undefined ? {} : { streamTimeoutMs: stream_timeout }),
      ...(cooldown_time === undefined ? {} : { cooldownMs: cooldown_time }),
    },
  }
}

/** An ARN beside `model_id` names a price only where it names a model. */
function isPriced(id: string): boolean {
  return 'id' in parseModelId(id)
}

/** Of two endpoints `apiBase` is what is signed and the other is where it is sent, as behind a proxy in front of AWS. */
function endpointsOf(
  apiBase: string | undefined,
  runtimeEndpoint: string | undefined,
  region: string,
): Pick<Deployment, 'runtimeEndpoint' | 'signedEndpoint'> {
  const sent = runtimeEndpoint ?? apiBase ?? endpointOf('bedrock-runtime', region)
  return apiBase === undefined || apiBase === sent
    ? { runtimeEndpoint: sent }
    : { runtimeEndpoint: sent, signedEndpoint: apiBase }
}

/** `wire` is sent to Bedrock; `named` is what `model` says beside `model_id`, which is how LiteLLM prices such a deployment. */
type Models = { wire?: ModelReference; named?: ModelReference }

type ModelFields = {
  [Name in 'model' | 'model_id' | 'custom_llm_provider']: Fields<typeof MODEL_PARAMS>[Name] | undefined
}

function readModels(fields: ModelFields, settings: JsonObject, path: string, issues: Issues): Models {
  const { model, model_id, custom_llm_provider: provider } = fields
  const modelPath = joinPath(path, 'model')
  if (settings.model === undefined) issues.error(modelPath, 'missing: write bedrock/<model id or ARN>')
  if (model === undefined) return {}
  const named = readReference(model, provider, modelPath, issues)
  if (settings.model_id === undefined || named === undefined) return named === undefined ? {} : { wire: named }
  if (model_id === undefined) return {}
  const wire = readReference(model_id, 'bedrock', joinPath(path, 'model_id'), issues)
  return wire === undefined ? {} : { wire: { ...named, ...wire }, named }
}

function readReference(
  name: string,
  provider: string | undefined,
  path: string,
  issues: Issues,
): ModelReference | undefined {
  const reading = readModelName(name, provider)
  switch (reading.kind) {
    case 'faulty':
      issues.error(path, reading.fault)
      return undefined
    case 'elsewhere':
      issues.error(path, `this gateway serves the models of Amazon Bedrock, not ${reading.provider}`)
      return undefined
    case 'pattern':
      return reading.reference
    case 'model':
      warnOfGeography(reading.reference.id, path, issues)
      return reading.reference
  }
}

function warnOfGeography(id: string, path: string, issues: Issues): void {
  const geography = unknownGeography(id)
  if (geography === null) return
  issues.warn(
    path,
    `${geography}. is not a geography of inference profiles that is known here: it is sent as it is, has no list price, and is taken to be served anywhere`,
  )
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
  if (given !== undefined && wire.region !== undefined && given !== wire.region && given !== UNKNOWN_REGION) {
    issues.warn(regionPath, `counts, and the region ${wire.region} inside the model does not: remove one of them`)
  }
  const region =
    given ??
    ofArn ??
    wire.region ??
    source.read('AWS_REGION_NAME', UNKNOWN_REGION, 'AWS_REGION') ??
    source.read('AWS_REGION', UNKNOWN_REGION)
  if (region === undefined) {
    issues.error(regionPath, 'missing: write the region, or set AWS_REGION_NAME or AWS_REGION')
    return undefined
  }
  return readField(MODEL_PARAMS.used.aws_region_name, region, regionPath, issues)
}
