/** `router_settings`, with what LiteLLM also reads in `litellm_settings`, → RouterSettings. */
import type { JsonObject } from '../../base/json.ts'
import type { Issues } from '../issues.ts'
import { joinPath } from '../setting-path.ts'
import { LITELLM } from '../settings/litellm-table.ts'
import { type AllRead, type AllReadBy, type Fields, readFields } from '../settings/read-fields.ts'
import { type RetryPolicy, ROUTER, type RoutingStrategy, STRATEGY_V2 } from '../settings/router-table.ts'
import { type Edge, type FallbackGraph, readFallbackList } from './groups/fallbacks.ts'
import type { Leavings } from './left-out.ts'

/** LiteLLM's defaults, save `num_retries`, where its documentation says 3 and its code does 2. */
const DEFAULT_NUM_RETRIES = 2
const DEFAULT_TIMEOUT_MS = 600_000
const DEFAULT_ALLOWED_FAILS = 3
const DEFAULT_COOLDOWN_MS = 5_000
const DEFAULT_MAX_FALLBACKS = 5

const ROUTER_PATH = 'router_settings'
const LITELLM_PATH = 'litellm_settings'

/** `router_settings`, names as in LiteLLM with units added. */
export type RouterSettings = {
  routingStrategy: RoutingStrategy
  /** Attempts in one group = numRetries + 1. Default 2. */
  numRetries: number
  /** Bound on each attempt until its first frame or whole answer; all attempts of a call have numRetries + 1 times as long. */
  timeoutMs: number
  streamTimeoutMs: number
  /** Longest silence of a stream that has begun: `stream_timeout` where it is written for all deployments, else null for no bound. */
  streamSilenceMs: number | null
  /** Failures within a minute before a deployment cools, for signals that do not cool at once. Default 3. */
  allowedFails: number
  /** Cap of the growing cool-down. Default 5,000. */
  cooldownMs: number
  /** Least wait before the same target is asked again. Default 0. */
  retryAfterMs: number
  fallbacks: Readonly<Record<string, readonly string[]>>
  contextWindowFallbacks: Readonly<Record<string, readonly string[]>>
  defaultFallbacks: readonly string[]
  /** Default 5. */
  maxFallbacks: number
  retryPolicy: RetryPolicy
  modelGroupRetryPolicy: Readonly<Record<string, RetryPolicy>>
  enablePreCallChecks: boolean
  /** alias → group */
  modelGroupAlias: Readonly<Record<string, string>>
  /** Our own extension: strategy by group. */
  modelGroupRoutingStrategy: Readonly<Record<string, RoutingStrategy>>
  /** Our own extension: region prefixes (`eu-`) a group may be sent to; absent means anywhere. */
  modelGroupRegions: Readonly<Record<string, readonly string[]>>
  /** Our own extension: when every target cools, try the one closest to recovery. Default false. */
  tryCoolingTargets: boolean
}

export type RouterReading = { settings: RouterSettings; graph: FallbackGraph }

