/**
 * Ends a stream whose upstream broke so that every client raises and none is told anything that AWS did not say. Half a
 * message may be at the client already. Most clients take a bare close, or a clean end inside a message, for success;
 * a whole message with a wrong checksum makes each of them raise before it looks at the content.
 */
import { crc32 } from '../crc32.ts'
import {
  assembleFrame,
  concat,
  encodeHeaders,
  exceptionFrame,
  exceptionHeaders,
  exceptionPayload,
  writePrelude,
} from '../encode.ts'
import {
  FRAME_OVERHEAD_BYTES,
  MAX_HEADERS_BYTES,
  MESSAGE_CRC_BYTES,
  PRELUDE_BYTES,
  readU32,
  writeU32,
} from '../frame.ts'
import { type HalfFrame, MAX_HELD_FRAME_BYTES } from '../reader.ts'
import { completeHeaders, fillerHeaders } from './complete-headers.ts'

/**
 * Most that is sent to fill up a message: the largest that AWS sends can be filled from its first byte. A message that
 * announces more cannot be ended cleanly, and the caller breaks the connection instead.
 */
export const MAX_REPAIR_BYTES = MAX_HELD_FRAME_BYTES

const MAX_U32 = 0xffff_ffff
const SPACE = 0x20

/** Fits into the smallest message of AWS's streams, a `messageStart` of 127 bytes. */
const SHORT_MESSAGE = 'Stream broken.'

/**
 * What to send after the bytes already sent, before a clean end. `half` is the message under way, null on a boundary;
 * `exception` is the operation's exception for a cut, by its name on the wire.
 * Null where the message cannot be filled up: it announces too much, or lengths that no message can have.
 */
export function endBrokenStream(
  half: HalfFrame | null,
  message: string,
  exception: string,
): Uint8Array<ArrayBuffer> | null {
  if (half === null) return exceptionFrame(exception, message)
  return half.sentBytes <= PRELUDE_BYTES ? endInPrelude(half.held, message, exception) : spoilRest(half)
}

/**
 * The rest of a message that clients must not believe: headers that can be read, zeros for its payload, a wrong checksum.
 * Nothing behind it is read by any client.
 */
function spoilRest({ sentBytes, held, crc }: HalfFrame): Uint8Array<ArrayBuffer> | null {
  const totalBytes = readU32(held, 0)
  if (totalBytes - sentBytes > MAX_REPAIR_BYTES) return null
  const headersBytes = readU32(held, 4)
  const crcAt = totalBytes - MESSAGE_CRC_BYTES
  const rest = new Uint8Array(Math.max(crcAt - sentBytes, 0) + MESSAGE_CRC_BYTES)
  if (sentBytes < PRELUDE_BYTES + headersBytes) {
    rest.set(completeHeaders(held.subarray(PRELUDE_BYTES, sentBytes), headersBytes))
  }
  const restCrcAt = rest.length - MESSAGE_CRC_BYTES
  // Every bit of the right checksum turned over: wrong in each of its bytes, however many of them were sent rightly.
  writeU32(rest, restCrcAt, ~crc32(rest, crc, 0, restCrcAt) >>> 0)
  return rest.slice(Math.max(0, sentBytes - crcAt))
}

/**
 * Cut inside the prelude: what of the lengths is still open is chosen so that this message itself is the exception.
 * Where the lengths are too short for that, the message is spoilt as if it had been cut behind its prelude.
 */
function endInPrelude(sent: Uint8Array, message: string, exception: string): Uint8Array<ArrayBuffer> | null {
  const total = openRange(sent)
  const block = openRange(sent.subarray(4))
  for (const payload of [exceptionPayload(message), exceptionPayload(SHORT_MESSAGE)]) {
    for (const headers of [exceptionHeaders(exception), leastHeaders(exception)]) {
      const frame = frameWithin(total, block, encodeHeaders(headers), payload)
      if (frame !== null) return frame.slice(sent.length)
    }
  }
  const totalBytes = Math.max(total.least, FRAME_OVERHEAD_BYTES + block.least)
  if (totalBytes > total.most || block.least > MAX_HEADERS_BYTES) return null
  const prelude = new Uint8Array(PRELUDE_BYTES)
  writePrelude(prelude, totalBytes, block.least)
  const rest = spoilRest({ sentBytes: PRELUDE_BYTES, held: prelude, crc: crc32(prelude) })
  return rest === null ? null : concat([prelude.subarray(sent.length), rest])
}

/** Without the type of the content, which no client looks at in an exception. */
function leastHeaders(exception: string): ReturnType<typeof exceptionHeaders> {
  return exceptionHeaders(exception).filter(([name]) => name !== ':content-type')
}

type Range = { least: number; most: number }

/** The values that a big-endian u32 may still take after its first bytes. */
function openRange(sent: Uint8Array): Range {
  const sentBytes = Math.min(sent.length, 4)
  const least = new Uint8Array(4)
  least.set(sent.subarray(0, sentBytes))
  const start = readU32(least, 0)
  return { least: start, most: Math.min(MAX_U32, start + 256 ** (4 - sentBytes) - 1) }
}

/** A message with the given headers and payload, filled up so that both its lengths lie in their ranges. */
function frameWithin(
  total: Range,
  block: Range,
  headers: Uint8Array,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> | null {
  const mostBlockBytes = Math.min(block.most, MAX_HEADERS_BYTES, total.most - FRAME_OVERHEAD_BYTES - payload.length)
  for (let bytes = Math.max(block.least, headers.length); bytes <= mostBlockBytes; bytes++) {
    const fillers = fillerHeaders(bytes - headers.length)
    if (fillers === null) continue
    const totalBytes = Math.max(total.least, FRAME_OVERHEAD_BYTES + bytes + payload.length)
    if (totalBytes > MAX_REPAIR_BYTES) return null
    const padded = new Uint8Array(totalBytes - FRAME_OVERHEAD_BYTES - bytes).fill(SPACE)
    padded.set(payload)
    return assembleFrame(concat([headers, fillers]), padded)
  }
  return null
}
