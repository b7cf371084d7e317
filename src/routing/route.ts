/** What goes into routing and what comes out of it. */
import type { Deployment } from '../config/types.ts'
import type { Failure } from './policy/failure.ts'

export type AttemptOutcome<T> =
  | { kind: 'success'; value: T; msToFirstFrame: number }
  /** `value` is the error answer as the client could get it; null when there is none. */
  | { kind: 'failure'; failure: Failure; value: T | null }

/** One attempt, for the record. */
export type AttemptReport = {
  readonly deployment: Deployment
  readonly startedMs: number
  readonly ms: number
  /** null: it answered. */
  readonly failure: Failure | null
  /** Why the loop went on or stopped, in words for a log. */
  readonly action: string
}

export type RouteCall<T> = {
  /** Model group or alias of one. */
  group: string
  /** Set when a raw id was asked for: only these, and no fallback to another model. */
  candidates?: readonly Deployment[]
  /** Whether another model understands the same body (Converse); without it there is no fallback to another group. */
  portable: boolean
  /** Chooses between `timeout` and `stream_timeout`. */
  streams: boolean
  /** The request as it came, for `cache-affinity`; read only where it decides. */
  bodyBytes: Uint8Array | null
  /** Region prefixes that bind this call beside those of its group, such as those of its key. */
  regions?: readonly string[]
  estimatedInputTokens?: number
  /** `max_tokens` of the request: reserved by AWS at admission, counted by `usage-based-routing`. */
  maxTokens?: number
  /** Asked before every attempt: a call whose client has left is not tried again. */
  isAbandoned(): boolean
  /**
   * Asks one deployment. `n` counts from 1 over the whole call; `limitMs` is the time this attempt may take until its first
   * frame; `refreshCredentials` asks for a new session of an assumed role, after the old one was refused.
   */
  attempt(target: Deployment, n: number, limitMs: number, refreshCredentials: boolean): Promise<AttemptOutcome<T>>
}

type Travelled = {
  /** The group that `deployment` was asked for. */
  group: string
  attempts: readonly AttemptReport[]
  /** Groups left for another one. */
  fallbacks: number
  /** Of a retryable error: time until a deployment may be asked again; null when one may be now, and of an answer. */
  retryAfterMs: number | null
}

/**
 * Every result that names a `deployment` is followed by one call of `finished` for it; so is `abandoned` with attempts, for
 * the deployment of the last one.
 */
export type RouteResult<T> =
  /** An answer, or the most useful of the errors when `failure` is set. */
  | ({ kind: 'answered'; value: T; failure: Failure | null; deployment: Deployment } & Travelled)
  /** The most useful of the errors, where there is nothing to deliver. Without attempts it is a refusal of the request. */
  | ({ kind: 'exhausted'; failure: Failure; deployment: Deployment } & Travelled)
  /** Nothing was asked, since every deployment is out; `failure` is what the one that returns first said. */
  | { kind: 'cooling'; status: 429 | 503; retryAfterMs: number; group: string; reason: string }
  /** The client left before an attempt that would have been made. */
  | { kind: 'abandoned'; attempts: readonly AttemptReport[]; fallbacks: number }

/** For the log. Texts of upstreams are not in it. */
export type RoutingEvent =
  | {
      kind: 'cooling' | 'held-out'
      deployment: string
      group: string
      region: string
      /** Name of the row of the policy table. */
      reason: string
      status: number | null
      type: string | null
      ms: number
    }
  | { kind: 'recovered'; deployment: string; group: string; region: string; afterMs: number }
  /** A fault of the gateway itself, such as a path that AWS does not know. */
  | {
      kind: 'alarm'
      deployment: string
      group: string
      region: string
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
