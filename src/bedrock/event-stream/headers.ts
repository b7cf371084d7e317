/** Headers of an event-stream message: `name length u8 | name | type u8 | value`, one after the other. */
import { MAX_HEADER_VALUE_BYTES, readU16 } from './frame.ts'

/** Bytes of a value by its type; `prefixed` ones carry a length of two bytes first. */
const VALUE_BYTES: readonly (number | 'prefixed')[] = [
  0, // true
  0, // false
  1, // byte
  2, // short
  4, // integer
  8, // long
  'prefixed', // byte array
  'prefixed', // string
  8, // timestamp, milliseconds
  16, // uuid
]
const STRING_TYPE = 7
const utf8 = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

/** One header; `value` is null for types other than string, none of which Bedrock sends. */
export type Header = { name: string; value: string | null; end: number }

/** The header that begins at `start`, or `short` where it goes beyond `end`, or `invalid` where no bytes could mend it. */
export function readHeader(bytes: Uint8Array, start: number, end: number): Header | 'short' | 'invalid' {
  if (start >= end) return 'short'
  const nameBytes = bytes[start] as number
  if (nameBytes === 0) return 'invalid'
  const typeAt = start + 1 + nameBytes
  if (typeAt >= end) return 'short'
  const type = bytes[typeAt] as number
  let valueBytes = VALUE_BYTES[type]
  if (valueBytes === undefined) return 'invalid'
  let valueAt = typeAt + 1
  if (valueBytes === 'prefixed') {
    if (valueAt + 2 > end) return 'short'
    valueBytes = readU16(bytes, valueAt)
    if (valueBytes > MAX_HEADER_VALUE_BYTES) return 'invalid'
    valueAt += 2
  }
  if (valueAt + valueBytes > end) return 'short'
  return {
    name: utf8.decode(bytes.subarray(start + 1, typeAt)),
    value: type === STRING_TYPE ? utf8.decode(bytes.subarray(valueAt, valueAt + valueBytes)) : null,
    end: valueAt + valueBytes,
  }
}

/** All headers of the block `bytes[start, end)` by name, or null where the block breaks a rule of the format. */
export function readHeaders(bytes: Uint8Array, start: number, end: number): Map<string, string | null> | null {
  const headers = new Map<string, string | null>()
  for (let at = start; at < end; ) {
    const header = readHeader(bytes, at, end)
    if (typeof header === 'string' || headers.has(header.name)) return null
    headers.set(header.name, header.value)
    at = header.end
  }
  return headers
}
