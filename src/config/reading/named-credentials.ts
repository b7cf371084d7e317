/** `credential_list`: credentials that entries of `model_list` share by their name. */
import { isObject, type JsonObject } from '../../base/json.ts'
import { type Issues, typeName } from '../issues.ts'
import { joinPath } from '../setting-path.ts'

const LIST_PATH = 'credential_list'

/** Of two credentials of one name LiteLLM takes the first. */
export function readNamedCredentials(value: unknown, issues: Issues): ReadonlyMap<string, JsonObject> {
  const byName = new Map<string, JsonObject>()
  if (value === undefined) return byName
  if (!Array.isArray(value)) {
    issues.error(LIST_PATH, `this is ${typeName(value)}: write a list of credential_name and credential_values`)
    return byName
  }
  value.forEach((entry: unknown, index) => {
    const path = joinPath(LIST_PATH, index)
    const { credential_name: name, credential_values: values } = isObject(entry) ? entry : {}
    if (typeof name !== 'string' || name === '' || !isObject(values)) {
      issues.error(path, 'write credential_name, and credential_values as a mapping of settings of litellm_params')
    } else if (byName.has(name)) {
      issues.warn(path, `there is a credential "${name}" already; the first counts`)
    } else byName.set(name, values)
  })
  return byName
}

/** The parameters of an entry with those of the credential that it names; its own count first. */
export function withNamedCredential(params: unknown, credentials: ReadonlyMap<string, JsonObject>): unknown {
  if (!isObject(params)) return params
  const named = credentials.get(String(params.litellm_credential_name))
  if (named === undefined) return params
  const own = Object.entries(params).filter(([, value]) => value !== null && value !== '')
  return { ...named, ...Object.fromEntries(own) }
}
