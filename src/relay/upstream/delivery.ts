/** An answer of an upstream that can be handed on, error or not. */
import type { Answer } from './upstream-answer.ts'

export type Delivery = {
  answer: Answer
  awsRequestId: string | null
  /** Ends the upstream connection at once. */
  cancelUpstream(): void
  /** Instant at which the answer was known to be content; null for an error. */
  firstFrameAtMs: number | null
}
