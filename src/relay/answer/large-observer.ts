/**
 * Observes a non-streaming answer that is too large to hold: usage and the number of images are read from its skeleton as it
 * passes. Nothing can be appended to such an answer, so the client's connection is broken where the upstream's broke.
 */
import type { Verdict } from '../../ledger/record/record.ts'
import { describeCause, logLine } from '../../telemetry/log.ts'
import { createAnswerSkeleton } from '../upstream/answer-json.ts'
import type { PassOutcome } from './pass-through.ts'
import type { StreamObserver } from './stream-observer.ts'

const NOTHING = new Uint8Array(0)

/** `isJson`: the answer must be JSON, so one that is not whole JSON was cut. */
export function largeObserver(callId: string, isJson: boolean): StreamObserver {
  const skeleton = createAnswerSkeleton()
  let hasFailed = false
  /** What a reader that failed does not know, the connection alone decides. */
  const looksWhole = () => !isJson || hasFailed || skeleton.finish().isWhole
  return {
    push: (bytes) => skeleton.push(bytes),
    failed(cause) {
      if (!hasFailed) logLine('fault', { request_id: callId, where: 'large answer', cause: describeCause(cause) })
      hasFailed = true
    },
    // A clean end would make the half of an answer look like all of it.
    epilogue: (upstream) => (upstream === 'ended' && looksWhole() ? NOTHING : null),
    observe(headers, outcome) {
      const { isWhole, value } = skeleton.finish()
      const body = isWhole && !hasFailed ? { body: value } : {}
      return {
        verdict: verdictOf(outcome, looksWhole()),
        parts: { headers, ...body },
        seen: null,
        exception: null,
      }
    },
  }
}

/** An answer without a length ends with its connection, so that it was cut shows in its text alone. */
function verdictOf({ client, upstream }: PassOutcome, isWhole: boolean): Verdict {
  if (client === 'left') return 'abandoned'
  return upstream === 'ended' && isWhole ? 'complete' : 'cut'
}
