/**
 * Every setting of LiteLLM's `config.yaml` that is known here and what becomes of it, as data.
 * Source of the names: https://docs.litellm.ai/docs/proxy/config_settings and https://docs.litellm.ai/docs/proxy/configs
 */
import { GENERAL_SETTINGS, TOP_LEVEL_SETTINGS } from './known-settings-general.ts'
import { LITELLM_SETTINGS } from './known-settings-litellm.ts'
import { MODEL_ENTRY_SETTINGS, MODEL_INFO_SETTINGS, MODEL_PARAMS_SETTINGS } from './known-settings-models.ts'
import { ROUTER_SETTINGS } from './known-settings-router.ts'
import type { Effect, SettingGroup } from './setting-group.ts'

export type Section =
  | 'top-level'
  | 'model_list'
  | 'litellm_params'
  | 'model_info'
  | 'general_settings'
  | 'router_settings'
  | 'litellm_settings'

export const KNOWN_SETTINGS: Readonly<Record<Section, readonly SettingGroup[]>> = {
  'top-level': TOP_LEVEL_SETTINGS,
  model_list: MODEL_ENTRY_SETTINGS,
  litellm_params: MODEL_PARAMS_SETTINGS,
  model_info: MODEL_INFO_SETTINGS,
  general_settings: GENERAL_SETTINGS,
  router_settings: ROUTER_SETTINGS,
  litellm_settings: LITELLM_SETTINGS,
}

export type KnownSetting = { name: string; effect: Effect; because: string }

const BY_NAME: ReadonlyMap<string, KnownSetting> = new Map(
  Object.entries(KNOWN_SETTINGS).flatMap(([section, groups]) =>
    groups.flatMap(({ effect, because, names }) =>
      names.map((name): [string, KnownSetting] => [`${section} ${name}`, { name, effect, because }]),
    ),
  ),
)

export function knownSetting(section: Section, name: string): KnownSetting | undefined {
  return BY_NAME.get(`${section} ${name}`)
}

/** Edits that still count as a slip of the hand. */
const TYPO_EDITS_MAX = 2

/** The known name of this section that an unknown one was most likely meant to be. */
export function nearestSetting(section: Section, name: string): string | undefined {
  let nearest: { name: string; edits: number } | undefined
  for (const { names } of KNOWN_SETTINGS[section]) {
    for (const known of names) {
      const edits = editDistance(name.toLowerCase(), known)
      const allowed = Math.min(TYPO_EDITS_MAX, Math.floor(known.length / 3))
      if (edits <= allowed && edits < (nearest?.edits ?? Number.POSITIVE_INFINITY)) nearest = { name: known, edits }
    }
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
