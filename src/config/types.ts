/** What the gateway runs on once a configuration is read, validated and its secrets are resolved. */
import type { UpstreamCredentials } from '../bedrock/signing/credentials.ts'

/** LiteLLM's price fields (`input_cost_per_token`, …) as exact decimal strings, USD per unit of the field's name. */
export type CustomPrices = Readonly<Record<string, string>>

/** One entry of `model_list`. */
export type Deployment = {
  /** `model_info.id`, else `<model_name>/<region>/<n>` with n counted from 1 in config order. Never made from secrets. */
  id: string
  /** `model_name`: the model group it belongs to. */
  group: string
  /** Identifier sent upstream: `model_id` where given, else `model` without its `bedrock/…` prefixes. */
  model: string
  region: string
  /** Base URL of bedrock-runtime, without a trailing slash. */
  runtimeEndpoint: string
  credentials: UpstreamCredentials
  /** Weights of LiteLLM's simple-shuffle; `weight` wins over `rpm`, `rpm` over `tpm`. */
  weight?: number
  rpm?: number
  tpm?: number
  /** Priority tier, lower first; 0 when absent. */
  order: number
  /** Bound on the wait for response headers, `timeout` / `stream_timeout` in seconds in the file. */
  timeoutMs?: number
  streamTimeoutMs?: number
  /** `cooldown_time` of this deployment. */
  cooldownMs?: number
  /** `model_info.max_input_tokens`, for pre-call checks. */
  maxInputTokens?: number
  /** `model_info.base_model`: the id whose price applies, for ARNs and application profiles. */
  baseModel?: string
  prices?: CustomPrices
}

export type RoutingStrategy =
  | 'simple-shuffle'
  | 'least-busy'
  | 'latency-based-routing'
  | 'cost-based-routing'
  | 'usage-based-routing'
  | 'cache-affinity'

/** LiteLLM's `RetryPolicy`: number of retries by the class of error. */
export type RetryPolicy = {
  BadRequestErrorRetries?: number
  AuthenticationErrorRetries?: number
  TimeoutErrorRetries?: number
  RateLimitErrorRetries?: number
  ContentPolicyViolationErrorRetries?: number
  InternalServerErrorRetries?: number
}

/** `router_settings`, names as in LiteLLM with units added. */
export type RouterSettings = {
  routingStrategy: RoutingStrategy
  /** Attempts in one group = numRetries + 1. Default 2. */
  numRetries: number
  /** Bound on each attempt until its first frame or whole answer; all attempts of a call have numRetries + 1 times as long. */
  timeoutMs: number
  streamTimeoutMs: number
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

export type GatewayConfig = {
  /** Digest of the configuration text: names the version in logs and in `/health/readiness`. */
  version: string
  masterKey: string
  /** In config order. */
  deployments: readonly Deployment[]
  /** Deployments by `model_name`, in config order. */
  groups: ReadonlyMap<string, readonly Deployment[]>
  router: RouterSettings
  /** Cancel the upstream as soon as the client leaves instead of draining it. Default false. */
  cancelOnDisconnect: boolean
}

/** One fault or warning, with the path of the setting in the file (`model_list[2].litellm_params.aws_region_name`). */
export type ConfigIssue = { severity: 'error' | 'warning'; path: string; message: string }

export type ConfigResult =
  | { ok: true; config: GatewayConfig; warnings: readonly ConfigIssue[] }
  | { ok: false; issues: readonly ConfigIssue[] }
