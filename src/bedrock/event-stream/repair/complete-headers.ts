/**
 * Completes a header block to the length its prelude announced, so that it can be read to its end. What it says does not
 * matter, for the message around it is not to be believed; but some decoders read the headers before they check the message,
 * and take headers that break off for the end of the stream.
 */
import { concat, encodeStringHeader } from '../encode.ts'
import { MAX_HEADER_VALUE_BYTES, readU16, writeU16 } from '../frame.ts'
import { readHeader } from '../headers.ts'

const TRUE_TYPE = 0
const BYTE_ARRAY_TYPE = 6
const STRING_TYPE = 7
/** Length byte of the name, type byte, two bytes of value length. */
const PREFIXED_HEADER_OVERHEAD_BYTES = 4
/** The longest value without a length of its own is a uuid. */
const MAX_FIXED_VALUE_BYTES = 16
/** A boolean with a name of one byte. */
const MIN_HEADER_BYTES = 3
/**
 * Below this a string header has no room for a value, and Java's SDK wants one. A boolean it cannot read as text, so it raises
 * its `SdkClientException` in place of the exception; that meets only `chunk` messages cut behind their length of headers.
 */
const MIN_STRING_HEADER_BYTES = 6
/** One filler of this size and a whole one behind it stay below the limit of a header value. */
const MAX_FILLER_BYTES = 32_000
const FILLER_BYTE = 'x'.charCodeAt(0)
const FILLER_NAMES = 'abcdefghij'

/**
 * The rest of a block of `blockBytes` that begins with `sent`. Where `sent` breaks a rule of the format already, or leaves no
 * room for a whole header, nothing can make the block readable and zeros fill it.
 */
export function completeHeaders(sent: Uint8Array, blockBytes: number): Uint8Array<ArrayBuffer> {
  const zeros = new Uint8Array(blockBytes - sent.length)
  let at = 0
  while (at < sent.length) {
    const header = readHeader(sent, at, sent.length)
    if (header === 'invalid') return zeros
    if (header === 'short') break
    at = header.end
  }
  const begun = sent.subarray(at)
  const roomBytes = blockBytes - at
  const header = begun.length === 0 ? begun : completeHeader(begun, roomBytes)
  const fillers = header === null ? null : fillerHeaders(roomBytes - header.length)
  return header === null || fillers === null ? zeros : concat([header.subarray(begun.length), fillers])
}

/** Headers without a meaning of exactly `roomBytes`, none twice; null where no header is that small or that many are needed. */
export function fillerHeaders(roomBytes: number): Uint8Array<ArrayBuffer> | null {
  const fillers: Uint8Array[] = []
  let left = roomBytes
  for (const name of FILLER_NAMES) {
    if (left < MIN_HEADER_BYTES) break
    const bytes = left > MAX_FILLER_BYTES ? MAX_FILLER_BYTES - MIN_HEADER_BYTES : left
    fillers.push(fillerHeader(name, bytes))
    left -= bytes
  }
  return left === 0 ? concat(fillers) : null
}

function fillerHeader(name: string, bytes: number): Uint8Array {
  if (bytes < MIN_STRING_HEADER_BYTES) {
    const header = new Uint8Array(bytes).fill(name.charCodeAt(0))
    header[0] = bytes - 2
    header[bytes - 1] = TRUE_TYPE
    return header
  }
  return encodeStringHeader(name, 'x'.repeat(bytes - PREFIXED_HEADER_OVERHEAD_BYTES - name.length))
}

/** A whole header that begins with `begun` and leaves nothing of the room, or enough for another; null where none does. */
function completeHeader(begun: Uint8Array, roomBytes: number): Uint8Array | null {
  const typeAt = 1 + (begun[0] as number)
  const type = begun[typeAt] ?? STRING_TYPE
  if (type === STRING_TYPE || type === BYTE_ARRAY_TYPE) return completePrefixed(begun, type, roomBytes)
  for (let zeros = 1; zeros <= MAX_FIXED_VALUE_BYTES; zeros++) {
    const header = concat([begun, new Uint8Array(zeros)])
    if (typeof readHeader(header, 0, header.length) !== 'string') return header.length <= roomBytes ? header : null
  }
  return null
}

/** The value takes all the room that the bytes of its length, as far as they have been sent, allow. */
function completePrefixed(begun: Uint8Array, type: number, roomBytes: number): Uint8Array | null {
  const lengthAt = 2 + (begun[0] as number)
  const valueAt = lengthAt + 2
  const lengthSent = new Uint8Array(2)
  lengthSent.set(begun.subarray(lengthAt, valueAt))
  const least = readU16(lengthSent, 0)
  const spanBytes = begun.length >= valueAt ? 0 : begun.length > lengthAt ? 0xff : 0xffff
  let valueBytes = Math.min(least + spanBytes, MAX_HEADER_VALUE_BYTES, roomBytes - valueAt)
  while (valueBytes >= least && isTooSmall(roomBytes - valueAt - valueBytes)) valueBytes--
  if (valueBytes < least) return null
  const header = new Uint8Array(valueAt + valueBytes).fill(FILLER_BYTE)
  header[lengthAt - 1] = type
  writeU16(header, lengthAt, valueBytes)
  header.set(begun)
  return header
}

/** Room that no header fits into, and that is not nothing. */
function isTooSmall(roomBytes: number): boolean {
  return roomBytes > 0 && roomBytes < MIN_HEADER_BYTES
}
