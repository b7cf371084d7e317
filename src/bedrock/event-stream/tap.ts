/**
 * What the gateway learns from a stream that passes by: how it ended, what it raised, and the pieces that usage is
 * read from. Content is counted and checked, never parsed, and what is kept does not grow with the stream.
 */

import { parseJson } from '../../base/json.ts'
import type { StreamAnswer } from '../operations/operation.ts'
import type { WireParts } from '../usage/wire-parts.ts'
import { type ChunkKeeper, createChunkKeeper } from './chunks.ts'
import { exceptionFrame } from './encode.ts'
import { readException, type StreamException } from './exception.ts'
import { createFrameReader, type Ending, type Frame } from './reader.ts'
import { endBrokenStream } from './repair/end-broken-stream.ts'

export type StreamSummary = {
  /** `corrupt` also for a wrong checksum of a single message: what follows cannot be trusted. */
  ending: Ending
  /** The answer came to its end: by the event that ends it, by the last chunk of its family, or where nothing marks it cleanly. */
  terminated: boolean
  /** The first exception or error message of the stream, its type as on the wire. */
  exception: StreamException | null
  /** `metadata`, the payload of the event that holds the usage; or `chunks`, the first and the last few; or nothing. */
  parts: WireParts
  /** Whole, valid messages. */
  frames: number
  /** Those among them that carry output; of a model's own chunks a few are the brackets of its family. */
  contentFrames: number
  /**
   * Payload bytes of those, as on the wire: JSON with Bedrock's padding of 2 to 60 characters a message, for chunks base64.
   */
  contentBytes: number
  bytes: number
}

export type StreamTap = {
  /** The next bytes, in the order in which they went to the client. */
  push(bytes: Uint8Array): void
  /** The state after the last push; the stream may go on after it. */
  finish(): StreamSummary
  /**
   * What to send after the bytes pushed so that every client raises: on a boundary the operation's exception for a cut.
   * Null where that cannot be done and the connection has to be broken instead.
   */
  repair(message: string): Uint8Array<ArrayBuffer> | null
  readonly ending: Ending
  readonly frames: number
  readonly bytes: number
  /** An exception or error message has passed. */
  readonly raised: boolean
  /** The framed exception that ends a stream in which the gateway itself failed. */
  failure(message: string): Uint8Array<ArrayBuffer>
}

/** Listens to one stream. The unit tests of usage read the same parts, so nothing of pricing is known here. */
export function createStreamTap({ content, usageIn, end, cut }: StreamAnswer): StreamTap {
  const contentEvents = new Set(content)
  const usageEvent = usageIn.kind === 'event' ? usageIn.event : null
  const chunkEvent = usageIn.kind === 'model-chunks' ? usageIn.event : null
  const endEvent = end.by === 'event' ? end.event : null
  const chunks: ChunkKeeper = createChunkKeeper()
  let stopped = false
  let metadata: unknown = null
  let exception: StreamException | null = null
  let contentFrames = 0
  let contentBytes = 0

  const reader = createFrameReader({
    onFrame(frame: Frame) {
      if (frame.headers.get(':message-type') !== 'event') {
        exception ??= readException(frame)
        return
      }
      const type = frame.headers.get(':event-type') ?? ''
      if (contentEvents.has(type)) {
        contentFrames++
        contentBytes += frame.payloadBytes
      }
      if (type === chunkEvent) chunks.add(frame.payload)
      if (type === usageEvent) metadata = parseJson(frame.payload)
      if (type === endEvent) stopped = true
    },
  })

  return {
    push: reader.push,
    finish() {
      const { ending, frames, bytes } = reader
      const kept = chunkEvent === null ? null : chunks.finish(ending === 'boundary')
      return {
        ending,
        terminated: isTerminated(end, stopped, kept?.terminated ?? false, ending === 'boundary' && frames > 0),
        exception,
        parts: kept !== null ? { chunks: kept.chunks } : usageEvent === null ? {} : { metadata },
        frames,
        contentFrames,
        contentBytes,
        bytes,
      }
    },
    repair(message) {
      return endBrokenStream(reader.half(), message, cut)
    },
    failure: (message) => exceptionFrame(cut, message),
    get ending() {
      return reader.ending
    },
    get frames() {
      return reader.frames
    },
    get bytes() {
      return reader.bytes
    },
    get raised() {
      return exception !== null
    },
  }
}

function isTerminated(end: StreamAnswer['end'], stopped: boolean, chunksEnded: boolean, cleanly: boolean): boolean {
  switch (end.by) {
    case 'event':
      return stopped
    case 'model-chunks':
      return chunksEnded
    case 'clean-end':
      return cleanly
    default:
      return end satisfies never
  }
}
