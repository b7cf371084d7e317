/**
 * Ends a stream whose upstream broke so that every client raises. Half a message may be at the client already: it is
 * completed to the length it announced, with a right checksum, and an exception message follows. Most clients take a
 * bare close, or a clean end inside a message, for success.
 */

import { crc32 } from '../crc32.ts'
import { assembleFrame, concat, encodeHeaders, exceptionFrame, exceptionHeaders, exceptionPayload } from '../encode.ts'
import {
  FRAME_OVERHEAD_BYTES,
  MAX_HEADERS_BYTES,
  MESSAGE_CRC_BYTES,
  PRELUDE_BYTES,
  readU32,
  writeU32,
} from '../frame.ts'
import { readHeaders } from '../headers.ts'
import type { HalfFrame } from '../reader.ts'
import { completeHeaders, fillHeaders, type HeaderValues } from './complete-headers.ts'
import { completeJson } from './complete-json.ts'

/** The one exception of a stream that no client retries or drops. */
export const BROKEN_STREAM_EXCEPTION = 'modelStreamErrorException'

/** More than this is not made up to complete a message; the caller breaks the connection instead. */
export const MAX_REPAIR_BYTES = 1_048_576

const MAX_U32 = 0xffff_ffff
const SPACE = 0x20
const NO_BYTES = new Uint8Array(0)

/**
 * What to send after the bytes already sent. `half` is the message under way, null on a boundary; `exception`
 * is the type of the exception, lower camel as on the wire.
 * Null where the message cannot be completed: it announces too much, or lengths that no message can have.
 */
export function repairStream(
  half: HalfFrame | null,
  message: string,
  exception: string = BROKEN_STREAM_EXCEPTION,
): Uint8Array<ArrayBuffer> | null {
  if (half === null) return exceptionFrame(exception, message)
  if (half.sentBytes < PRELUDE_BYTES) return completePrelude(half.held, message, exception)
  const rest = completeMessage(half)
  return rest === null ? null : concat([rest, exceptionFrame(exception, message)])
}

/** Cut behind the prelude: lengths are given, headers and payload are filled up to them. */
function completeMessage({ sentBytes, held, crc }: HalfFrame): Uint8Array<ArrayBuffer> | null {
  const totalBytes = readU32(held, 0)
  const payloadAt = PRELUDE_BYTES + readU32(held, 4)
  const crcAt = totalBytes - MESSAGE_CRC_BYTES
  if (totalBytes - sentBytes > MAX_REPAIR_BYTES) return null
  let headerRest: Uint8Array = NO_BYTES
  let headers: HeaderValues | null
  if (sentBytes < payloadAt) {
    const filling = completeHeaders(held.subarray(PRELUDE_BYTES, sentBytes), payloadAt - PRELUDE_BYTES)
    if (filling === null) return null
    headerRest = filling.bytes
    headers = filling.headers
  } else {
    headers = readHeaders(held, PRELUDE_BYTES, payloadAt)
  }
  const payloadRest = new Uint8Array(Math.max(0, crcAt - Math.max(sentBytes, payloadAt))).fill(SPACE)
  // Of a message above the holding limit the payload is not known, so spaces are all that can follow.
  if (held.length === sentBytes) {
    const payloadSent = held.subarray(Math.min(payloadAt, sentBytes), Math.min(sentBytes, crcAt))
    payloadRest.set(completeJson(payloadSent, headers?.get(':event-type') ?? '', payloadRest.length) ?? NO_BYTES)
  }
  const rest = concat([headerRest, payloadRest, new Uint8Array(MESSAGE_CRC_BYTES)])
  const restCrcAt = rest.length - MESSAGE_CRC_BYTES
  writeU32(rest, restCrcAt, crc32(rest, crc, 0, restCrcAt))
  return rest.slice(Math.max(0, sentBytes - crcAt))
}

/**
 * Cut inside the prelude: what of the lengths is still open is chosen so that this message itself is the exception.
 * Where they are too short for that it becomes an event that clients skip, and the exception follows.
 */
function completePrelude(sent: Uint8Array, message: string, type: string): Uint8Array<ArrayBuffer> | null {
  const total = openRange(sent)
  const block = openRange(sent.subarray(4))
  const exception = encodeHeaders(exceptionHeaders(type))
  const known = new Map(exceptionHeaders(type))
  const asException = messageWithin(total, block, exception, known, exceptionPayload(message))
  const frame = asException ?? messageWithin(total, block, NO_BYTES, new Map(), NO_BYTES)
  if (frame === null) return null
  const rest = frame.subarray(sent.length)
  return concat(asException === null ? [rest, exceptionFrame(type, message)] : [rest])
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
function messageWithin(
  total: Range,
  block: Range,
  headerBlock: Uint8Array,
  headers: HeaderValues,
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> | null {
  const mostBlockBytes = Math.min(block.most, MAX_HEADERS_BYTES, total.most - FRAME_OVERHEAD_BYTES - payload.length)
  for (let bytes = Math.max(block.least, headerBlock.length); bytes <= mostBlockBytes; bytes++) {
    const filling = fillHeaders(headers, bytes - headerBlock.length)
    if (filling === null) continue
    const totalBytes = Math.max(total.least, FRAME_OVERHEAD_BYTES + bytes + payload.length)
    if (totalBytes > MAX_REPAIR_BYTES) return null
    const padded = new Uint8Array(totalBytes - FRAME_OVERHEAD_BYTES - bytes).fill(SPACE)
    padded.set(payload.length > 0 ? payload : (completeJson(NO_BYTES, '', padded.length) ?? NO_BYTES))
    return assembleFrame(concat([headerBlock, filling.bytes]), padded)
  }
  return null
}
