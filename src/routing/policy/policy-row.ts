/** What a row of the policy table says. */
import type { RetryPolicy } from '../../config/types.ts'
import type { Signal } from './signal.ts'

/**
 * Who caused a failure. Where all attempts failed, the client gets the error that comes first in this order, because it is the most
 * useful one: the client can mend its own request, quota comes back, but it can do nothing about the gateway's configuration.
 */
export const BLAME_BY_USEFULNESS = [
  /** Body, headers, query, signature over them, or something that only this request names. */
  'request',
  /** The request too: the model failed on this prompt. */
  'model',
  /** The deployment: its quota is used up. */
  'quota',
  /** The deployment: Bedrock had a passing fault there. */
  'service',
  'network',
  /** The operation, which the deployment cannot serve as it is configured. */
  'operation',
  /** The account or the settings of the deployment. */
  'account',
  /** The client left, and the gateway broke off for it. */
  'client',
  /** The gateway's own code. */
  'gateway',
] as const
export type Blame = (typeof BLAME_BY_USEFULNESS)[number]

/** Causes that lie with a deployment, its account or the network to it: only these may take it from other callers. */
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

/** Only a failure whose cause lies with the deployment may cool it down: the types allow nothing else. */
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
  /** A service tier was refused: the deployment goes on serving calls that ask for another one. */
  refuses?: 'service-tier'
  /** A fault of the gateway itself: the log line says `alarm`. */
  alarm?: true
  source: string
}

/** A row that may take a deployment out. */
export type HarmfulRow = PolicyRow & { coolDown: CoolDownRule }
