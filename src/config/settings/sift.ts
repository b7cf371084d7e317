/** Parts the settings that the gateway reads from those that it does not, and says what becomes of the latter. */
import { isObject, type JsonObject } from '../../base/json.ts'
import { type Issues, typeName } from '../issues.ts'
import { isPriceName, looksLikePrice } from '../reading/price-fields.ts'
import { resolveReferences, type SecretSource } from '../secrets.ts'
import { joinPath } from '../setting-path.ts'
import { knownSetting, nearestSetting, type Section } from './known-settings.ts'
import { type Siblings, standInOf } from './setting.ts'

/** A setting that is written down but switched off restricts nothing. */
function isOff(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  return isObject(value) && Object.keys(value).length === 0
}

/** The used settings of one section. Empty ones (`api_base:`, `aws_region_name: ''`) count as absent. */
export function sift(
  section: Section,
  settings: JsonObject,
  path: string,
  issues: Issues,
  siblings: Siblings = { deploymentsHaveTags: false },
): JsonObject {
  const used: [string, unknown][] = []
  for (const [name, value] of Object.entries(settings)) {
    const settingPath = joinPath(path, name)
    if (isPriceIn(section, name) && value !== null) used.push([name, value])
    else if (knownSetting(section, name)?.effect === 'used') {
      if (value !== null && value !== '') used.push([name, value])
    } else if (!isOff(value)) explain(section, name, value, settingPath, issues, siblings)
  }
  return Object.fromEntries(used)
}

function isPriceIn(section: Section, name: string): boolean {
  return (section === 'litellm_params' || section === 'model_info') && isPriceName(name)
}

function explain(
  section: Section,
  name: string,
  value: unknown,
  path: string,
  issues: Issues,
  siblings: Siblings,
): void {
  const known = knownSetting(section, name)
  switch (known?.effect) {
    case 'restricts':
      issues.error(
        path,
        `this setting restricts calls (${known.because}) and is not enforced here: remove it, or enforce it elsewhere`,
      )
      return
    case 'unsupported':
      issues.error(path, `not supported here: ${known.because}`)
      return
    case 'meaningless':
      issues.warn(path, `has no effect here: ${known.because}`)
      return
    case 'judged':
      known.judge(value, path, issues, siblings)
      return
    case 'used':
    case undefined:
      explainUnknown(section, name, path, issues)
  }
}

/**
 * What LiteLLM calls its settings that refuse or limit calls. A name that is not known here but speaks like that is an error:
 * a limit that nobody enforces must not pass as a slip of the pen.
 */
const RESTRICTING_NAMES = [
  /budget|guardrail|moderation|quota|(?<!de)limiter|throttl|concurren|banned|forbid|enforce|restrict|reject|permission/,
  /(?:^|_)(?:limits?|requires?|deny|denied)(?:$|_)/,
  /max_(?:parallel|in_flight|requests|users)|(?:max|maximum|user|team|key|default|global)_(?:rpm|tpm|cost|spend)|(?:cost|spend)_cap/,
  /allowed_|allow_(?:ips|routes|models|users|callers)|(?:allow|white|block|black|deny)_?list|blocked/,
]

/** Parameters that LiteLLM would put into the body: they bound what a model thinks, not what a caller may spend. */
const BODY_BUDGET = /think|reason|token/

function explainUnknown(section: Section, name: string, path: string, issues: Issues): void {
  if ((section === 'litellm_params' || section === 'model_info') && looksLikePrice(name)) {
    const message =
      "a price in a unit that Bedrock does not bill: use one of LiteLLM's names, such as input_cost_per_token"
    issues.error(path, message)
    return
  }
  const nearest = nearestSetting(section, name)
  if (speaksOfALimit(section, name)) {
    const meant = nearest === undefined ? '' : `, or write ${nearest} if that was meant`
    issues.error(path, `not known here, and by its name it restricts calls: remove it, or enforce it elsewhere${meant}`)
    return
  }
  const hint = nearest === undefined ? 'check its spelling or remove it' : `did you mean ${nearest}?`
  issues.warn(path, `not a setting that is known here; it has no effect: ${hint}`)
}

/** Where a price stands as `os.environ/NAME`: any decimal will do. */
const PRICE_STAND_IN = '1'

/** The settings with every reference in them replaced by the value of its secret. */
export function resolveSettings(
  section: Section,
  settings: JsonObject,
  path: string,
  source: SecretSource,
  issues: Issues,
): JsonObject {
  const resolved = Object.entries(settings).map(([name, value]): [string, unknown] => {
    const standIn = isPriceIn(section, name) ? PRICE_STAND_IN : standInOf(knownSetting(section, name))
    return [name, resolveReferences(value, joinPath(path, name), standIn, source, issues)]
  })
  return Object.fromEntries(resolved)
}

/** A section of the file as a mapping; absent and empty sections are empty mappings. */
export function readSection(value: unknown, path: string, issues: Issues): JsonObject {
  if (value === undefined || value === null) return {}
  if (isObject(value)) return value
  issues.error(path, `this section is ${typeName(value)}: write a mapping of settings`)
  return {}
}

function speaksOfALimit(section: Section, name: string): boolean {
  // A description of a model, and a block of YAML that is only there for its anchor, limit nothing.
  if (section === 'model_info' || name.startsWith('x-')) return false
  if (section === 'litellm_params' && name.includes('budget') && BODY_BUDGET.test(name)) return false
  return RESTRICTING_NAMES.some((words) => words.test(name))
}
