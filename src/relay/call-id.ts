/**
 * UUIDv7, https://www.rfc-editor.org/rfc/rfc9562#section-5.7: 48 bits of Unix milliseconds, then random bits.
 * Ids sort by time, so the ledger's primary key is its time order too.
 */
export function newCallId(nowMs: number): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  for (let index = 0, rest = nowMs; index < 6; index++) {
    bytes[5 - index] = rest % 256
    rest = Math.floor(rest / 256)
  }
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f)
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f)
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
