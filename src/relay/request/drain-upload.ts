/**
 * Reads what is left of an upload that is refused, so that the client has finished sending when the error arrives. A client
 * that is still sending would meet a reset connection and retry instead of seeing the error.
 */
import { readWithin } from './read-within.ts'

/** A client that sends more than this, or sends nothing for so long, does not get to see the error. */
const REFUSED_UPLOAD_MAX_BYTES = 100_000_000
const REFUSED_UPLOAD_STALL_MS = 5_000

export async function drainUpload(request: Request): Promise<void> {
  if (request.body === null || request.bodyUsed) return
  const reader = request.body.getReader()
  let size = 0
  try {
    while (size < REFUSED_UPLOAD_MAX_BYTES) {
      const read = await readWithin(reader, REFUSED_UPLOAD_STALL_MS)
      if (read === 'stalled' || read.done) break
      size += read.value.byteLength
    }
  } catch {
    // The client has broken off; there is nobody left to answer.
  }
  reader.releaseLock()
}
