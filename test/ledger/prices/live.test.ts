import { beforeEach, expect, test } from 'vitest'
import { createLivePrices, PRICES_KEY } from '../../../src/ledger/prices/live.ts'

const ROW = {
  id: 'acme.new-model-v1',
  scopes: ['region'],
  regions: ['*'],
  meters: { input: '0.000001', output: '0.000002' },
}
const rows = (version: string) => JSON.stringify({ version, rows: [ROW] })

/** A KV that says what the test wants, a clock, and what was complained about. */
function rig() {
  const state = {
    nowMs: 1_000_000,
    text: null as string | null,
    away: false,
    /** KV answers when this does. */
    gate: Promise.resolve(),
    keys: [] as string[],
    problems: [] as unknown[],
  }
  const env = {
    CONFIG: {
      get: async (key: string) => {
        state.keys.push(key)
        await state.gate
        if (state.away) throw new Error('KV is away')
        return state.text
      },
    },
  }
  const prices = createLivePrices({ now: () => state.nowMs, onProblem: (issues) => state.problems.push(issues) })
  let background: Promise<unknown> = Promise.resolve()
  const load = () =>
    prices.load(env, (work) => {
      background = work
    })
  return { state, load, settled: () => background }
}

let kv: ReturnType<typeof rig>
beforeEach(() => {
  kv = rig()
})

test('without a key there are no live rows', async () => {
  expect(await kv.load()).toBeUndefined()
})

test('the first call of an isolate waits for the rows', async () => {
  kv.state.text = rows('v1')
  expect(await kv.load()).toMatchObject({ version: 'v1', rows: [{ id: 'acme.new-model-v1', tier: 'default' }] })
})

test('all first calls of a cold isolate wait for the same read', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  kv.state.gate = promise
  kv.state.text = rows('v1')
  const calls = Array.from({ length: 20 }, () => kv.load())
  resolve()
  expect((await Promise.all(calls)).map((catalogue) => catalogue?.version)).toEqual(Array(20).fill('v1'))
  expect(kv.state.keys).toEqual([PRICES_KEY])
})

test('no call waits again where the first read found no rows', async () => {
  await kv.load()
  kv.state.gate = new Promise(() => {})
  kv.state.nowMs += 30_000
  expect(await kv.load()).toBeUndefined()
  expect(await kv.load()).toBeUndefined()
  expect(kv.state.keys).toHaveLength(2)
})

test('a first read that hangs is not joined for ever', async () => {
  kv.state.gate = new Promise(() => {})
  void kv.load()
  kv.state.gate = Promise.resolve()
  kv.state.text = rows('v2')
  kv.state.nowMs += 5_000
  expect(await kv.load()).toMatchObject({ version: 'v2' })
})

test('a new version is read in the background, at most every 30 seconds', async () => {
  kv.state.text = rows('v1')
  await kv.load()
  kv.state.text = rows('v2')
  kv.state.nowMs += 29_999
  expect(await kv.load()).toMatchObject({ version: 'v1' })
  expect(kv.state.keys).toEqual([PRICES_KEY])
  kv.state.nowMs += 1
  expect(await kv.load()).toMatchObject({ version: 'v1' })
  await kv.settled()
  expect(await kv.load()).toMatchObject({ version: 'v2' })
})

test('a bad version is told once and never replaces a good one', async () => {
  kv.state.text = rows('v1')
  await kv.load()
  kv.state.text = JSON.stringify({ version: 'v2', rows: [{ ...ROW, meters: { input: -1 } }] })
  for (let look = 0; look < 3; look++) {
    kv.state.nowMs += 30_000
    await kv.load()
    await kv.settled()
  }
  expect(await kv.load()).toMatchObject({ version: 'v1' })
  expect(kv.state.problems).toEqual([[expect.objectContaining({ path: 'rows.0.meters.input' })]])
})

test('KV being away keeps the rows in use, and is told once', async () => {
  kv.state.text = rows('v1')
  await kv.load()
  kv.state.away = true
  for (let look = 0; look < 3; look++) {
    kv.state.nowMs += 30_000
    await kv.load()
    await kv.settled()
  }
  expect(await kv.load()).toMatchObject({ version: 'v1' })
  expect(kv.state.problems).toEqual([[{ path: '', message: 'KV could not be read; it is tried again' }]])
})

test('taking the key away brings the bundled rows back', async () => {
  kv.state.text = rows('v1')
  await kv.load()
  kv.state.text = null
  kv.state.nowMs += 30_000
  await kv.load()
  await kv.settled()
  expect(await kv.load()).toBeUndefined()
})
