/** One spend row: what the ledger keeps of a call that reached an upstream. Field names are the contract's (README, "What is recorded"). */

export type CostState = 'priced' | 'unpriced' | 'estimated' | 'free' | 'failed'

/** How the call ended as seen from both sides; `unknown` only for a reservation that expired. */
export type Verdict = 'complete' | 'exception' | 'cut' | 'abandoned' | 'unknown'

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

export type SpendRecord = {
  request_id: string
  client_call_id: string | null
  client_invocation_id: string | null
  /** ISO 8601 UTC with milliseconds. */
  startTime: string
  endTime: string
  model_group: string
  model: string
  model_id: string
  region: string
  api_base: string
  operation: string
  api_key: string | null
  team_id: string | null
  user: string | null
  end_user: string | null
  request_tags: string[]
  /** What the client attached: `x-litellm-spend-logs-metadata` and Converse `requestMetadata`. */
  metadata: Record<string, unknown>
  status: 'success' | 'failure'
  http_status: number
  verdict: Verdict
  usage: Usage | null
  /** Usage as it stood on the wire, so that a row can be priced again. */
  raw_usage: unknown
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  /** Nano-USD, an integer as a decimal string; null when not known. */
  cost_nano_usd: string | null
  cost_state: CostState
  cost_reason: string | null
  price_row: string | null
  service_tier: string | null
  attempts: number
  fallbacks: number
  attempt_log: AttemptLogEntry[]
  aws_request_id: string | null
  ms_to_headers: number
  ms_to_first_frame: number | null
  ms_total: number
}
