/**
 * Every setting of LiteLLM's `config.yaml` that is known here, by section, and looking one up by its name.
 * Source of the names: https://docs.litellm.ai/docs/proxy/config_settings and https://docs.litellm.ai/docs/proxy/configs
 */
import { GENERAL } from './general-table.ts'
import { LITELLM } from './litellm-table.ts'
import { MODEL_ENTRY, MODEL_INFO } from './model-entry-table.ts'
import { MODEL_PARAMS } from './model-params-table.ts'
import { ROUTER } from './router-table.ts'
import type { Setting, SettingTable } from './setting.ts'
import { TOP_LEVEL } from './top-level-table.ts'

export const KNOWN_SETTINGS = {
  'top-level': TOP_LEVEL,
  model_list: MODEL_ENTRY,
  litellm_params: MODEL_PARAMS,
  model_info: MODEL_INFO,
  general_settings: GENERAL,
  router_settings: ROUTER,
  litellm_settings: LITELLM,
} as const satisfies Readonly<Record<string, SettingTable>>

export type Section = keyof typeof KNOWN_SETTINGS

export function isSection(name: string): name is Section {
  return Object.hasOwn(KNOWN_SETTINGS, name)
}

export function knownSetting(section: Section, name: string): Setting | undefined {
  return KNOWN_SETTINGS[section].all.get(name)
}

/** Edits that still count as a slip of the hand. */
const TYPO_EDITS_MAX = 2

/** The known name of this section that an unknown one was most likely meant to be. */
export function nearestSetting(section: Section, name: string): string | undefined {
  let nearest: { name: string; edits: number } | undefined
  for (const known of KNOWN_SETTINGS[section].all.keys()) {
    const edits = editDistance(name.toLowerCase(), known)
    const allowed = Math.min(TYPO_EDITS_MAX, Math.floor(known.length / 3))
    if (edits <= allowed && edits < (nearest?.edits ?? Number.POSITIVE_INFINITY)) nearest = { name: known, edits }
  }
  return nearest?.name
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(replaced, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    previous = row
  }
  return previous[b.length] ?? 0
}
