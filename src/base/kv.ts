/** What is read of a KV namespace, and how often it is worth asking. */

/** The bindings whose values an isolate keeps fresh: the configuration and live prices lie in one namespace. */
export type KvBindings = {
  CONFIG: { get: (key: string, options: { type: 'text'; cacheTtl: number }) => Promise<string | null> }
}

/** Least value that KV accepts for `cacheTtl` (https://developers.cloudflare.com/kv/api/read-key-value-pairs/). */
const KV_CACHE_TTL_SECONDS = 30

/** More often there is nothing new to see, because KV's own cache holds the old value. */
export const KV_REFRESH_INTERVAL_MS = KV_CACHE_TTL_SECONDS * 1000

/** The text of a key, null where there is none, or `unreadable` where KV did not answer. */
export async function readKvText({ CONFIG }: KvBindings, key: string): Promise<string | null | 'unreadable'> {
  try {
    return await CONFIG.get(key, { type: 'text', cacheTtl: KV_CACHE_TTL_SECONDS })
  } catch {
    return 'unreadable'
  }
}
