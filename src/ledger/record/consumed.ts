/** What a call and each of its attempts consumed, as a record holds it. */

/** AWS's names; a counter that was not reported is absent. */
export type Usage = {
  inputTokens?: number
  outputTokens?: number
  totalTokens?: number
  cacheReadInputTokens?: number
  cacheWriteInputTokens?: number
  /** Cache writes by time to live, `5m` or `1h`. */
  cacheDetails?: { ttl: string; inputTokens: number }[]
}

export type AttemptLogEntry = {
  deployment: string
  region: string
  /** HTTP status of the upstream answer; null when none came. */
  status: number | null
  /** AWS error name, null for an answer without one, or a reason of ours (`timeout`, `network`, `cut`) when there was no answer. */
  error_type: string | null
  aws_request_id: string | null
  ms: number
  /** Only where this attempt consumed tokens. */
  usage?: Usage
  /** Nano-USD as a decimal string, null when not known. */
  cost_nano_usd?: string | null
}
