/**
 * UUIDv7, https://www.rfc-editor.org/rfc/rfc9562#section-5.7: 48 bits of Unix milliseconds, then random bits, here those of a
 * UUIDv4. Ids sort by time, so the ledger's primary key is its time order too.
 */
export function newCallId(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${crypto.randomUUID().slice(15)}`
}