export function readRouter(router: JsonObject, litellm: JsonObject, leavings: Leavings, issues: Issues): RouterReading {
  const {
    routing_strategy = 'simple-shuffle',
    num_retries,
    timeout,
    stream_timeout,
    allowed_fails,
    cooldown_time,
    retry_after = 0,
    fallbacks,
    context_window_fallbacks,
    default_fallbacks,
    max_fallbacks = DEFAULT_MAX_FALLBACKS,
    retry_policy = {},
    model_group_retry_policy = {},
    enable_pre_call_checks = false,
    model_group_alias = {},
    model_group_routing_strategy = {},
    model_group_regions = {},
    try_cooling_targets = false,
    ...unread
  } = readFields(ROUTER, router, ROUTER_PATH, issues)
  unread satisfies AllRead
  const shared = readShared(litellm, issues)
  const graph: FallbackGraph = readFallbacks({ fallbacks, context_window_fallbacks, default_fallbacks }, shared, issues)
  const timeoutMs = timeout ?? shared.timeout ?? DEFAULT_TIMEOUT_MS
  const streamTimeoutMs = stream_timeout ?? shared.stream_timeout
  const settings: RouterSettings = {
    routingStrategy: readStrategy(routing_strategy, joinPath(ROUTER_PATH, 'routing_strategy'), issues),
    numRetries: num_retries ?? shared.num_retries ?? DEFAULT_NUM_RETRIES,
    timeoutMs,
    streamTimeoutMs: streamTimeoutMs ?? timeoutMs,
    streamSilenceMs: streamTimeoutMs ?? null,
    allowedFails: allowed_fails ?? shared.allowed_fails ?? DEFAULT_ALLOWED_FAILS,
    cooldownMs: cooldown_time ?? shared.cooldown_time ?? DEFAULT_COOLDOWN_MS,
    retryAfterMs: retry_after,
    fallbacks: asRecord(graph.fallbacks),
    contextWindowFallbacks: asRecord(graph.contextWindowFallbacks),
    defaultFallbacks: graph.defaultFallbacks.map((edge) => edge.to),
    maxFallbacks: max_fallbacks,
    retryPolicy: retry_policy,
    modelGroupRetryPolicy: model_group_retry_policy,
    enablePreCallChecks: enable_pre_call_checks,
    modelGroupAlias: readAliases(model_group_alias, leavings, issues),
    modelGroupRoutingStrategy: readGroupStrategies(model_group_routing_strategy, issues),
    modelGroupRegions: model_group_regions,
    tryCoolingTargets: try_cooling_targets,
  }
  return { settings, graph }
}

/** Settings of the router that LiteLLM reads in `litellm_settings` too, under the router's names. */
type SharedFields = Pick<
  Fields<typeof ROUTER>,
  'num_retries' | 'timeout' | 'stream_timeout' | 'allowed_fails' | 'cooldown_time' | keyof FallbackFields
>

function readShared(litellm: JsonObject, issues: Issues): SharedFields {
  const { request_timeout: timeout, ...others } = readFields(LITELLM, litellm, LITELLM_PATH, issues)
  others satisfies AllReadBy<SharedFields, typeof others>
  return timeout === undefined ? others : { timeout, ...others }
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

/** LiteLLM's two forms: `alias: group` and `alias: {model: group, hidden: true}`. A list of groups is neither. */
function readAliases(
  aliases: NonNullable<Fields<typeof ROUTER>['model_group_alias']>,
  leavings: Leavings,
  issues: Issues,
): Record<string, string> {
  const path = joinPath(ROUTER_PATH, 'model_group_alias')
  const entries = Object.entries(aliases).flatMap(([alias, target]): [string, string][] => {
    if (typeof target === 'string') return [[alias, target]]
    if (Array.isArray(target)) {
      leavings.add(joinPath(path, alias), 'an alias stands for one model group, not for a list')
      return []
    }
    if ('hidden' in target && target.hidden === true)
      issues.warn(joinPath(joinPath(path, alias), 'hidden'), 'the alias is listed all the same')
    return 'model' in target && typeof target.model === 'string' ? [[alias, target.model]] : []
  })
  return Object.fromEntries(entries)
}

type FallbackFields = {
  [Name in 'fallbacks' | 'context_window_fallbacks' | 'default_fallbacks']?: Fields<typeof ROUTER>[Name] | undefined
}

function readFallbacks(own: FallbackFields, shared: FallbackFields, issues: Issues): FallbackGraph {
  const pathOf = (name: keyof FallbackFields) => joinPath(own[name] === undefined ? LITELLM_PATH : ROUTER_PATH, name)
  const choose = (name: 'fallbacks' | 'context_window_fallbacks') =>
    readFallbackList(own[name] ?? shared[name] ?? [], pathOf(name), issues)
  const defaultsPath = pathOf('default_fallbacks')
  const defaults = (own.default_fallbacks ?? shared.default_fallbacks ?? []).map(
    (to, index): Edge => ({ to, path: joinPath(defaultsPath, index) }),
  )
  const fallbacks = choose('fallbacks')
  return {
    fallbacks: fallbacks.byGroup,
    contextWindowFallbacks: choose('context_window_fallbacks').byGroup,
    defaultFallbacks: [...defaults, ...fallbacks.forAll],
  }
}

export function asRecord(edges: ReadonlyMap<string, readonly Edge[]>): Record<string, string[]> {
  return Object.fromEntries([...edges].map(([group, list]) => [group, list.map((edge) => edge.to)]))
}
