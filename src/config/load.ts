/**
 * The Worker's source of its configuration: KV key `config`, else the JSON binding `CONFIG_JSON`.
 *
 * Each isolate holds what it loaded last (`base/fresh-value.ts`); KV itself may serve an old value for a minute or so after a
 * push (https://developers.cloudflare.com/kv/concepts/how-kv-works/). For that long, isolates may run different versions.
 */
import { createFreshValue, type Found } from '../base/fresh-value.ts'
import { KV_REFRESH_INTERVAL_MS, type KvBindings, readKvText } from '../base/kv.ts'
import { readConfig } from './resolve.ts'
import { type JsonResult, parseConfigJson } from './stored-json.ts'
import type { ConfigIssue, GatewayConfig } from './types.ts'

/** Key of the configuration in the KV namespace. */
export const CONFIG_KEY = 'config'

/** The bindings that are read here; any other string property may be a secret that the configuration names. */
export type ConfigBindings = KvBindings & {
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

type Read = Found<GatewayConfig | null, readonly ConfigIssue[]>

export function createConfigLoader({ now, onProblem }: ConfigLoaderOptions): ConfigLoader {
  return createFreshValue<ConfigBindings, GatewayConfig | null, readonly ConfigIssue[]>({
    now,
    initial: null,
    read: readStored,
    wait: 'until-taken',
    refreshIntervalMs: KV_REFRESH_INTERVAL_MS,
    onProblem,
  })
}

async function readStored(env: ConfigBindings): Promise<Read> {
  const stored = await readKvText(env, CONFIG_KEY)
  // The binding is not a substitute: what KV holds may be newer, with another master key.
  if (stored === 'unreadable') {
    return { kind: 'unreadable', problem: [fault('KV could not be read; it is tried again')] }
  }
  if (stored !== null) return versionOf(stored, () => parseConfigJson(stored), env)
  const bound = env.CONFIG_JSON
  if (bound === undefined || bound === null || bound === '') {
    const message = 'there is no configuration in KV and none in CONFIG_JSON: npm run config -- push FILE'
    return { kind: 'absent', problem: [fault(message)] }
  }
  return typeof bound === 'string'
    ? versionOf(bound, () => parseConfigJson(bound), env)
    : versionOf(JSON.stringify(bound), () => ({ ok: true, value: bound }), env)
}

function versionOf(text: string, parse: () => JsonResult, env: ConfigBindings): Read {
  return {
    kind: 'version',
    text,
    async take() {
      const json = parse()
      if (!json.ok) return { ok: false, problem: [json.issue] }
      const result = await readConfig(json.value, env)
      return result.ok ? { ok: true, value: result.config } : { ok: false, problem: result.issues }
    },
  }
}

function fault(message: string): ConfigIssue {
  return { severity: 'error', path: '', message }
}
