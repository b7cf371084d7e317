/** `router_settings`, with what LiteLLM also reads in `litellm_settings`, → RouterSettings. */

import type { Issues, JsonObject } from '../issues.ts'
import { joinPath } from '../setting-path.ts'
import { type Fields, readFields } from '../settings/fields.ts'
import { LITELLM, ROUTER, STRATEGY_V2 } from '../settings/schema.ts'
import type { RouterSettings, RoutingStrategy } from '../types.ts'
import { type Edge, type FallbackGraph, readFallbackList } from './fallbacks.ts'

/** LiteLLM's defaults, save `num_retries`, where its documentation says 3 and its code does 2. */
const DEFAULT_NUM_RETRIES = 2
const DEFAULT_TIMEOUT_MS = 600_000
const DEFAULT_ALLOWED_FAILS = 3
const DEFAULT_COOLDOWN_MS = 5_000
const DEFAULT_MAX_FALLBACKS = 5

const ROUTER_PATH = 'router_settings'
const LITELLM_PATH = 'litellm_settings'

export type RouterReading = { settings: RouterSettings; graph: FallbackGraph }

export function readRouter(router: JsonObject, litellm: JsonObject, issues: Issues): RouterReading {
  const fields = readFields(ROUTER, router, ROUTER_PATH, issues)
  const shared = readFields(LITELLM, litellm, LITELLM_PATH, issues)
  const graph = readFallbacks(fields, shared, issues)
  const timeoutMs = fields.timeout ?? shared.request_timeout ?? DEFAULT_TIMEOUT_MS
  const settings: RouterSettings = {
    routingStrategy: readStrategy(
      fields.routing_strategy ?? 'simple-shuffle',
      joinPath(ROUTER_PATH, 'routing_strategy'),
      issues,
    ),
    numRetries: fields.num_retries ?? shared.num_retries ?? DEFAULT_NUM_RETRIES,
    timeoutMs,
    streamTimeoutMs: fields.stream_timeout ?? timeoutMs,
    allowedFails: fields.allowed_fails ?? shared.allowed_fails ?? DEFAULT_ALLOWED_FAILS,
    cooldownMs: fields.cooldown_time ?? shared.cooldown_time ?? DEFAULT_COOLDOWN_MS,
    retryAfterMs: fields.retry_after ?? 0,
    fallbacks: asRecord(graph.fallbacks),
    contextWindowFallbacks: asRecord(graph.contextWindowFallbacks),
    defaultFallbacks: graph.defaultFallbacks.map((edge) => edge.to),
    maxFallbacks: fields.max_fallbacks ?? DEFAULT_MAX_FALLBACKS,
    retryPolicy: fields.retry_policy ?? {},
    modelGroupRetryPolicy: fields.model_group_retry_policy ?? {},
    enablePreCallChecks: fields.enable_pre_call_checks ?? false,
    modelGroupAlias: readAliases(fields.model_group_alias ?? {}, issues),
    modelGroupRoutingStrategy: readGroupStrategies(fields.model_group_routing_strategy ?? {}, issues),
    modelGroupRegions: fields.model_group_regions ?? {},
    tryCoolingTargets: fields.try_cooling_targets ?? false,
  }
  return { settings, graph }
}

function readStrategy(strategy: RoutingStrategy | typeof STRATEGY_V2, path: string, issues: Issues): RoutingStrategy {
  if (strategy !== STRATEGY_V2) return strategy
  issues.warn(path, 'read as usage-based-routing: the two differ in their use of Redis, which is not there')
  return 'usage-based-routing'
}

function readGroupStrategies(
  strategies: Readonly<Record<string, RoutingStrategy | typeof STRATEGY_V2>>,
  issues: Issues,
): Record<string, RoutingStrategy> {
  const path = joinPath(ROUTER_PATH, 'model_group_routing_strategy')
  const entries = Object.entries(strategies).map(([group, strategy]): [string, RoutingStrategy] => [
    group,
    readStrategy(strategy, joinPath(path, group), issues),
  ])
  return Object.fromEntries(entries)
}

/** LiteLLM's two forms: `alias: group` and `alias: {model: group, hidden: true}`. */
function readAliases(
  aliases: Readonly<Record<string, string | { model: string; [name: string]: unknown }>>,
  issues: Issues,
): Record<string, string> {
  const path = joinPath(ROUTER_PATH, 'model_group_alias')
  const entries = Object.entries(aliases).map(([alias, target]): [string, string] => {
    if (typeof target === 'string') return [alias, target]
    if (target.hidden === true)
      issues.warn(joinPath(joinPath(path, alias), 'hidden'), 'the alias is listed all the same')
    return [alias, target.model]
  })
  return Object.fromEntries(entries)
}

function readFallbacks(fields: Fields<typeof ROUTER>, shared: Fields<typeof LITELLM>, issues: Issues): FallbackGraph {
  const choose = (name: 'fallbacks' | 'context_window_fallbacks') => {
    const section = fields[name] === undefined ? LITELLM_PATH : ROUTER_PATH
    return readFallbackList(fields[name] ?? shared[name] ?? [], joinPath(section, name), issues)
  }
  const defaultsPath = joinPath(
    fields.default_fallbacks === undefined ? LITELLM_PATH : ROUTER_PATH,
    'default_fallbacks',
  )
  const defaults = (fields.default_fallbacks ?? shared.default_fallbacks ?? []).map(
    (to, index): Edge => ({ to, path: joinPath(defaultsPath, index) }),
  )
  const fallbacks = choose('fallbacks')
  return {
    fallbacks: fallbacks.byGroup,
    contextWindowFallbacks: choose('context_window_fallbacks').byGroup,
    defaultFallbacks: [...defaults, ...fallbacks.forAll],
  }
}

function asRecord(edges: ReadonlyMap<string, readonly Edge[]>): Record<string, string[]> {
  return Object.fromEntries([...edges].map(([group, list]) => [group, list.map((edge) => edge.to)]))
}
