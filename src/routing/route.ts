/** What goes into routing and what comes out of it. */
import type { Deployment } from '../config/types.ts'
import type { Failure } from './policy/failure.ts'
import type { PolicyRow } from './policy/policy-row.ts'
import type { Usage } from './strategies/strategy.ts'

export type AttemptOutcome<T> =
  | { kind: 'success'; value: T; msToFirstFrame: number }
  /** `value` is the error answer as the client could get it; null when there is none. */
  | { kind: 'failure'; failure: Failure; value: T | null }

/**
 * One attempt, from the moment its deployment was chosen. It is written down once, in the list that the call hands in, and
 * routing, the record of the call and the log line all read it there.
 */
export type Attempt<T> = {
  readonly deployment: Deployment
  readonly startedMs: number
  /** When Bedrock was asked, set by `RouteCall.attempt`; null until then. From this moment on it may have consumed something. */
  sentMs: number | null
  /** Time until its outcome was known; null while it is under way, and for ever where the code that asked threw. */
  ms: number | null
  /** null while it is under way, and where it answered. */
  failure: Failure | null
  /** The row of the policy that the failure fell under. */
  row: PolicyRow | null
  /** What can be delivered of it: the answer, or the error as the client could get it. */
  value: T | null
  /** Why the loop went on or stopped, in words for a log. */
  action: string
}

export type RouteCall<T> = {
  /** Model group or alias of one. */
  group: string
  /** Set when a raw id was asked for: only these, and no fallback to another model. */
  candidates?: readonly Deployment[]
  /** Which other groups understand the same body: any (Converse), those whose models read bodies of the same form, or none. */
  fallback: 'any-group' | 'same-body-family' | 'none'
  /** Name of the operation, where its failures speak of it alone; null where they speak of the deployment. */
  ownHealth: string | null
  /** Chooses between `timeout` and `stream_timeout`. */
  streams: boolean
  /** The request as it came, for `cache-affinity`; read only where it decides. */
  bodyBytes: Uint8Array | null
  /** Region prefixes that bind this call beside those of its group, such as those of its key. */
  regions?: readonly string[]
  estimatedInputTokens?: number
  /** `max_tokens` of the request: reserved by AWS at admission, counted by `usage-based-routing`. */
  maxTokens?: number
  /** Prompt and output bound together, which AWS takes off the quota at admission; read only after a request was refused for its size. */
  reservedTokens?(): number
  /** The service tier that the request asks for; read only after a deployment was refused one. */
  serviceTier?(): string | null
  /** Every attempt is added here when it begins. */
  attempts: Attempt<T>[]
  /** Asked before every attempt: a call whose client has left is not tried again. */
  isAbandoned(): boolean
  /**
   * Asks one deployment; `attempt` is its entry in `attempts`. `limitMs` is the time this attempt may take until its first
   * frame; `refreshCredentials` asks for a new session of an assumed role, after the old one was refused.
   */
  attempt(attempt: Attempt<T>, limitMs: number, refreshCredentials: boolean): Promise<AttemptOutcome<T>>
}

type Route = {
  /** The group that `deployment` was asked for. */
  group: string
  /** Groups left for another one. */
  fallbacks: number
  /** Of an error that time mends: time until a deployment may be asked again, at least 1; null for all others, and of an answer. */
  retryAfterMs: number | null
}

/** What a call reports when its answer has been delivered; see `Strategy.finished`. */
export type Finish = (usage: Usage) => void

export type RouteResult<T> =
  /** An answer. `finish` gives its place on the deployment back and has to be called once, when the call is over. */
  | ({ kind: 'answered'; value: T; deployment: Deployment; finish: Finish } & Route)
  /** Nobody answered: the most useful of the errors, as the client can get it. */
  | ({ kind: 'failed'; value: T; failure: Failure; deployment: Deployment } & Route)
  /** The most useful of the errors, where there is nothing to deliver. Without attempts it is a refusal of the request. */
  | ({ kind: 'exhausted'; failure: Failure; deployment: Deployment } & Route)
  /** Nothing was asked, since every deployment is out; `reason` is the row of the policy that took out the one which returns first. */
  | { kind: 'cooling'; status: 429 | 503; retryAfterMs: number; group: string; reason: string }
  /** The client left before an attempt that would have been made, or the gateway broke one off for it. */
  | { kind: 'abandoned'; fallbacks: number }

/** For the log. Texts of upstreams are not in it. */
export type RoutingEvent =
  | {
      kind: 'cooling' | 'held-out'
      deployment: string
      group: string
      region: string
      /** The operation that is out, where the rest of the deployment is not. */
      operation?: string
      /** Name of the row of the policy table. */
      reason: string
      status: number | null
      type: string | null
      ms: number
    }
  | { kind: 'recovered'; deployment: string; group: string; region: string; operation?: string; afterMs: number }
  /** A fault of the gateway itself, such as a path that AWS does not know. */
  | {
      kind: 'alarm'
      deployment: string
      group: string
      region: string
      operation?: string
      reason: string
      status: number | null
      type: string | null
    }

/** Passive health, for `/health`. */
export type DeploymentHealth = {
  id: string
  group: string
  model: string
  region: string
  /** `probing`: its cool-down is over and the next call decides, or one is doing so. */
  state: 'healthy' | 'cooling' | 'held-out' | 'probing'
  /** Row of the policy table, status and AWS's error name of what took it out; null while healthy. */
  reason: { row: string; status: number | null; type: string | null } | null
  /** When it is asked again although others can answer; ms since 1970. */
  untilMs: number | null
  consecutiveFailures: number
  inFlight: number
  msToFirstFrame: number | null
}
