/** What a row of the policy table says. */
import type { RetryPolicy } from '../../config/types.ts'
import type { Signal } from './signal.ts'

/**
 * Whose doing a failure was, in the order of usefulness to the client when all attempts failed: its own fault will not go away by
 * itself, quota comes back, and of a fault in the gateway's configuration the client can make nothing.
 */
export const BLAME_BY_USEFULNESS = [
  /** Body, headers, query, signature over them, or something that only this request names. */
  'request',
  /** The request's too: what the model makes of this very prompt. */
  'model',
  /** The deployment's: its bucket is empty. */
  'quota',
  /** The deployment's: Bedrock slipped there. */
  'service',
  'network',
  /** The operation's, which the deployment as it is configured cannot serve. */
  'operation',
  /** Of the account or the settings of the deployment. */
  'account',
  /** The client left, and the gateway broke off for it. */
  'client',
  /** Our own. */
  'gateway',
] as const
export type Blame = (typeof BLAME_BY_USEFULNESS)[number]

/** What lies with a deployment, its account or the way to it: only this may keep it from other callers. */
export type HarmfulBlame = 'quota' | 'service' | 'network' | 'account'

/** Which failures take a deployment out, and for how long. */
export type CoolDownRule = {
  /**
   * `one`: the first. `many`: more than `allowed_fails` in a row, or of at least half of the calls of a minute. `one-unrefuted`: the
   * first, unless the deployment has just answered others, since a caller can bring such a failure about by itself.
   */
  after: 'one' | 'many' | 'one-unrefuted'
  /** See cool-down.ts. */
  lasts: 'growing' | 'held' | 'until-midnight-utc'
  /**
   * The request may have been refused for its size, since AWS takes prompt and output bound off the quota before it begins. The
   * quota that has no room for it may have room for smaller ones, so only requests that are at least as large are kept away.
   */
  bySize?: true
}

/** A failure for which a deployment may go out is blamed on something of its own: the types allow nothing else. */
type Consequence =
  | { blame: HarmfulBlame; coolDown: CoolDownRule }
  | { blame: Exclude<Blame, HarmfulBlame>; coolDown: null }

/** What is done about a failure. */
export type Treatment = Consequence & {
  /** Whether the same deployment is asked again, and only when no other is left; `refresh-credentials` does so at once. */
  sameTarget: 'no' | 'once' | 'backoff' | 'refresh-credentials'
  /**
   * `once`: one further attempt in all, wherever. `one-sibling`: one further deployment of the group, and no other group.
   * `by-retry-policy`: only where the retry policy names this class of error with at least one retry.
   */
  otherTarget: 'yes' | 'once' | 'one-sibling' | 'no' | 'by-retry-policy'
  /**
   * Whether Bedrock may have consumed tokens that nobody counted. `beside-an-answer`: only where another attempt answered; as
   * the answer to the call it is an error like others, and AWS does not charge for errors.
   */
  uncounted: 'none' | 'beside-an-answer' | 'possible'
  /** LiteLLM's class of error, for `retry_policy`; null is bounded by `num_retries` alone. */
  retryClass: keyof RetryPolicy | null
}

export type PolicyRow = Treatment & {
  /** Names the row in the attempt log, in `/health` and in tests. */
  name: string
  when: Signal
  /** Where the call may go although the request is at fault: `context_window_fallbacks`. */
  fallback?: 'context-window'
  /** What is refused is a service tier: the deployment goes on for calls that ask for another. */
  refuses?: 'service-tier'
  /** A fault of the gateway itself, to be shouted about. */
  alarm?: true
  source: string
}

/** A row that may take a deployment out. */
export type HarmfulRow = PolicyRow & { coolDown: CoolDownRule }
