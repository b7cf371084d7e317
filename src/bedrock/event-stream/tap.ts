/**
 * What the gateway learns from a stream that passes by: how it ended, what it raised, and the pieces that usage is
 * read from. Content is counted and checked, never parsed, and what is kept does not grow with the stream.
 */

import { parseJson } from '../../base/json.ts'
import type { WireParts } from '../usage/wire-parts.ts'
import { type ChunkKeeper, createChunkKeeper } from './chunks.ts'
import { readException, type StreamException } from './exception.ts'
import { createFrameReader, type Ending, type Frame } from './reader.ts'
import { endBrokenStream } from './repair/end-broken-stream.ts'

export type StreamingOperation = 'ConverseStream' | 'InvokeModelWithResponseStream'

export type StreamSummary = {
  /** `corrupt` also for a wrong checksum of a single message: what follows cannot be trusted. */
  ending: Ending
  /** The model said that it was done: `messageStop`, or the last chunk of its family. */
  terminated: boolean
  /** The first exception or error message of the stream, its type as on the wire. */
  exception: StreamException | null
  /** ConverseStream: `metadata`. InvokeModelWithResponseStream: `chunks`, the first and the last few. */
  parts: WireParts
  /** Whole, valid messages. */
  frames: number
  /** Those among them that carry output: `contentBlockDelta`, or `chunk`, of which a few are the family's brackets. */
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
   * What to send after the bytes pushed so that every client raises: on a boundary `modelStreamErrorException` with `message`.
   * Null where that cannot be done and the connection has to be broken instead.
   */
  repair(message: string): Uint8Array<ArrayBuffer> | null
  readonly ending: Ending
  readonly frames: number
  readonly bytes: number
  /** An exception or error message has passed. */
  readonly raised: boolean
}

/** Listens to one stream. The unit tests of usage read the same parts, so nothing of pricing is known here. */
export function createStreamTap(operation: StreamingOperation): StreamTap {
  const converse = operation === 'ConverseStream'
  const chunks: ChunkKeeper = createChunkKeeper()
  let stopped = false
  let metadata: unknown = null
  let exception: StreamException | null = null
  let contentFrames = 0
  let contentBytes = 0

  const reader = createFrameReader({
    onFrame(frame: Frame) {
      switch (frame.headers.get(':message-type') === 'event' ? frame.headers.get(':event-type') : undefined) {
        case 'contentBlockDelta':
          contentFrames++
          contentBytes += frame.payloadBytes
          break
        case 'chunk':
          contentFrames++
          contentBytes += frame.payloadBytes
          if (!converse) chunks.add(frame.payload)
          break
        case 'messageStop':
          stopped = true
          break
        case 'metadata':
          metadata = parseJson(frame.payload)
          break
        default:
          exception ??= readException(frame)
      }
    },
  })

  return {
    push: reader.push,
    finish() {
      const { ending, frames, bytes } = reader
      const kept = converse ? null : chunks.finish(ending === 'boundary')
      return {
        ending,
        terminated: kept === null ? stopped : kept.terminated,
        exception,
        parts: kept === null ? { metadata } : { chunks: kept.chunks },
        frames,
        contentFrames,
        contentBytes,
        bytes,
      }
    },
    repair(message) {
      return endBrokenStream(reader.half(), message)
    },
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
