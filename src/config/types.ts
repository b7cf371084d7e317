/** What the gateway runs on once a configuration is read, validated and its secrets are resolved. */
import type { Reach } from '../bedrock/model/reach.ts'
import type { UpstreamCredentials } from '../bedrock/signing/credentials.ts'
import type { ConfigIssue } from './issues.ts'
import type { RouterSettings } from './reading/router-settings.ts'

export type { ConfigIssue } from './issues.ts'
export type { RouterSettings } from './reading/router-settings.ts'
export type { RetryPolicy, RoutingStrategy } from './settings/router-table.ts'

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
  /** Where AWS may answer a call to it: read from the identifier, or from what is behind an identifier that does not say. */
  reach: Reach
  /** Base URL of bedrock-runtime that calls are sent to, without a trailing slash. */
  runtimeEndpoint: string
  /** Base URL that is signed in its place, where `api_base` stands beside `aws_bedrock_runtime_endpoint`. */
  signedEndpoint?: string
  /** `extra_headers`: sent upstream, names in lower case. Only those that begin with `x-amz` are signed. */
  extraHeaders?: Readonly<Record<string, string>>
  credentials: UpstreamCredentials
  /** Weights of LiteLLM's simple-shuffle; `weight` wins over `rpm`, `rpm` over `tpm`. */
  weight?: number
  rpm?: number
  tpm?: number
  /** Priority tier, lower first; 0 when absent. */
  order: number
  /**
   * Bound on the wait for response headers, `timeout` / `stream_timeout` in seconds in the file. The second also bounds the
   * silence of a stream that has begun.
   */
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

/**
 * The entries of one `model_name` with a `*`. Their `model` and `baseModel` may hold a `*` and their `reach` is not known
 * until a call says which model it asks for.
 */
export type PatternGroup = { name: string; deployments: readonly Deployment[] }

/** An entry of `model_list` that was left out because it cannot be served, where `skip_faulty` allows that. */
export type LeftOut = {
  /** `model_list[2]` */
  path: string
  modelName: string
  /** Why, setting by setting; without secrets. */
  faults: readonly string[]
}

export type GatewayConfig = {
  /** Digest of the configuration text: names the version in logs and in `/health/readiness`. */
  version: string
  masterKey: string
  /** In config order. */
  deployments: readonly Deployment[]
  /** Deployments by `model_name`, in config order. */
  groups: ReadonlyMap<string, readonly Deployment[]>
  /** Entries with a `*`, which belong to no group above; longest first, as `matchPattern` wants them. */
  patterns: readonly PatternGroup[]
  router: RouterSettings
  /** Cancel the upstream as soon as the client leaves instead of draining it. Default false. */
  cancelOnDisconnect: boolean
  /** In config order; empty unless `skip_faulty` is set. To be said at every start and in `/health`. */
  leftOut: readonly LeftOut[]
}

export type ConfigResult =
  | { ok: true; config: GatewayConfig; warnings: readonly ConfigIssue[] }
  | { ok: false; issues: readonly ConfigIssue[] }
