import { createExecutionContext, env, waitOnExecutionContext } from 'cloudflare:test'
import { beforeEach, describe, expect, test } from 'vitest'
import { KV_REFRESH_INTERVAL_MS } from '../../src/base/kv.ts'
import { CONFIG_KEY, type ConfigBindings, createConfigLoader } from '../../src/config/load.ts'
import type { ConfigIssue } from '../../src/config/types.ts'
import { sample } from './samples.ts'

const withKey = (key: string) => JSON.stringify(sample({ general_settings: { master_key: key } }))

/** A loader on a clock of the test's own, with what it complained about. */
function loaderOnClock() {
  const clock = { nowMs: 1_000_000 }
  const problems: (readonly ConfigIssue[])[] = []
  const loader = createConfigLoader({ now: () => clock.nowMs, onProblem: (issues) => problems.push(issues) })
  /** One call: the configuration that it runs on, after which its background work is done. */
  async function call(bindings: ConfigBindings = env): Promise<string | undefined> {
    const ctx = createExecutionContext()
    const config = await loader.load(bindings, (work) => ctx.waitUntil(work))
    await waitOnExecutionContext(ctx)
    return config?.masterKey
  }
  return { clock, problems, loader, call }
}

/** KV that counts its reads and answers only when the test lets it. */
function slowKv(text: string | null) {
  let release = () => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const reads: { key: string; cacheTtl: number }[] = []
  const bindings: ConfigBindings = {
    CONFIG: {
      async get(key, { cacheTtl }) {
        reads.push({ key, cacheTtl })
        await gate
        return text
      },
    },
  }
  return { bindings, reads, release: () => release() }
}

beforeEach(async () => {
  await env.CONFIG.delete(CONFIG_KEY)
})

describe('where the configuration comes from', () => {
  test('KV comes before CONFIG_JSON', async () => {
    await env.CONFIG.put(CONFIG_KEY, withKey('sk-kv-key'))
    expect(await loaderOnClock().call({ ...env, CONFIG_JSON: withKey('sk-json-key') })).toBe('sk-kv-key')
  })

  test('without a key in KV it is CONFIG_JSON, as text or as a parsed JSON binding', async () => {
    expect(await loaderOnClock().call({ ...env, CONFIG_JSON: withKey('sk-json-key') })).toBe('sk-json-key')
    expect(await loaderOnClock().call({ ...env, CONFIG_JSON: JSON.parse(withKey('sk-json-key')) })).toBe('sk-json-key')
  })

  test('with neither there is none, which is said once, and a later push is seen by the next call', async () => {
    const { call, problems } = loaderOnClock()
    expect(await call()).toBeUndefined()
    expect(await call()).toBeUndefined()
    expect(problems).toHaveLength(1)
    await env.CONFIG.put(CONFIG_KEY, withKey('sk-late-key'))
    expect(await call()).toBe('sk-late-key')
  })

  test('secrets are read from the bindings of the Worker', async () => {
    await env.CONFIG.put(CONFIG_KEY, withKey('os.environ/LITELLM_MASTER_KEY'))
    const bindings = { ...env, LITELLM_MASTER_KEY: 'sk-secret' }
    expect(await loaderOnClock().call(bindings)).toBe('sk-secret')
  })

  test('prices in KV that are numbers keep their text', async () => {
    const raw = JSON.stringify(sample()).replace('"model":', '"input_cost_per_token":3.0e-06,"model":')
    await env.CONFIG.put(CONFIG_KEY, raw)
    const { loader } = loaderOnClock()
    const ctx = createExecutionContext()
    const config = await loader.load(env, (work) => ctx.waitUntil(work))
    await waitOnExecutionContext(ctx)
    expect(config?.deployments[0]?.prices).toEqual({ input_cost_per_token: '0.000003' })
  })
})

