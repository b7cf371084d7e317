/**
 * The first message decides whether an answer is committed to the client: Bedrock may say 200 and throttle in it.
 * Until then nothing has been sent and the attempt can be repeated.
 */
import { readException, type StreamException } from './exception.ts'
import { createFrameReader } from './reader.ts'

/** No exception is this large, so such a message is content as soon as its length is known, and is not waited for. */
export const FIRST_FRAME_MAX_BYTES = 65_536

const NO_PAYLOAD = new Uint8Array(0)

export type FirstFrame =
  | { kind: 'incomplete' }
  | { kind: 'content' }
  /** `payload`: its JSON as it came, which is the body of the HTTP error of the same name; empty for an error message. */
  | ({ kind: 'exception'; payload: Uint8Array } & StreamException)
  /** A wrong checksum or lengths that cannot be: not an event stream, or damaged. */
  | { kind: 'corrupt' }

export type FirstFrameReader = {
  /**
   * Takes the next bytes from the start of the stream and answers what is known. The first answer that is not
   * `incomplete` stands. The caller keeps the blocks: at most 64 KiB before the last of them.
   */
  push(block: Uint8Array): FirstFrame
}

export function createFirstFrameReader(): FirstFrameReader {
  let first: FirstFrame = { kind: 'incomplete' }
  const reader = createFrameReader({
    onPrelude(totalBytes) {
      if (first.kind === 'incomplete' && totalBytes > FIRST_FRAME_MAX_BYTES) first = { kind: 'content' }
    },
    onFrame(frame) {
      if (first.kind !== 'incomplete') return
      const exception = readException(frame)
      const payload = frame.payload?.slice() ?? NO_PAYLOAD
      first = exception === null ? { kind: 'content' } : { kind: 'exception', payload, ...exception }
    },
  })
  return {
    push(block) {
      if (first.kind !== 'incomplete') return first
      reader.push(block)
      if (first.kind === 'incomplete' && reader.ending === 'corrupt') first = { kind: 'corrupt' }
      return first
    },
  }
}
