/** How a call ended, as the step that ended it knows it; the record is made from this. */
import type { Refusal } from '../../access/refusal.ts'
import type { WireParts } from '../../bedrock/usage/wire-parts.ts'
import type { Deployment } from '../../config/types.ts'
import type { Cost } from '../../ledger/cost/cost-of.ts'
import type { Verdict } from '../../ledger/record/record.ts'
import type { Delivery } from '../upstream/delivery.ts'

/** What is known of the answer, and how far it came. */
export type Ending = {
  /** The deployment that the row names. */
  deployment: Deployment
  fallbacks: number
  /** What the client got. */
  httpStatus: number
  verdict: Verdict
  /** Pieces that usage is read from; null when nothing but an error came. */
  parts: WireParts | null
  /** Cost of those pieces where a header has needed it already. */
  cost: Cost | null
  /** What was seen of a stream; null for an answer that is no stream. */
  seen: { contentFrames: number; usageIsFinal: boolean } | null
  awsRequestId: string | null
  headersAtMs: number
  /** Instant at which the answer was known to be content; null for an error. */
  firstFrameAtMs: number | null
}

/** The ways in which a call can end. Each leaves a record where an upstream was asked, and one line in the log. */
export type CallEnd =
  | { kind: 'answered'; ending: Ending }
  /** The gateway answered itself. `ending` is given where an upstream was asked before. */
  | { kind: 'refused'; refusal: Refusal; ending: Ending | null }
  /** The gateway failed; the cause goes into its log. */
  | { kind: 'fault'; cause: unknown }

/** Where a call ended, and what came of it there. */
export type EndedAt = { deployment: Deployment; fallbacks: number; value?: Delivery }

/** The facts that all endings share. Unchanged, this is the ending of a call in which the gateway itself failed. */
export function endingOf({ deployment, fallbacks, value }: EndedAt, headersAtMs: number): Ending {
  return {
    deployment,
    fallbacks,
    httpStatus: 500,
    verdict: 'exception',
    parts: null,
    cost: null,
    seen: null,
    awsRequestId: value?.awsRequestId ?? null,
    headersAtMs,
    firstFrameAtMs: value?.firstFrameAtMs ?? null,
  }
}
