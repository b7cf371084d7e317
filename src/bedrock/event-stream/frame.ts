/**
 * The fixed parts of an event-stream message:
 * `total u32 | headers u32 | prelude CRC u32 | headers | payload | message CRC u32`, all big-endian.
 * Source: https://smithy.io/2.0/aws/amazon-eventstream.html
 */

export const PRELUDE_BYTES = 12
/** The prelude CRC covers the two lengths before it. */
export const PRELUDE_CRC_AT = 8
export const MESSAGE_CRC_BYTES = 4
/** What a message costs beyond its headers and its payload. */
export const FRAME_OVERHEAD_BYTES = PRELUDE_BYTES + MESSAGE_CRC_BYTES
/** Most that a service may send as headers of one message, by the same page. */
export const MAX_HEADERS_BYTES = 131_072
/** Most that one string or byte-array header may hold, by the same page. */
export const MAX_HEADER_VALUE_BYTES = 32_767

export function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
}

export function readU32(bytes: Uint8Array, at: number): number {
  return ((readU16(bytes, at) << 16) | readU16(bytes, at + 2)) >>> 0
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  writeU16(bytes, at, value >>> 16)
  writeU16(bytes, at + 2, value)
}
