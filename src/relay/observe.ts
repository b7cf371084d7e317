/** What the tap of a passed-through answer makes of the bytes it sees: usage, verdict, and the end the client is given. */

import type { StreamSummary, StreamTap } from '../bedrock/event-stream/tap.ts'
import type { HeaderMap } from '../bedrock/header-map.ts'
import type { WireParts } from '../bedrock/wire-parts.ts'
import type { Verdict } from '../ledger/record.ts'
import { parseJson } from './answer.ts'
import type { PassObserver, PassOutcome } from './pass-through.ts'

/** Told to a client whose stream the upstream left unfinished. */
const CUT_MESSAGE = 'The upstream ended the stream before it was complete.'

const NOTHING = new Uint8Array(0)

/** The usage object stands near the end of a Converse body (keys are sorted), after the text. */
const TAIL_BYTES = 64 * 1024

export type Observation = {
  verdict: Verdict
  parts: WireParts
  /** What was seen of the output of a stream; null for an answer that is no stream. */
  seen: { contentFrames: number; usageIsFinal: boolean } | null
  /** The exception frame the upstream sent, by its name on the wire. */
  exception: string | null
}

/** An event stream that is not whole gets its half frame completed, then a framed `modelStreamErrorException`, then a clean end. */
export function streamObserver(tap: StreamTap): PassObserver {
  return {
    push: (bytes) => tap.push(bytes),
    epilogue(upstream) {
      const summary = tap.finish()
      if (upstream === 'ended' && isWhole(summary)) return NOTHING
      return tap.repair(CUT_MESSAGE)
    },
  }
}

export function observeStream(tap: StreamTap, headers: HeaderMap, outcome: PassOutcome): Observation {
  const summary = tap.finish()
  return {
    verdict: streamVerdict(summary, outcome),
    parts: { ...summary.parts, headers },
    seen: { contentFrames: summary.contentFrames, usageIsFinal: isUsageFinal(summary) },
    exception: summary.exception?.type ?? null,
  }
}

/** Usage comes last: in the `metadata` event, or with the last chunk of a family. Counters in earlier chunks are not the whole. */
function isUsageFinal({ parts, terminated }: StreamSummary): boolean {
  return 'metadata' in parts ? parts.metadata !== null : terminated
}

/** An exception frame ends a stream as properly as `messageStop` does. */
function isWhole(summary: StreamSummary): boolean {
  return summary.ending === 'boundary' && (summary.terminated || summary.exception !== null)
}

function streamVerdict(summary: StreamSummary, outcome: PassOutcome): Verdict {
  if (outcome.client === 'left') return 'abandoned'
  if (outcome.upstream !== 'ended' || !isWhole(summary)) return summary.exception === null ? 'cut' : 'exception'
  return summary.exception === null ? 'complete' : 'exception'
}

export type TailObserver = PassObserver & { observe(headers: HeaderMap, outcome: PassOutcome): Observation }

/** For a non-streaming answer too large to hold: keeps its tail, where `usage` stands. Nothing can be appended to it, so a broken one is broken off. */
export function tailObserver(): TailObserver {
  let tail: Uint8Array = NOTHING
  return {
    push(bytes) {
      const kept =
        bytes.byteLength >= TAIL_BYTES
          ? NOTHING
          : tail.subarray(Math.max(0, tail.byteLength + bytes.byteLength - TAIL_BYTES))
      const added = bytes.subarray(Math.max(0, bytes.byteLength - TAIL_BYTES))
      const next = new Uint8Array(kept.byteLength + added.byteLength)
      next.set(kept)
      next.set(added, kept.byteLength)
      tail = next
    },
    epilogue: (upstream) => (upstream === 'ended' ? NOTHING : null),
    observe(headers, outcome) {
      const verdict = outcome.client === 'left' ? 'abandoned' : outcome.upstream === 'ended' ? 'complete' : 'cut'
      const body = usageInTail(tail)
      return {
        verdict,
        parts: { headers, ...(body === null ? {} : { body }) },
        seen: null,
        exception: null,
      }
    },
  }
}

/** The last `"usage":{…}` of a JSON text of which only the end is at hand, as a body of its own. */
function usageInTail(tail: Uint8Array): { usage: unknown } | null {
  const text = new TextDecoder().decode(tail)
  const start = text.lastIndexOf('"usage"')
  if (start === -1) return null
  const open = text.indexOf('{', start)
  for (let end = text.indexOf('}', open); open !== -1 && end !== -1; end = text.indexOf('}', end + 1)) {
    const usage = parseJson(new TextEncoder().encode(text.slice(open, end + 1)))
    if (usage !== undefined) return { usage }
  }
  return null
}
