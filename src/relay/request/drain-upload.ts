/**
 * Reads what is left of an upload that is refused, so that the client has finished sending when the error arrives. A client
 * that is still sending would meet a reset connection and retry instead of seeing the error.
 */
import { readWithin } from '../../base/read-within.ts'

export type DrainBounds = { maxBytes: number; stallMs: number; maxMs: number }

/** A client that sends more than this, sends nothing for so long, or takes so long in all, does not get to see the error. */
const DRAIN_BOUNDS: DrainBounds = { maxBytes: 100_000_000, stallMs: 5_000, maxMs: 30_000 }

export async function drainUpload(request: Request, bounds: DrainBounds = DRAIN_BOUNDS): Promise<void> {
  // A reader that still waits for a stalled upload has the lock. What was read in part has none, and its rest is read here.
  if (request.body === null || request.body.locked) return
  const reader = request.body.getReader()
  const deadlineMs = Date.now() + bounds.maxMs
  let size = 0
  try {
    for (let leftMs = bounds.maxMs; size < bounds.maxBytes && leftMs > 0; leftMs = deadlineMs - Date.now()) {
      const read = await readWithin(reader, Math.min(bounds.stallMs, leftMs))
      // A read that is still waiting keeps its lock: to take it away would throw.
      if (read === 'stalled') return
      if (read.done) break
      size += read.value.byteLength
    }
  } catch {
    // The client has broken off; there is nobody left to answer.
  }
  reader.releaseLock()
}
