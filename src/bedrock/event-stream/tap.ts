/**
 * Reads along while an event stream passes to the client: how it ended, which exception it carried, and the events that usage is
 * read from. Events with output are counted and their checksums verified, but not parsed, so memory does not grow with the stream.
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
  /** Where the bytes end. `corrupt` also after a single message with a wrong checksum, because what follows it cannot be trusted. */
  ending: Ending
  /** The answer is whole: its last event or its model's last chunk came; or it marks no end, and the stream ended on a boundary. */
  terminated: boolean
  /** The first exception or error message of the stream, its type as on the wire. */
  exception: StreamException | null
  /** What usage is read from: `metadata`, the payload of the event that holds it; or `chunks`, the first and last few; or nothing. */
  parts: WireParts
  /** Whole, valid messages. */
  frames: number
  /** How many of them carry output. Among a model's own chunks this also counts the few that only open or close the answer. */
  contentFrames: number
  /** Sum of their payloads as on the wire: JSON, with 2 to 60 characters of padding in each message; base64 inside a `chunk`. */
  contentBytes: number
  bytes: number
}

export type StreamTap = {
  /** The next bytes, in the order in which they went to the client. */
  push(bytes: Uint8Array): void
  /** The state after the last push; the stream may go on after it. */
  finish(): StreamSummary
  /**
   * The bytes to append to a stream that broke, so that every client raises an error; between two messages this is the exception
   * that the operation's entry names. Null where no bytes can do that and the connection has to be broken instead.
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

/** A tap on one stream. It only collects what usage is read from; counting and pricing happen elsewhere. */
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
