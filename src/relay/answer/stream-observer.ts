/** Observes an event stream as it passes to the client: its usage, its verdict, and what is appended where it broke. */

import type { HeaderMap } from '../../base/header-map.ts'
import type { StreamSummary, StreamTap } from '../../bedrock/event-stream/tap.ts'
import type { WireParts } from '../../bedrock/usage/wire-parts.ts'
import type { Verdict } from '../../ledger/record/record.ts'
import { describeCause, logLine } from '../../telemetry/log.ts'
import type { PassObserver, PassOutcome } from './pass-through.ts'

/** Told to a client whose stream the upstream left unfinished. */
const CUT_MESSAGE = 'The upstream ended the stream before it was complete.'

const NOTHING = new Uint8Array(0)

export type Observation = {
  verdict: Verdict
  parts: WireParts
  /** What was seen of the output of a stream; null for an answer that is no stream. */
  seen: { contentFrames: number; usageIsFinal: boolean } | null
  /** The exception frame the upstream sent, by its name on the wire. */
  exception: string | null
}

export type StreamObserver = PassObserver & { observe(headers: HeaderMap, outcome: PassOutcome): Observation }

/**
 * A stream that is not whole is ended with the operation's exception for a cut, or its half frame is filled up so that no client
 * believes it; then it ends cleanly. Where the tap itself failed, the stream ends as the upstream ended it, and its usage is not known.
 */
export function streamObserver(tap: StreamTap, callId: string): StreamObserver {
  let fault: unknown = null
  const failed = (cause: unknown) => {
    if (fault === null) logLine('fault', { request_id: callId, where: 'tap', cause: describeCause(cause) })
    fault = cause
  }
  return {
    push: (bytes) => tap.push(bytes),
    failed,
    epilogue(upstream) {
      if (fault !== null) return upstream === 'ended' ? NOTHING : null
      try {
        return upstream === 'ended' && isWhole(tap.finish()) ? NOTHING : tap.repair(CUT_MESSAGE)
      } catch (cause) {
        failed(cause)
        // Inside a frame nothing more can be said, and a clean end there would be taken for the whole answer.
        return tap.ending === 'boundary'
          ? tap.failure(`The gateway failed. Its log has the cause under ${callId}.`)
          : null
      }
    },
    observe(headers, outcome) {
      const summary = fault === null ? summaryOf(tap, failed) : null
      if (summary === null) {
        const seen = { contentFrames: 0, usageIsFinal: false }
        return { verdict: plainVerdict(outcome), parts: { headers }, seen, exception: null }
      }
      return {
        verdict: streamVerdict(summary, outcome),
        parts: { ...summary.parts, headers },
        seen: { contentFrames: summary.contentFrames, usageIsFinal: isUsageFinal(summary) },
        exception: summary.exception?.type ?? null,
      }
    },
  }
}

function summaryOf(tap: StreamTap, failed: (cause: unknown) => void): StreamSummary | null {
  try {
    return tap.finish()
  } catch (cause) {
    failed(cause)
    return null
  }
}

/** Usage comes last: in an event of its own, or with the last chunk of a family. Counters in earlier chunks are not the whole. */
function isUsageFinal({ parts, terminated }: StreamSummary): boolean {
  return 'metadata' in parts ? parts.metadata !== null : terminated
}

/** An exception frame ends a stream as properly as `messageStop` does. */
function isWhole(summary: StreamSummary): boolean {
  return summary.ending === 'boundary' && (summary.terminated || summary.exception !== null)
}

/** The verdict by the two connections alone, where the bytes could not be read. */
function plainVerdict({ client, upstream }: PassOutcome): Verdict {
  if (client === 'left') return 'abandoned'
  return upstream === 'ended' ? 'complete' : 'cut'
}

function streamVerdict(summary: StreamSummary, outcome: PassOutcome): Verdict {
  if (outcome.client === 'left') return 'abandoned'
  if (outcome.upstream !== 'ended' || !isWhole(summary)) return summary.exception === null ? 'cut' : 'exception'
  return summary.exception === null ? 'complete' : 'exception'
}
