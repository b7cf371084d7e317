/**
 * What a non-streaming answer that is too large to hold tells as it passes: usage and the number of images are read from its
 * skeleton. Nothing can be appended to it, so a broken one is broken off.
 */
import { createJsonSkeleton } from '../../base/json-skeleton.ts'
import type { Verdict } from '../../ledger/record/record.ts'
import { describeCause, logLine } from '../../telemetry/log.ts'
import type { PassOutcome } from './pass-through.ts'
import type { StreamObserver } from './stream-observer.ts'

/** Longer texts are images, documents or words of the answer, none of which says what it cost. */
const TEXT_MAX_BYTES = 1_024
const MEMBER_MAX_CHARS = 64 * 1024
const SKELETON_MAX_CHARS = 256 * 1024

const NOTHING = new Uint8Array(0)

/** `isJson`: the answer says that it is JSON, so one that is not whole JSON was cut. */
export function largeObserver(callId: string, isJson: boolean): StreamObserver {
  const skeleton = createJsonSkeleton({
    textMaxBytes: TEXT_MAX_BYTES,
    memberMaxBytes: MEMBER_MAX_CHARS,
    maxBytes: SKELETON_MAX_CHARS,
  })
  return {
    push: (bytes) => skeleton.push(bytes),
    failed: (cause) => logLine('fault', { request_id: callId, where: 'large answer', cause: describeCause(cause) }),
    epilogue: (upstream) => (upstream === 'ended' ? NOTHING : null),
    observe(headers, outcome) {
      const { isWhole, value } = skeleton.finish()
      const body = isWhole ? { body: value } : {}
      return {
        verdict: verdictOf(outcome, isWhole || !isJson),
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
