/** The whole of a configuration: raw JSON in; a GatewayConfig with its secrets, or every fault with its path, out. */
import { isObject, type JsonObject } from '../base/json.ts'
import { collectIssues, type Issues, typeName } from './issues.ts'
import { type Draft, readDeployment } from './reading/deployment.ts'
import { checkFallbacks, type Groups, resolveGroup } from './reading/group-checks.ts'
import { readRouter } from './reading/router-settings.ts'
import { type SecretSource, secretsFrom } from './secrets.ts'
import { joinPath } from './setting-path.ts'
import { GENERAL } from './settings/general.ts'
import type { Section } from './settings/known-settings.ts'
import { type AllRead, readFields } from './settings/read-fields.ts'
import { readSection, resolveSettings, sift } from './settings/sift.ts'
import type { ConfigResult, Deployment, GatewayConfig, RouterSettings } from './types.ts'

/** Hexadecimal digits of the version: 48 bits tell the versions of one gateway apart. */
const VERSION_DIGITS = 12

/** `env` holds the secrets: the Worker's bindings, or `process.env`. */
export function readConfig(raw: unknown, env: Readonly<Record<string, unknown>>): Promise<ConfigResult> {
  return resolveConfig(raw, secretsFrom(env))
}

export async function resolveConfig(raw: unknown, source: SecretSource): Promise<ConfigResult> {
  const issues = collectIssues()
  const config = isObject(raw) ? interpret(raw, source, issues) : notAConfig(raw, issues)
  const found = issues.all().map((issue) => ({ ...issue, message: source.hide(issue.message) }))
  if (config === null || found.some((issue) => issue.severity === 'error')) return { ok: false, issues: found }
  return { ok: true, config: { version: await versionOf(raw), ...config }, warnings: found }
}

function notAConfig(raw: unknown, issues: Issues): null {
  issues.error('', `the configuration is ${typeName(raw)}: write model_list and general_settings`)
  return null
}

async function versionOf(raw: unknown): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(JSON.stringify(raw)))
  return [...new Uint8Array(digest)]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .slice(0, VERSION_DIGITS)
}

function interpret(raw: JsonObject, source: SecretSource, issues: Issues): Omit<GatewayConfig, 'version'> | null {
  const siblings = { deploymentsHaveTags: haveTags(raw.model_list) }
  const top = sift('top-level', raw, '', issues)
  const section = (name: Section) => {
    const used = sift(name, readSection(top[name], name, issues), name, issues, siblings)
    return resolveSettings(name, used, name, source, issues)
  }
  const drafts = readModelList(top.model_list, issues, (entry, path) =>
    readDeployment(entry, path, { source, issues, siblings }),
  )
  const general = section('general_settings')
  const {
    master_key: masterKey,
    cancel_on_disconnect: cancelOnDisconnect = false,
    ...unread
  } = readFields(GENERAL, general, 'general_settings', issues)
  unread satisfies AllRead
  if (general.master_key === undefined) {
    issues.error(
      'general_settings.master_key',
      'missing: write os.environ/LITELLM_MASTER_KEY and set that secret to sk-…',
    )
  }
  const { settings: router, graph } = readRouter(section('router_settings'), section('litellm_settings'), issues)
  const groups: Groups = { members: groupDrafts(drafts), aliases: router.modelGroupAlias }
  checkGroupNames(router, groups, issues)
  checkFallbacks(graph, groups, router.modelGroupRegions, issues)
  const deployments = nameDeployments(drafts, issues)
  if (masterKey === undefined) return null
  return {
    masterKey,
    deployments,
    groups: Map.groupBy(deployments, (deployment) => deployment.group),
    router,
    cancelOnDisconnect,
  }
}

function haveTags(modelList: unknown): boolean {
  if (!Array.isArray(modelList)) return false
  return modelList.some((entry: unknown) => {
    const params = isObject(entry) && isObject(entry.litellm_params) ? entry.litellm_params : {}
    return [params.tags, params.tag_regex].some((tags) => tags !== undefined && tags !== null)
  })
}

function readModelList(
  value: unknown,
  issues: Issues,
  read: (entry: unknown, path: string) => Draft,
): readonly Draft[] {
  if (!Array.isArray(value) || value.length === 0) {
    issues.error('model_list', 'missing or empty: write at least one entry with model_name and litellm_params')
    return []
  }
  return value.map((entry: unknown, index) => read(entry, joinPath('model_list', index)))
}

function groupDrafts(drafts: readonly Draft[]): Map<string, Draft[]> {
  const groups = new Map<string, Draft[]>()
  for (const draft of drafts) {
    if (draft.group !== undefined) groups.set(draft.group, [...(groups.get(draft.group) ?? []), draft])
  }
  return groups
}

/** Deployments with their ids: `model_info.id`, else `<model_name>/<region>/<n>`. */
function nameDeployments(drafts: readonly Draft[], issues: Issues): readonly Deployment[] {
  const counts = new Map<string, number>()
  const taken = new Map<string, string>()
  return drafts.flatMap(({ path, explicitId, deployment }) => {
    const place = deployment === undefined ? path : `${deployment.group}/${deployment.region}`
    const number = (counts.get(place) ?? 0) + 1
    counts.set(place, number)
    const id = explicitId ?? `${place}/${number}`
    const other = taken.get(id)
    if (other !== undefined) {
      issues.error(`${path}.model_info.id`, `the id "${id}" belongs to ${other} already: give each deployment its own`)
    }
    taken.set(id, path)
    return deployment === undefined ? [] : [{ id, ...deployment }]
  })
}

function checkGroupNames(router: RouterSettings, groups: Groups, issues: Issues): void {
  for (const [alias, target] of Object.entries(router.modelGroupAlias)) {
    const path = joinPath('router_settings.model_group_alias', alias)
    if (!groups.members.has(target))
      issues.error(path, `there is no model group "${target}": write the model_name of an entry`)
    if (groups.members.has(alias)) issues.error(path, 'a model group has this name already: rename one of them')
  }
  const byGroup = {
    model_group_retry_policy: router.modelGroupRetryPolicy,
    model_group_routing_strategy: router.modelGroupRoutingStrategy,
    model_group_regions: router.modelGroupRegions,
  }
  for (const [setting, settings] of Object.entries(byGroup)) {
    for (const group of Object.keys(settings)) {
      if (groups.members.has(group)) continue
      const isAlias = resolveGroup(groups, group) !== undefined
      const mend = isAlias
        ? 'this is an alias: write the model group itself'
        : `there is no model group "${group}": write the model_name of an entry`
      issues.error(joinPath(`router_settings.${setting}`, group), mend)
    }
  }
}
