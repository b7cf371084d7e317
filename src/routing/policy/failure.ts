/** How an attempt failed: all that routing needs to know of it. */

export type FailurePhase =
  /** Before anything was sent to Bedrock: the session of an assumed role could not be had, or is of no use for the operation. */
  | 'credentials'
  /** Network error before response headers. */
  | 'connect'
  /** HTTP error status, or no headers in time. */
  | 'headers'
  /** Exception in the first frame, or a stream that broke before its first frame was whole. */
  | 'first-frame'
  /** After the first content frame, when nothing can be retried. */
  | 'body'

export type Failure = {
  phase: FailurePhase
  /** HTTP status, or the one that the name of a first-frame exception stands for; null where nothing answered. */
  status: number | null
  /** AWS's error name without namespace (`ThrottlingException`); null for network errors and time-outs. */
  type: string | null
  /** The upstream's text. Read for matching only: routing never logs it. */
  message: string
  /** Of ModelErrorException and ModelStreamErrorException: what the model's own server said. */
  originalStatusCode?: number
  timedOut?: boolean
  /** The gateway broke off itself, because the client had left. */
  abortedByUs?: true
  /** From `x-amz-retry-after` (ms) or `retry-after` (s). */
  retryAfterMs?: number
}

/** The longest time an upstream may name. */
const NAMED_MAX_MS = 60 * 60_000

/** The wait that the upstream asks for; null where it names none, or no sane one. */
export function namedWaitMs({ retryAfterMs }: Failure): number | null {
  if (retryAfterMs === undefined || !Number.isFinite(retryAfterMs)) return null
  return retryAfterMs > 0 && retryAfterMs <= NAMED_MAX_MS ? Math.ceil(retryAfterMs) : null
}