describe('a new version', () => {
  test('is looked for at most every 30 seconds, behind a call that gets the old one', async () => {
    await env.CONFIG.put(CONFIG_KEY, withKey('sk-old-key'))
    const { call, clock } = loaderOnClock()
    expect(await call()).toBe('sk-old-key')
    await env.CONFIG.put(CONFIG_KEY, withKey('sk-new-key'))
    clock.nowMs += KV_REFRESH_INTERVAL_MS - 1
    expect(await call()).toBe('sk-old-key')
    expect(await call()).toBe('sk-old-key')
    clock.nowMs += 1
    expect(await call()).toBe('sk-old-key')
    expect(await call()).toBe('sk-new-key')
  })

  test('that is bad never replaces a good one, and is reported once', async () => {
    await env.CONFIG.put(CONFIG_KEY, withKey('sk-good-key'))
    const { call, clock, problems } = loaderOnClock()
    await call()
    for (const bad of ['{', '[]', JSON.stringify({ model_list: [] }), withKey('a b')]) {
      problems.length = 0
      await env.CONFIG.put(CONFIG_KEY, bad)
      for (let round = 0; round < 3; round += 1) {
        clock.nowMs += KV_REFRESH_INTERVAL_MS
        expect(await call()).toBe('sk-good-key')
      }
      expect(problems).toHaveLength(1)
      expect(problems[0]?.some((issue) => issue.severity === 'error')).toBe(true)
    }
    await env.CONFIG.put(CONFIG_KEY, withKey('sk-better'))
    clock.nowMs += KV_REFRESH_INTERVAL_MS
    await call()
    expect(await call()).toBe('sk-better')
  })

  test('that is gone leaves the running one', async () => {
    await env.CONFIG.put(CONFIG_KEY, withKey('sk-good-key'))
    const { call, clock, problems } = loaderOnClock()
    await call()
    await env.CONFIG.delete(CONFIG_KEY)
    clock.nowMs += KV_REFRESH_INTERVAL_MS
    await call()
    expect(await call()).toBe('sk-good-key')
    expect(problems).toHaveLength(1)
  })

  test('that is the same keeps the object, so that what hangs on it stays', async () => {
    await env.CONFIG.put(CONFIG_KEY, withKey('sk-same-master'))
    const { loader, call, clock } = loaderOnClock()
    await call()
    const before = await loader.load(env, () => {})
    clock.nowMs += KV_REFRESH_INTERVAL_MS
    await call()
    expect(await loader.load(env, () => {})).toBe(before)
  })
})

describe('a KV that is slow or fails', () => {
  test('concurrent first calls share one read, with the cacheTtl that KV allows', async () => {
    const { bindings, reads, release } = slowKv(withKey('sk-a-master'))
    const { loader } = loaderOnClock()
    const calls = Array.from({ length: 20 }, () => loader.load(bindings, () => {}))
    release()
    expect((await Promise.all(calls)).map((config) => config?.masterKey)).toEqual(Array(20).fill('sk-a-master'))
    expect(reads).toEqual([{ key: 'config', cacheTtl: 30 }])
  })

  test('a first load that hangs is not joined for ever, and comes too late to replace what was loaded since', async () => {
    const hanging = slowKv(withKey('sk-first-key'))
    const { loader, clock, call } = loaderOnClock()
    const first = loader.load(hanging.bindings, () => {})
    await env.CONFIG.put(CONFIG_KEY, withKey('sk-second-key'))
    clock.nowMs += 5_000
    expect(await call()).toBe('sk-second-key')
    hanging.release()
    expect((await first)?.masterKey).toBe('sk-second-key')
    expect(await call()).toBe('sk-second-key')
  })

  test('never delays a call once a configuration is loaded, and a refresh is started once', async () => {
    const { loader, clock } = loaderOnClock()
    const first = slowKv(withKey('sk-a-master'))
    first.release()
    await loader.load(first.bindings, () => {})
    clock.nowMs += KV_REFRESH_INTERVAL_MS
    const second = slowKv(withKey('sk-b-master'))
    const background: Promise<unknown>[] = []
    const answers = [1, 2, 3].map(() => loader.load(second.bindings, (work) => background.push(work)))
    expect((await Promise.all(answers)).map((config) => config?.masterKey)).toEqual([
      'sk-a-master',
      'sk-a-master',
      'sk-a-master',
    ])
    expect(second.reads).toHaveLength(1)
    second.release()
    await Promise.all(background)
    expect((await loader.load(second.bindings, () => {}))?.masterKey).toBe('sk-b-master')
  })

  test('is reported once, and CONFIG_JSON does not stand in for what KV may hold', async () => {
    const broken: ConfigBindings = {
      CONFIG: { get: () => Promise.reject(new Error('down')) },
      CONFIG_JSON: withKey('sk-json-key'),
    }
    const { call, problems } = loaderOnClock()
    expect(await call(broken)).toBeUndefined()
    expect(await call(broken)).toBeUndefined()
    expect(problems).toHaveLength(1)
    await env.CONFIG.put(CONFIG_KEY, withKey('sk-kv-key'))
    expect(await call()).toBe('sk-kv-key')
  })
})
