/** One entry of `model_list` → one deployment, or the pattern of many. */
import { isObject, type JsonObject } from '../../base/json.ts'
import { type Reach, reachOf } from '../../bedrock/model/reach.ts'
import { type Issues, typeName } from '../issues.ts'
import { canFill } from '../patterns.ts'
import { UNRESOLVED } from '../secrets.ts'
import { joinPath } from '../setting-path.ts'
import { MODEL_ENTRY, MODEL_INFO } from '../settings/model-entry-table.ts'
import { type AllRead, readField, readFields } from '../settings/read-fields.ts'
import { readSection, resolveSettings, sift } from '../settings/sift.ts'
import type { CustomPrices, Deployment } from '../types.ts'
import { readPrice } from './custom-price.ts'
import { type ModelReference, readBaseModel } from './model-setting.ts'
import { readModelTarget } from './model-target.ts'
import { withNamedCredential } from './named-credentials.ts'
import { isPriceName, whyPriceIsUnused } from './price-fields.ts'
import type { Reading } from './reading-context.ts'

/** A deployment as far as its entry could be read; the checks between deployments use what is there. */
export type Draft = {
  path: string
  group?: string
  /** `model_info.id`. */
  explicitId?: string
  reference?: ModelReference
  region?: string
  /** Absent for a pattern, whose reach each call decides. */
  reach?: Reach
  isPattern: boolean
  /** Only of an entry without fault. */
  deployment?: Omit<Deployment, 'id'>
}

export function readDeployment(entry: unknown, path: string, reading: Reading): Draft {
  const { issues } = reading
  if (!isObject(entry)) {
    issues.error(path, `this entry is ${typeName(entry)}: write model_name and litellm_params`)
    return { path, isPattern: false }
  }
  const used = sift('model_list', entry, path, issues)
  const group = readGroup(used.model_name, path, reading)
  const paramsPath = joinPath(path, 'litellm_params')
  const withCredential = withNamedCredential(used.litellm_params, reading.credentials)
  const params = readPart('litellm_params', withCredential, paramsPath, reading)
  const infoPath = joinPath(path, 'model_info')
  const info = readPart('model_info', used.model_info, infoPath, reading)

  const { id: explicitId, base_model, max_input_tokens, ...unread } = readFields(MODEL_INFO, info, infoPath, issues)
  unread satisfies AllRead
  const target = isObject(used.litellm_params) ? readModelTarget(params, paramsPath, reading) : {}
  if (used.litellm_params === undefined) {
    issues.error(paramsPath, 'missing: write at least model: bedrock/<model id or ARN>')
  }
  const prices = { ...readPrices(info, infoPath, issues), ...readPrices(params, paramsPath, issues) }
  const { reference, region, upstream } = target
  const isPattern = group?.includes('*') ?? false
  const canBeFilled = reference === undefined || checkFilled(group ?? '', reference.id, paramsPath, issues)
  const behindName = base_model ?? target.baseModel
  const behind = behindName === undefined ? undefined : readBaseModel(behindName)
  const baseModel = behind?.id ?? target.pricedAs
  const reach = reference && !isPattern ? reachOf(reference.id, baseModel, behind?.region) : undefined
  const draft: Draft = {
    path,
    isPattern,
    ...(group === undefined ? {} : { group }),
    ...(explicitId === undefined ? {} : { explicitId }),
    ...(reference === undefined ? {} : { reference }),
    ...(region === undefined ? {} : { region }),
    ...(reach === undefined ? {} : { reach }),
  }
  if (group === undefined || upstream === undefined || !canBeFilled) return draft
  return {
    ...draft,
    deployment: {
      group,
      reach: reach ?? { kind: 'unknown' },
      ...upstream,
      ...(max_input_tokens === undefined ? {} : { maxInputTokens: max_input_tokens }),
      ...(baseModel === undefined ? {} : { baseModel }),
      ...(Object.keys(prices).length === 0 ? {} : { prices }),
    },
  }
}

function checkFilled(name: string, identifier: string, path: string, issues: Issues): boolean {
  if (!identifier.includes('*') || (name.includes('*') && canFill(identifier, name))) return true
  const message = name.includes('*')
    ? `has more wildcards than "${name}" fills: write bedrock/* for the model that a call asks for`
    : `a wildcard needs one in model_name as well, such as model_name: "bedrock/*"`
  issues.error(joinPath(path, 'model'), message)
  return false
}

function readGroup(value: unknown, path: string, { source, issues }: Reading): string | undefined {
  const namePath = joinPath(path, 'model_name')
  const { model_name } = resolveSettings('model_list', { model_name: value }, path, source, issues)
  if (model_name === undefined) issues.error(namePath, 'missing: write the name that clients ask for')
  return readField(MODEL_ENTRY.used.model_name, model_name, namePath, issues)
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
