/** What a row of the policy table says. */
import type { RetryPolicy } from '../../config/types.ts'
import type { Signal } from './signal.ts'

/**
 * Whose doing a failure was. The order is that of usefulness to the client when all attempts failed: its own fault will not go
 * away by itself, quota comes back, and of a fault in the gateway's configuration the client can make nothing.
 */
export const BLAME_BY_USEFULNESS = ['request', 'model', 'quota', 'service', 'network', 'target'] as const
export type Blame = (typeof BLAME_BY_USEFULNESS)[number]

/** What is done about a failure. */
export type Treatment = {
  /** Whether the same deployment is asked again, and only when no other is left; `refresh-credentials` does so at once. */
  sameTarget: 'no' | 'once' | 'backoff' | 'refresh-credentials'
  /** `by-retry-policy`: only where the retry policy names this class of error with at least one retry. */
  otherTarget: 'yes' | 'no' | 'by-retry-policy'
  /** `count` cools only when it happens too often; the others take the deployment out at once. */
  health: 'none' | 'count' | 'cool' | 'misconfigured' | 'quota-day' | 'credentials'
  /** How long it stays out: see cool-down.ts. */
  coolDown: 'none' | 'growing' | 'held' | 'until-midnight-utc'
  blame: Blame
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
  /** A fault of the gateway itself, to be shouted about. */
  alarm?: true
  source: string
}
