/** A configuration that can be shown to people: what may be a secret is hidden, references to secrets stay. */
import { isObject, type JsonObject } from '../base/json.ts'
import { isPriceName } from './reading/price-fields.ts'
import { isReference } from './secrets.ts'
import { joinPath } from './setting-path.ts'
import { isSection, knownSetting } from './settings/known-settings.ts'

/** Stands in place of a value that is not shown. */
export const REDACTED = '*****'

const CREDENTIAL_VALUES = 'credential_values'

/** Names that hold a secret wherever they stand, for a literal that must not be stored. */
const SECRET_NAME =
  /(?:^|_)(?:password|secret|token|api_?key|access_key|access_key_id|master_key|credentials?|license|headers|authorization|webhook_url|database_url|redis_url|dsn)(?:$|_)/

/** Limits, prices, names of headers, and what only points at a named credential. */
const NOT_SECRET_NAME =
  /^(?:max_|input_|output_|cache_|token_)|_header_name$|^(?:litellm_)?credential_(?:list|name|values|info)$/

/** The configuration with every value hidden that is not known to be harmless. */
export function redactConfig(raw: unknown): unknown {
  if (!isObject(raw)) return hide(raw)
  return mapEntries(raw, (name, value) => {
    if (name === 'model_list' && Array.isArray(value)) return value.map(redactEntry)
    if (name === 'credential_list' && Array.isArray(value)) return value.map(redactCredential)
    return redactSection(name, value)
  })
}

function redactEntry(entry: unknown): unknown {
  if (!isObject(entry)) return hide(entry)
  return mapEntries(entry, (name, value) => (name === 'model_name' ? value : redactSection(name, value)))
}

/** The values of a named credential are settings of `litellm_params`. */
function redactCredential(entry: unknown): unknown {
  if (!isObject(entry)) return hide(entry)
  return mapEntries(entry, (name, value) => {
    if (name === 'credential_name') return value
    return name === CREDENTIAL_VALUES ? redactSection('litellm_params', value) : hide(value)
  })
}

function redactSection(section: string, settings: unknown): unknown {
  if (!isObject(settings) || !isSection(section)) return hide(settings)
  return mapEntries(settings, (name, value) => {
    const isShown =
      knownSetting(section, name)?.visibility === 'shown' ||
      isPriceName(name) ||
      (section === 'model_info' && name.startsWith('supports_'))
    return isShown && !hasUserInfo(value) ? value : hide(value)
  })
}

/** `https://user:password@host` */
function hasUserInfo(value: unknown): boolean {
  const url = typeof value === 'string' ? URL.parse(value) : null
  return url !== null && (url.username !== '' || url.password !== '')
}

/** Hides every text and number, keeping names, references, switches and shape. */
function hide(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hide)
  if (isObject(value)) return mapEntries(value, (_name, entry) => hide(entry))
  return value === null || typeof value === 'boolean' || isReference(value) ? value : REDACTED
}

function mapEntries(object: JsonObject, change: (name: string, value: unknown) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(name, value)]))
}

/** Paths of secrets that stand in the configuration as they are, rather than as `os.environ/NAME`. */
export function literalSecretPaths(raw: unknown): readonly string[] {
  return literalsIn(raw, '', '', false)
}

function literalsIn(value: unknown, path: string, setting: string, isSecret: boolean): readonly string[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => literalsIn(item, joinPath(path, index), setting, isSecret))
  }
  if (isObject(value)) {
    return Object.entries(value).flatMap(([name, entry]) =>
      literalsIn(entry, joinPath(path, name), name, isSecret || isSecretName(setting, name)),
    )
  }
  if (typeof value !== 'string' || value === '' || isReference(value)) return []
  return isSecret || hasUserInfo(value) ? [path] : []
}

/** What nobody knows among the parameters of a deployment may be a credential of some other kind. */
function isSecretName(parent: string, name: string): boolean {
  if (isPriceName(name) || NOT_SECRET_NAME.test(name)) return false
  const isParam = parent === 'litellm_params' || parent === CREDENTIAL_VALUES
  const isUnknownParam = isParam && knownSetting('litellm_params', name) === undefined
  return isUnknownParam || SECRET_NAME.test(name.toLowerCase())
}
