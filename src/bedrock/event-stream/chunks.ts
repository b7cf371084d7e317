/**
 * Chunks of InvokeModelWithResponseStream. Decoding every one would cost more than all else the tap does, so the
 * first and the last few are kept as they came and decoded when the stream is over: usage stands there, and the end.
 */

import { member, parseJson } from '../../base/json.ts'
import { familyEnding } from './family-end.ts'

/** Anthropic reports input and cache writes in its first chunk. */
const FIRST_CHUNKS = 2
/** Whatever the family, these hold the end of the answer: last output, stop reason, usage, invocation metrics. */
const LAST_CHUNKS = 4
/**
 * Above the last chunk of Cohere, which repeats the whole answer (a few hundred KB at most); six of these bound what
 * a stream holds.
 */
const MAX_KEPT_CHUNK_BYTES = 262_144

export type ChunkKeeper = {
  /** Takes the payload of a `chunk` message, `{"bytes":"<base64>","p":…}`; null for one that was not held. */
  add(payload: Uint8Array | null): void
  /** Decoded chunks in their order, without those that are no JSON, and whether the answer was brought to its end. */
  finish(onBoundary: boolean): { chunks: unknown[]; terminated: boolean }
}

export function createChunkKeeper(): ChunkKeeper {
  const first: (Uint8Array | null)[] = []
  const last: (Uint8Array | null)[] = []
  return {
    add(payload) {
      const kept = payload !== null && payload.length <= MAX_KEPT_CHUNK_BYTES ? payload.slice() : null
      if (first.length < FIRST_CHUNKS) {
        first.push(kept)
        return
      }
      last.push(kept)
      if (last.length > LAST_CHUNKS) last.shift()
    },
    finish(onBoundary) {
      const kept = [...first, ...last]
      const decoded = kept.map(decodeChunk)
      const endings = decoded.map(familyEnding)
      // A model whose chunks are of no known form may end as it likes: a clean end counts, or answers of models newer
      // than this table would all be broken. So does a last chunk too large to be looked at. No chunk is no answer.
      const readable = endings.some((ending) => ending !== 'unknown') && kept.at(-1) !== null
      return {
        chunks: decoded.filter((chunk) => chunk !== null),
        terminated: endings.includes('ended') || (!readable && onBoundary && kept.length > 0),
      }
    },
  }
}

function decodeChunk(payload: Uint8Array | null): unknown {
  const base64 = member(parseJson(payload), 'bytes')
  if (typeof base64 !== 'string') return null
  try {
    return parseJson(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)))
  } catch {
    return null
  }
}
