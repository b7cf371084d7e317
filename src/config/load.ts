/**
 * The Worker's source of its configuration: KV key `config`, else the JSON binding `CONFIG_JSON`.
 *
 * Each isolate holds what it loaded last. A new version reaches it when a call comes after the refresh interval, and the
 * call after that is the first to see it; KV itself may serve an old value for a minute or so after a push
 * (https://developers.cloudflare.com/kv/concepts/how-kv-works/). For that long, isolates may run different versions.
 */

import { readConfig } from './resolve.ts'
import { type JsonResult, parseConfigJson } from './stored-json.ts'
import type { ConfigIssue, GatewayConfig } from './types.ts'

/** Key of the configuration in the KV namespace. */
export const CONFIG_KEY = 'config'

/** Least value that KV accepts for `cacheTtl` (https://developers.cloudflare.com/kv/api/read-key-value-pairs/). */
const KV_CACHE_TTL_SECONDS = 30

/** More often there is nothing new to see, because KV's own cache holds the old value. */
export const REFRESH_INTERVAL_MS = KV_CACHE_TTL_SECONDS * 1000

/** A first load that takes longer belongs to a call that may be gone; the next call starts its own. */
const FLIGHT_SHARED_MS = 5_000

/** The bindings that are read here; any other string property may be a secret that the configuration names. */
export type ConfigBindings = {
  CONFIG: { get: (key: string, options: { type: 'text'; cacheTtl: number }) => Promise<string | null> }
  /** A text binding, or a JSON binding that the runtime has parsed already. */
  CONFIG_JSON?: unknown
}

export type ConfigLoader = {
  /** The configuration to run on; null while there is none or none that is valid. */
  load: (env: ConfigBindings, waitUntil: (promise: Promise<unknown>) => void) => Promise<GatewayConfig | null>
}

export type ConfigLoaderOptions = {
  /** Milliseconds since the epoch. */
  now: () => number
  /** Told once of each version that cannot be used, and once of each row of failed reads. */
  onProblem: (issues: readonly ConfigIssue[]) => void
}

/** A configuration as it was found: `text` tells one version from another. */
type Found = { text: string; parse: () => JsonResult }

export function createConfigLoader({ now, onProblem }: ConfigLoaderOptions): ConfigLoader {
  let current: GatewayConfig | null = null
  let currentText: string | null = null
  let checkedAtMs = Number.NEGATIVE_INFINITY
  let flight: { promise: Promise<void>; startedAtMs: number } | null = null
  /** What was complained about last, so that a refresh does not complain again. */
  let reported: string | null = null

  function reportOnce(problem: string, issues: readonly ConfigIssue[]): void {
    if (reported === problem) return
    reported = problem
    onProblem(issues)
  }

  /** `isStale` tells whether a newer load has begun meanwhile, whose result must not be replaced by an older one. */
  async function refresh(env: ConfigBindings, isStale: () => boolean): Promise<void> {
    const found = await find(env)
    if (isStale()) return
    if (found === 'unreadable') return reportOnce('unreadable', [fault('KV could not be read; it is tried again')])
    if (found === null) {
      const message = 'there is no configuration in KV and none in CONFIG_JSON: npm run config -- push FILE'
      return reportOnce('absent', [fault(message)])
    }
    if (found.text === currentText) {
      reported = null
      return
    }
    const problem = `version ${found.text}`
    if (reported === problem) return
    const json = found.parse()
    if (!json.ok) return reportOnce(problem, [json.issue])
    const result = await readConfig(json.value, env)
    if (isStale()) return
    if (!result.ok) return reportOnce(problem, result.issues)
    current = result.config
    currentText = found.text
    reported = null
  }

  function startFlight(env: ConfigBindings, waitUntil: (promise: Promise<unknown>) => void): Promise<void> {
    checkedAtMs = now()
    const started = { startedAtMs: checkedAtMs, promise: Promise.resolve() }
    started.promise = refresh(env, () => flight !== started).finally(() => {
      if (flight === started) flight = null
    })
    flight = started
    // Keeps the load alive when the call that began it is gone, because others may be waiting for it.
    waitUntil(started.promise)
    return started.promise
  }

  return {
    async load(env, waitUntil) {
      const shared = flight !== null && now() - flight.startedAtMs < FLIGHT_SHARED_MS ? flight.promise : null
      if (current === null) await (shared ?? startFlight(env, waitUntil))
      else if (shared === null && now() - checkedAtMs >= REFRESH_INTERVAL_MS) startFlight(env, waitUntil)
      return current
    },
  }
}

async function find(env: ConfigBindings): Promise<Found | 'unreadable' | null> {
  let stored: string | null
  try {
    stored = await env.CONFIG.get(CONFIG_KEY, { type: 'text', cacheTtl: KV_CACHE_TTL_SECONDS })
  } catch {
    // The binding is not a substitute: what KV holds may be newer, with another master key.
    return 'unreadable'
  }
  if (stored !== null) return foundText(stored)
  const bound = env.CONFIG_JSON
  if (bound === undefined || bound === null || bound === '') return null
  if (typeof bound === 'string') return foundText(bound)
  return { text: JSON.stringify(bound), parse: () => ({ ok: true, value: bound }) }
}

function foundText(text: string): Found {
  return { text, parse: () => parseConfigJson(text) }
}

function fault(message: string): ConfigIssue {
  return { severity: 'error', path: '', message }
}
