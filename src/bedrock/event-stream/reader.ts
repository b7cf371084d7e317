/**
 * Reads event-stream messages out of blocks of any size, checks both checksums, and holds no more than the one
 * message that is still under way. Payloads of whole messages inside a block are shown in place, not copied.
 */
import { crc32 } from './crc32.ts'
import {
  FRAME_OVERHEAD_BYTES,
  MAX_HEADERS_BYTES,
  MESSAGE_CRC_BYTES,
  PRELUDE_BYTES,
  PRELUDE_CRC_AT,
  readU32,
} from './frame.ts'
import { readHeaders } from './headers.ts'

/**
 * Largest message that is held whole while it arrives in pieces. AWS caps the data of one part at 1,000,000 bytes
 * (`PayloadPart`, https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_PayloadPart.html); as base64
 * with headers and padding that stays below 1.5 MiB. A larger one is checked, but its payload is not kept.
 */
export const MAX_HELD_FRAME_BYTES = 1_572_864
/** The holding buffer grows from here, and shrinks back to it after a large message. */
const HELD_BYTES_AT_REST = 8_192

export type Frame = {
  /** Values of string headers by name; null for the other types. */
  headers: ReadonlyMap<string, string | null>
  /** Valid during the callback only. Null for a message above the holding limit that did not arrive in one block. */
  payload: Uint8Array | null
  payloadBytes: number
}

/** Where a stream stands: between two messages (`boundary`), inside one (`half`), or after bytes that are no message (`corrupt`). */
export type Ending = 'boundary' | 'half' | 'corrupt'

/** What is known of the message under way, enough to complete it. */
export type HalfFrame = {
  /** Bytes of it that have been seen, at least 1. */
  sentBytes: number
  /** The first of them: all, or prelude and headers where the message is above the holding limit. */
  held: Uint8Array
  /** CRC-32 of the bytes seen, without those of the message CRC itself. */
  crc: number
}

export type FrameReader = {
  /** Takes the next bytes of the stream. After corruption they are counted and otherwise ignored. */
  push(block: Uint8Array): void
  /** The message under way, or null on a boundary or after corruption. Valid until the next push. */
  half(): HalfFrame | null
  readonly ending: Ending
  /** Whole, valid messages. */
  readonly frames: number
  readonly bytes: number
}

export type FrameReaderOptions = {
  onFrame(frame: Frame): void
  /** Called as soon as the lengths of a message are known. */
  onPrelude?(totalBytes: number): void
}

