/**
 * CRC-32 as IEEE 802.3 and zlib have it: the checksum of event-stream preludes and messages.
 * Node's `zlib.crc32` is not in Workers without `nodejs_compat`. Four bytes a step through four tables ("slicing by 4",
 * https://create.stephan-brumme.com/crc32/) take a third of the time of one byte a step, and this is most of what a tap does.
 */

const REVERSED_POLYNOMIAL = 0xedb88320

/** Table k at k × 256: the remainder of a byte that k more bytes follow. Signed entries keep the loop in 32-bit integers. */
const TABLES = new Int32Array(4 * 256)
for (let byte = 0; byte < 256; byte++) {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? REVERSED_POLYNOMIAL : 0)
  TABLES[byte] = remainder
}
for (let at = 256; at < TABLES.length; at++) {
  const before = TABLES[at - 256] as number
  TABLES[at] = (TABLES[before & 0xff] as number) ^ (before >>> 8)
}

/**
 * The checksum of `bytes[start, end)` as an unsigned 32-bit number. Pass the checksum of what went before as `seed`
 * to go on with it. The range spares the caller a view object per frame.
 */
export function crc32(bytes: Uint8Array, seed = 0, start = 0, end = bytes.length): number {
  const tables = TABLES
  let crc = ~seed
  let at = start
  for (const last = end - 4; at <= last; at += 4) {
    crc ^=
      (bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)
    crc =
      (tables[768 + (crc & 0xff)] as number) ^
      (tables[512 + ((crc >>> 8) & 0xff)] as number) ^
      (tables[256 + ((crc >>> 16) & 0xff)] as number) ^
      (tables[crc >>> 24] as number)
  }
  for (; at < end; at++) {
    crc = (tables[(crc ^ (bytes[at] as number)) & 0xff] as number) ^ (crc >>> 8)
  }
  return ~crc >>> 0
}
