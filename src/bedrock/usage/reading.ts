/** What one exchange consumed, as the wire said it. Nothing here knows of money. */

/**
 * Token counters under AWS's names; a counter that was not reported is absent. `inputTokens` never holds cached tokens:
 * where a wire form counts them inside, they have been taken out. The ledger's `Usage` has the same shape.
 */
export type TokenUsage = {
  inputTokens?: number
  outputTokens?: number
  totalTokens?: number
  cacheReadInputTokens?: number
  cacheWriteInputTokens?: number
  /** Cache writes by time to live as reported: `5m`, `1h`, `30m`. */
  cacheDetails?: { ttl: string; inputTokens: number }[]
}

/** An amount, or null where something was consumed and the wire does not say how much. */
export type Amount = number | null

/** Meters beside text tokens; a meter that the exchange does not have is absent. */
export type OtherMeters = {
  /** Images made or edited. */
  images?: Amount
  /** Images given to an embedding model. */
  inputImages?: Amount
  /** Search queries: rerank units of up to 100 documents, or text requests of an embedding model that is billed by request. */
  queries?: Amount
  videoSeconds?: Amount
  audioSeconds?: Amount
  inputAudioTokens?: Amount
  outputAudioTokens?: Amount
  /** Uses of server tools (web search). */
  serverToolUses?: Amount
  /** Guardrail units by AWS's name of the policy (`contentPolicyUnits`); null where a guardrail ran and its units are not shown. */
  guardrailUnits?: Readonly<Record<string, Amount>> | null
}

/** What was asked of an image model, where the price hangs on it. */
export type ImageRequest = {
  /** null: not asked for, so the model's default holds. */
  pixels: number | null
  steps: number | null
  /** Longer side in pixels, the default where none was asked for; null: the request does not say what it will be. */
  longerSide: number | null
  quality: string
}

export type UsageReading = {
  /** Token counters; null when the exchange reports none. */
  usage: TokenUsage | null
  /** The runs of the model whose sum `usage` is, where the answer tells them apart: the price may hang on the size of each. */
  runs: readonly TokenUsage[] | null
  other: OtherMeters
  /** Members of the usage that count something nobody here knows. */
  unknown: readonly string[]
  /** null when the request is not known. */
  imageRequest: ImageRequest | null
  /** Usage as it stood on the wire; null when there was none. */
  raw: unknown
  /** Service tier that was served; null when the answer names none. */
  servedTier: string | null
  /** `optimized` or `standard`; null when the answer does not say. */
  latency: string | null
  /** Model that a prompt router chose; null for all other calls. */
  routedModel: string | null
  /** Counters that make no sense (negative, fractional, not a number), in words. They are left out of `usage`. */
  problem: string | null
}

/** A reading of an exchange that says nothing. */
export const EMPTY_READING: UsageReading = {
  usage: null,
  runs: null,
  other: {},
  unknown: [],
  imageRequest: null,
  raw: null,
  servedTier: null,
  latency: null,
  routedModel: null,
  problem: null,
}
