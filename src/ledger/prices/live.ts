/**
 * Price rows that are changed without a deploy: KV key `prices`, `{version, rows}` in the normal form. Each isolate holds what it
 * read last and looks again in the background; until then, and for the minute or so that KV may serve an old value, isolates may
 * price by different versions, which is why every record names the row and version it used.
 */
import { parseJsonText } from '../../base/json.ts'
import type { Catalogue } from './price-row.ts'
import { parseOverride } from './row-schema.ts'

/** Key of the rows in the KV namespace of the configuration. */
export const PRICES_KEY = 'prices'

/** Least value that KV accepts for `cacheTtl` (https://developers.cloudflare.com/kv/api/read-key-value-pairs/). */
const KV_CACHE_TTL_SECONDS = 30
const REFRESH_INTERVAL_MS = KV_CACHE_TTL_SECONDS * 1000

export type PriceBindings = {
  CONFIG: { get: (key: string, options: { type: 'text'; cacheTtl: number }) => Promise<string | null> }
}

export type LivePrices = {
  /** Rows that win over the bundled ones; undefined while there are none. Only the first call of an isolate waits. */
  load(env: PriceBindings, waitUntil: (work: Promise<unknown>) => void): Promise<Catalogue | undefined>
}

export type LivePricesDeps = {
  now: () => number
  /** Told once of each version that cannot be used; the rows in use stay. */
  onProblem: (issues: readonly { path: string; message: string }[]) => void
}

export function createLivePrices({ now, onProblem }: LivePricesDeps): LivePrices {
  let current: Catalogue | undefined
  let seenText: string | null = null
  let readAtMs: number | null = null

  async function refresh(env: PriceBindings): Promise<void> {
    let text: string | null
    try {
      text = await env.CONFIG.get(PRICES_KEY, { type: 'text', cacheTtl: KV_CACHE_TTL_SECONDS })
    } catch {
      // KV is away: the rows in use stay, and the next look tries again.
      return
    }
    if (text === seenText) return
    seenText = text
    if (text === null) {
      current = undefined
      return
    }
    const result = parseOverride(parseJsonText(text))
    if (result.ok) current = result.catalogue
    else onProblem(result.issues)
  }

  return {
    async load(env, waitUntil) {
      const isFirst = readAtMs === null
      if (readAtMs === null || now() - readAtMs >= REFRESH_INTERVAL_MS) {
        readAtMs = now()
        const refreshing = refresh(env)
        waitUntil(refreshing)
        if (isFirst) await refreshing
      }
      return current
    },
  }
}
