/** What a file holds beside Bedrock: it is left out, and one warning names all of it. */
import { isObject, type JsonObject } from '../../base/json.ts'
import type { Issues } from '../issues.ts'
import { isReference, referencedName, type SecretSource } from '../secrets.ts'
import { joinPath } from '../setting-path.ts'
import { KNOWN_SETTINGS } from '../settings/known-settings.ts'
import { standInOf } from '../settings/setting.ts'
import { readModelName } from './model-setting.ts'
import { withNamedCredential } from './named-credentials.ts'

export type Leavings = {
  add: (path: string, what: string) => void
  report: (issues: Issues) => void
}

export function collectLeavings(): Leavings {
  const found: { path: string; what: string }[] = []
  return {
    add(path, what) {
      found.push({ path, what })
    },
    report(issues) {
      const [first] = found
      if (first === undefined) return
      const list = found.map(({ path, what }) => `${path} (${what})`).join(', ')
      issues.leaveOut(first.path, `left out, because it is no model of Amazon Bedrock or leads to none: ${list}`)
    },
  }
}

/** Whose model an entry is, where it is not a model of Bedrock; null for an entry that is to be read. */
export function otherProvider(
  entry: unknown,
  credentials: ReadonlyMap<string, JsonObject>,
  source: SecretSource,
): string | null {
  const params = isObject(entry) ? withNamedCredential(entry.litellm_params, credentials) : null
  if (!isObject(params)) return null
  const textOf = (name: 'model' | 'custom_llm_provider'): string | undefined => {
    const value = params[name]
    if (typeof value !== 'string' || value === '') return undefined
    if (!isReference(value)) return value
    return source.read(referencedName(value), standInOf(KNOWN_SETTINGS.litellm_params.used[name]))
  }
  const model = textOf('model')
  if (model === undefined) return null
  const reading = readModelName(model, textOf('custom_llm_provider'))
  return reading.kind === 'elsewhere' ? reading.provider : null
}

/** `model_name` of an entry that is not read; empty where it has none. */
export function entryName(entry: unknown): string {
  const name = isObject(entry) ? entry.model_name : undefined
  return typeof name === 'string' || typeof name === 'number' ? String(name) : ''
}

/** Paths and names of the entries that are left out, and the rest with their places in the file. */
export function partEntries(
  list: readonly unknown[],
  leavings: Leavings,
  providerOf: (entry: unknown) => string | null,
): { kept: readonly { entry: unknown; index: number }[]; names: ReadonlySet<string> } {
  const kept: { entry: unknown; index: number }[] = []
  const names = new Set<string>()
  list.forEach((entry, index) => {
    const provider = providerOf(entry)
    if (provider === null) {
      kept.push({ entry, index })
      return
    }
    leavings.add(joinPath('model_list', index), `"${entryName(entry)}", ${provider}`)
    names.add(entryName(entry))
  })
  return { kept, names }
}
