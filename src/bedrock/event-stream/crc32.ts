/**
 * CRC-32 as IEEE 802.3 and zlib have it: the checksum of event-stream preludes and messages.
 * Node's `zlib.crc32` is not in Workers without `nodejs_compat`, and a table of 1 KiB is all it takes.
 */

const REVERSED_POLYNOMIAL = 0xedb88320

/** Signed entries keep the inner loop in 32-bit integer arithmetic. */
const TABLE = new Int32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? REVERSED_POLYNOMIAL : 0)
  TABLE[byte] = remainder
}

/**
 * The checksum of `bytes[start, end)` as an unsigned 32-bit number. Pass the checksum of what went before as `seed`
 * to go on with it. The range spares the caller a view object per frame.
 */
export function crc32(bytes: Uint8Array, seed = 0, start = 0, end = bytes.length): number {
  let crc = ~seed
  for (let at = start; at < end; at++) {
    crc = (TABLE[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8)
  }
  return ~crc >>> 0
}