export function createFrameReader({ onFrame, onPrelude }: FrameReaderOptions): FrameReader {
  const readHeaderBlock = createHeaderMemo()
  let corrupt = false
  let frames = 0
  let bytes = 0
  /** Of the message under way: bytes seen, announced lengths (0 until the prelude is whole), checksums. */
  let sent = 0
  let total = 0
  let holdLimit = PRELUDE_BYTES
  let crc = 0
  let announcedCrc = 0
  let held: Uint8Array = new Uint8Array(HELD_BYTES_AT_REST)

  /** Total length from a whole prelude, or 0 where it cannot be one. */
  function readPrelude(block: Uint8Array, at: number): number {
    const totalBytes = readU32(block, at)
    const headersBytes = readU32(block, at + 4)
    const trusted = crc32(block, 0, at, at + PRELUDE_CRC_AT) === readU32(block, at + PRELUDE_CRC_AT)
    if (!trusted || headersBytes > MAX_HEADERS_BYTES || totalBytes < FRAME_OVERHEAD_BYTES + headersBytes) return 0
    onPrelude?.(totalBytes)
    return totalBytes
  }

  /** A message whose checksum is known to be right. `block` holds prelude and headers from `start` on. */
  function deliver(block: Uint8Array, start: number, totalBytes: number, withPayload: boolean): void {
    const payloadAt = start + PRELUDE_BYTES + readU32(block, start + 4)
    const headers = readHeaderBlock(block, start + PRELUDE_BYTES, payloadAt)
    if (headers === null) {
      corrupt = true
      return
    }
    const crcAt = start + totalBytes - MESSAGE_CRC_BYTES
    frames++
    onFrame({
      headers,
      payload: withPayload ? block.subarray(payloadAt, crcAt) : null,
      payloadBytes: crcAt - payloadAt,
    })
  }

  function hold(block: Uint8Array, start: number, end: number): void {
    const needed = sent + end - start
    if (needed > held.length) {
      const grown = new Uint8Array(Math.min(Math.max(held.length * 2, needed), Math.max(holdLimit, needed)))
      grown.set(held.subarray(0, sent))
      held = grown
    }
    held.set(block.subarray(start, end), sent)
  }

  /** Goes on with the message under way and answers where in the block it stopped. */
  function resume(block: Uint8Array, start: number): number {
    const wanted = (total === 0 ? PRELUDE_BYTES : total) - sent
    const end = Math.min(start + wanted, block.length)
    if (sent < holdLimit) hold(block, start, Math.min(end, start + holdLimit - sent))
    const crcAt = total === 0 ? PRELUDE_BYTES : total - MESSAGE_CRC_BYTES
    const covered = Math.max(start, Math.min(end, start + crcAt - sent))
    crc = crc32(block, crc, start, covered)
    for (let at = covered; at < end; at++) announcedCrc = ((announcedCrc << 8) | (block[at] as number)) >>> 0
    sent += end - start
    if (total === 0 && sent === PRELUDE_BYTES) {
      total = readPrelude(held, 0)
      if (total === 0) corrupt = true
      else holdLimit = total <= MAX_HELD_FRAME_BYTES ? total : PRELUDE_BYTES + readU32(held, 4)
    }
    if (total !== 0 && sent === total) finishHeld()
    return end
  }

  function finishHeld(): void {
    if (crc !== announcedCrc) corrupt = true
    else deliver(held, 0, total, total <= MAX_HELD_FRAME_BYTES)
    sent = 0
    total = 0
    holdLimit = PRELUDE_BYTES
    crc = 0
    announcedCrc = 0
    if (held.length > HELD_BYTES_AT_REST) held = new Uint8Array(HELD_BYTES_AT_REST)
  }

  /** Reads the messages that lie whole in the block, in place, and answers where the first other one begins. */
  function readInPlace(block: Uint8Array, start: number): number {
    let at = start
    while (!corrupt && block.length - at >= PRELUDE_BYTES) {
      const announced = readU32(block, at)
      if (announced > block.length - at) break
      const totalBytes = readPrelude(block, at)
      const crcAt = at + totalBytes - MESSAGE_CRC_BYTES
      if (totalBytes === 0 || crc32(block, 0, at, crcAt) !== readU32(block, crcAt)) {
        corrupt = true
        break
      }
      deliver(block, at, totalBytes, true)
      at += totalBytes
    }
    return at
  }

  return {
    push(block) {
      bytes += block.length
      let at = 0
      while (at < block.length && !corrupt) {
        if (sent === 0) at = readInPlace(block, at)
        if (at < block.length && !corrupt) at = resume(block, at)
      }
    },
    half() {
      if (corrupt || sent === 0) return null
      return { sentBytes: sent, held: held.subarray(0, Math.min(sent, holdLimit)), crc }
    },
    get ending() {
      if (corrupt) return 'corrupt'
      return sent === 0 ? 'boundary' : 'half'
    },
    get frames() {
      return frames
    },
    get bytes() {
      return bytes
    },
  }
}

/** Most messages of a stream repeat the headers of the one before, so the last header block that was parsed serves its equals. */
function createHeaderMemo(): typeof readHeaders {
  let lastBlock: Uint8Array = new Uint8Array(0)
  let lastHeaders: Map<string, string | null> = new Map()
  return function readHeaderBlock(bytes, start, end) {
    if (end - start === lastBlock.length) {
      let at = 0
      while (at < lastBlock.length && lastBlock[at] === bytes[start + at]) at++
      if (at === lastBlock.length) return lastHeaders
    }
    const headers = readHeaders(bytes, start, end)
    if (headers !== null) {
      lastBlock = bytes.slice(start, end)
      lastHeaders = headers
    }
    return headers
  }
}
