/** The whole of a configuration: raw JSON in; a GatewayConfig with its secrets, or every fault with its path, out. */
import { isObject, type JsonObject } from '../base/json.ts'
import { collectIssues, type Issues, typeName } from './issues.ts'
import { gatherGroups } from './reading/groups/gathered-groups.ts'
import { checkGroups } from './reading/groups/group-checks.ts'
import { collectLeavings, entryName } from './reading/left-out.ts'
import { readModelList } from './reading/model-list.ts'
import { readNamedCredentials } from './reading/named-credentials.ts'
import { readRouter } from './reading/router-settings.ts'
import { type SecretSource, secretsFrom, UNRESOLVED } from './secrets.ts'
import { joinPath } from './setting-path.ts'
import { GENERAL } from './settings/general-table.ts'
import type { Section } from './settings/known-settings.ts'
import { type AllRead, readField, readFields } from './settings/read-fields.ts'
import { readSection, resolveSettings, sift } from './settings/sift.ts'
import type { ConfigResult, GatewayConfig, LeftOut } from './types.ts'

/** Hexadecimal digits of the version: 48 bits tell the versions of one gateway apart. */
const VERSION_DIGITS = 12

/** `env` holds the secrets: the Worker's bindings, or `process.env`. */
export function readConfig(raw: unknown, env: Readonly<Record<string, unknown>>): Promise<ConfigResult> {
  return resolveConfig(raw, secretsFrom(env))
}

export async function resolveConfig(raw: unknown, source: SecretSource): Promise<ConfigResult> {
  const { config, issues } = isObject(raw) ? interpretAll(raw, source) : notAConfig(raw)
  const found = issues.all().map((issue) => ({ ...issue, message: source.hide(issue.message) }))
  if (config === null || found.some((issue) => issue.severity === 'error')) return { ok: false, issues: found }
  return { ok: true, config: { version: await versionOf(raw), ...config }, warnings: found }
}

type Interpreted = { config: Omit<GatewayConfig, 'version'> | null; issues: Issues }

function notAConfig(raw: unknown): Interpreted {
  const issues = collectIssues()
  issues.error('', `the configuration is ${typeName(raw)}: write model_list and general_settings`)
  return { config: null, issues }
}

async function versionOf(raw: unknown): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(raw)))
  return [...new Uint8Array(digest)]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .slice(0, VERSION_DIGITS)
}

/** Entries of `model_list` by their index, left out because they cannot be served. */
type Skipped = ReadonlyMap<number, LeftOut>

const ENTRY_OF_PATH = /^model_list\[(\d+)\]/

/**
 * With `skip_faulty`, the configuration is read again without the entries that have faults, until none of the rest has one:
 * what is left is checked as if they had never stood in the file.
 */
function interpretAll(raw: JsonObject, source: SecretSource): Interpreted {
  let skipped: Skipped = new Map()
  for (;;) {
    const issues = collectIssues()
    const { config, skipsFaulty } = interpret(raw, source, issues, skipped)
    const faulty = skipsFaulty ? faultyEntries(raw, source, issues) : new Map<number, LeftOut>()
    if (faulty.size === 0) return { config, issues }
    skipped = new Map([...skipped, ...faulty].toSorted(([one], [other]) => one - other))
  }
}

function faultyEntries(raw: JsonObject, source: SecretSource, issues: Issues): Skipped {
  const found = new Map<number, LeftOut>()
  for (const { severity, path, message } of issues.all()) {
    const index = Number(ENTRY_OF_PATH.exec(path)?.[1])
    if (severity !== 'error' || Number.isNaN(index) || !Array.isArray(raw.model_list)) continue
    const faults = [...(found.get(index)?.faults ?? []), `${path}: ${source.hide(message)}`]
    found.set(index, { path: joinPath('model_list', index), modelName: entryName(raw.model_list[index]), faults })
  }
  return found
}

type Interpretation = { config: Omit<GatewayConfig, 'version'> | null; skipsFaulty: boolean }

function interpret(raw: JsonObject, source: SecretSource, issues: Issues, skipped: Skipped): Interpretation {
  const leavings = collectLeavings()
  const top = sift('top-level', raw, '', issues)
  const credentials = readNamedCredentials(top.credential_list, issues)
  const list = readModelList(top.model_list, skipped, leavings, { source, issues, credentials })
  const section = (name: Section) => {
    const used = sift(name, readSection(top[name], name, issues), name, issues, list.siblings)
    return resolveSettings(name, used, name, source, issues)
  }
  const { masterKey, cancelOnDisconnect, skipsFaulty } = readGeneral(section('general_settings'), source, issues)
  const router = readRouter(section('router_settings'), section('litellm_settings'), leavings, issues)
  const groups = gatherGroups(list, router, leavings, issues)
  checkGroups(groups, issues)
  for (const { path, modelName, faults } of skipped.values()) {
    issues.warn(path, `"${modelName}" cannot be served and is left out (skip_faulty): ${faults.join('; ')}`)
  }
  leavings.report(issues)
  if (masterKey === undefined) return { config: null, skipsFaulty }
  const { deployments, patterns, settings } = groups
  const config = {
    masterKey,
    deployments,
    groups: Map.groupBy(deployments, (deployment) => deployment.group),
    patterns,
    router: settings,
    cancelOnDisconnect,
    leftOut: [...skipped.values()],
  }
  return { config, skipsFaulty }
}

const MASTER_KEY_PATH = 'general_settings.master_key'

/** LiteLLM's own secret for what `general_settings` does not say. */
const MASTER_KEY_SECRET = 'LITELLM_MASTER_KEY'

function readGeneral(general: JsonObject, source: SecretSource, issues: Issues) {
  const {
    master_key,
    cancel_on_disconnect: cancelOnDisconnect = false,
    skip_faulty: skipsFaulty = false,
    ...unread
  } = readFields(GENERAL, general, 'general_settings', issues)
  unread satisfies AllRead
  const masterKey = general.master_key === undefined ? sharedMasterKey(source, issues) : master_key
  if (masterKey !== undefined && !masterKey.startsWith('sk-')) {
    issues.warn(MASTER_KEY_PATH, 'does not begin with sk-, which some clients of LiteLLM expect of a key')
  }
  return { masterKey, cancelOnDisconnect, skipsFaulty }
}

function sharedMasterKey(source: SecretSource, issues: Issues): string | undefined {
  const key = source.read(MASTER_KEY_SECRET, 'sk-assumed') ?? UNRESOLVED
  if (key === UNRESOLVED) {
    issues.error(
      MASTER_KEY_PATH,
      `missing: write os.environ/${MASTER_KEY_SECRET}, or leave it out, and set that secret to sk-… ("wrangler secret put ${MASTER_KEY_SECRET}", or export it for a local run)`,
    )
  }
  return readField(GENERAL.used.master_key, key, MASTER_KEY_PATH, issues)
}
