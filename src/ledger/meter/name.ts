/** Which Meter a call belongs to. */
/** Meters that share the keys without limits. One takes about 500 calls a second (README of the room). */
const SHARDS = 8

/**
 * The Meter of a call whose key has no limits, and of those that are settled together with it: `shard-0` … `shard-7`. Nothing is
 * reserved there, so a shard need not hear of records that went to D1 past it.
 */
export function shardName(callId: string): string {
  // FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/: the shard must not depend on where the id keeps its random bits.
  let hash = 0x811c9dc5
  for (let index = 0; index < callId.length; index++) {
    hash = Math.imul(hash ^ callId.charCodeAt(index), 0x01000193)
  }
  return `shard-${(hash >>> 0) % SHARDS}`
}

export function isShard(meter: string): boolean {
  return meter.startsWith('shard-')
}
