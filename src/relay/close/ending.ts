/** How a call ended, as the one who ended it knows: what the record is made from. */
import type { WireParts } from '../../bedrock/usage/wire-parts.ts'
import type { Deployment } from '../../config/types.ts'
import type { Cost } from '../../ledger/cost/cost-of.ts'
import type { Verdict } from '../../ledger/record/record.ts'

export type Ending = {
  deployment: Deployment
  fallbacks: number
  httpStatus: number
  verdict: Verdict
  /** Pieces that usage is read from; null when nothing but an error came. */
  parts: WireParts | null
  /** Cost of those pieces where it was needed before. */
  cost: Cost | null
  /** What was seen of a stream; null for an answer that is no stream. */
  seen: { contentFrames: number; usageIsFinal: boolean } | null
  awsRequestId: string | null
  headersAtMs: number
  msToFirstFrame: number | null
  endedAtMs: number
}
