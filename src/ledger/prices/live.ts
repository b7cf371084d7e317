/**
 * Price rows that are changed without a deploy: KV key `prices`, `{version, rows}` in the normal form. Isolates hold what they read
 * last (`base/fresh-value.ts`), so for a minute or so they may price by different versions, which is why every record names the
 * row and version it used.
 */
import { createFreshValue, type Found, type FreshValue } from '../../base/fresh-value.ts'
import { parseJsonText } from '../../base/json.ts'
import { KV_REFRESH_INTERVAL_MS, type KvBindings, readKvText } from '../../base/kv.ts'
import type { Catalogue } from './price-row.ts'
import { parseOverride } from './row-schema.ts'

/** Key of the rows in the KV namespace of the configuration. */
export const PRICES_KEY = 'prices'

type Issues = readonly { path: string; message: string }[]

/** Rows that win over the bundled ones; undefined while there are none. Only the first calls of an isolate wait. */
export type LivePrices = FreshValue<KvBindings, Catalogue | undefined>

export type LivePricesDeps = {
  now: () => number
  /** Told once of each version that cannot be used; the rows in use stay. */
  onProblem: (issues: Issues) => void
}

export function createLivePrices({ now, onProblem }: LivePricesDeps): LivePrices {
  return createFreshValue<KvBindings, Catalogue | undefined, Issues>({
    now,
    initial: undefined,
    read: readRows,
    wait: 'until-read',
    refreshIntervalMs: KV_REFRESH_INTERVAL_MS,
    onProblem,
  })
}

async function readRows(env: KvBindings): Promise<Found<Catalogue | undefined, Issues>> {
  const text = await readKvText(env, PRICES_KEY)
  if (text === 'unreadable') {
    return { kind: 'unreadable', problem: [{ path: '', message: 'KV could not be read; it is tried again' }] }
  }
  // Without the key the bundled rows count alone: that is a state like any other, and no problem.
  if (text === null) return { kind: 'absent', value: undefined }
  return {
    kind: 'version',
    text,
    take() {
      const result = parseOverride(parseJsonText(text))
      return result.ok ? { ok: true, value: result.catalogue } : { ok: false, problem: result.issues }
    },
  }
}
