import { describe, expect, test } from 'vitest'
import type { AttemptOutcome } from '../../src/routing/router.ts'
import {
  BAD_REQUEST,
  bench,
  configOf,
  DENIED,
  deployment,
  failure,
  NOON_MS,
  seededRandom,
  THROTTLED,
  TOKENS_PER_DAY,
  UNAVAILABLE,
} from './support.ts'

const sole = (fields = {}, router = {}) => bench(configOf([deployment('a', fields)], router))
const HOUR_MS = 3_600_000

describe('cool-down', () => {
  test('a throttled sole deployment is out for at most a second, and meanwhile nothing is asked', async () => {
    const b = sole()
    b.script.a = THROTTLED
    await b.call()
    b.nowMs += 400
    expect(await b.call()).toEqual({
      attempts: [],
      kind: 'cooling',
      status: 429,
      retryAfterMs: 600,
      group: 'm',
      reason: 'throttled-requests',
    })
    expect(b.asked).toHaveLength(1)
  })

  test('it grows while probes fail, has jitter, is capped by cooldown_time, and starts anew after an answer', async () => {
    const b = bench(configOf([deployment('a')], { cooldownMs: 6_000 }), { random: seededRandom(7) })
    b.script.a = THROTTLED
    const waits: number[] = []
    for (let n = 0; n < 6; n++) {
      const result = await b.call()
      const wait = 'retryAfterMs' in result ? (result.retryAfterMs ?? 0) : 0
      waits.push(wait)
      b.nowMs += wait
    }
    const grown = [1_000, 2_000, 4_000, 6_000, 6_000, 6_000]
    waits.forEach((wait, n) => {
      expect(wait).toBeLessThanOrEqual(grown[n] ?? 0)
      expect(wait).toBeGreaterThanOrEqual((grown[n] ?? 0) * 0.8)
    })
    expect(new Set(waits).size).toBeGreaterThan(3)
    b.script.a = 'back'
    await b.call()
    b.script.a = THROTTLED
    expect(await b.call()).toMatchObject({ retryAfterMs: expect.closeTo(900, -3) })
    expect(b.events.map(({ kind }) => kind).filter((kind) => kind === 'recovered')).toHaveLength(1)
  })

  test('a time that AWS names is kept', async () => {
    const b = sole()
    b.script.a = { ...THROTTLED, retryAfterMs: 30_000 }
    expect(await b.call()).toMatchObject({ retryAfterMs: 30_000 })
    b.nowMs += 29_999
    expect(await b.call()).toMatchObject({ kind: 'cooling', retryAfterMs: 1 })
  })

  test('cooldown_time of the deployment comes first, and 0 means never', async () => {
    const b = sole({ cooldownMs: 0 })
    b.script.a = THROTTLED
    for (let n = 0; n < 3; n++) expect(await b.call()).toMatchObject({ kind: 'failed', failure: THROTTLED })
    expect(b.asked).toHaveLength(3)
  })

  test('calls that were under way when it began neither lengthen it nor end it', async () => {
    const b = sole()
    const endings: ((outcome: AttemptOutcome<string>) => void)[] = []
    const attempt = () => new Promise<AttemptOutcome<string>>((resolve) => endings.push(resolve))
    const calls = [1, 2, 3, 4].map(() => b.call({ attempt }))
    await Promise.resolve()
    const throttled = { kind: 'failure', failure: THROTTLED, value: '429' } as const
    endings[0]?.(throttled)
    await calls[0]
    b.nowMs += 500
    endings[1]?.(throttled)
    endings[2]?.(throttled)
    endings[3]?.({ kind: 'success', value: 'late', msToFirstFrame: 500 })
    await Promise.all(calls)
    expect(b.router.health()[0]).toMatchObject({ state: 'cooling', untilMs: NOON_MS + 1_000 })
  })
})

describe('failures that are counted', () => {
  test('the one after allowed_fails in a row takes the deployment out', async () => {
    const b = sole({}, { allowedFails: 2, numRetries: 0 })
    b.script.a = UNAVAILABLE
    for (let n = 0; n < 2; n++) await b.call()
    expect(b.router.health()[0]).toMatchObject({ state: 'healthy', consecutiveFailures: 2 })
    await b.call()
    expect(b.router.health()[0]).toMatchObject({
      state: 'cooling',
      reason: { row: 'service-unavailable', status: 503 },
    })
    expect(await b.call()).toMatchObject({ kind: 'cooling', status: 503 })
  })

  test('so do failures of at least half of the calls of a minute, but not a few among many', async () => {
    const often = sole({}, { numRetries: 0 })
    often.script.a = (n) => (n % 2 === 1 ? UNAVAILABLE : 'ok')
    for (let n = 0; n < 7; n++) await often.call()
    expect(often.router.health()[0]).toMatchObject({ state: 'cooling' })
    const seldom = sole({}, { numRetries: 0 })
    seldom.script.a = (n) => (n % 3 === 1 ? UNAVAILABLE : 'ok')
    for (let n = 0; n < 60; n++) await seldom.call()
    expect(seldom.router.health()[0]).toMatchObject({ state: 'healthy' })
  })

  test('the minute passes', async () => {
    const b = sole({}, { numRetries: 0 })
    b.script.a = (n) => (n % 2 === 1 ? UNAVAILABLE : 'ok')
    for (let n = 0; n < 40; n++) {
      await b.call()
      b.nowMs += 15_000
    }
    expect(b.router.health()[0]).toMatchObject({ state: 'healthy' })
  })

  test('streams that break after content count without being retried', async () => {
    const b = sole({}, { allowedFails: 0 })
    await b.call()
    b.router.streamBroke(deployment('a'), failure({ phase: 'body', status: null }))
    expect(b.router.health()[0]).toMatchObject({ state: 'cooling', reason: { row: 'stream-cut-after-content' } })
    expect(b.asked).toHaveLength(1)
  })

  test("the client's own errors say nothing of the deployment", async () => {
    const b = sole({}, { allowedFails: 0 })
    b.script.a = BAD_REQUEST
    for (let n = 0; n < 10; n++) await b.call()
    expect(b.router.health()[0]).toMatchObject({ state: 'healthy', consecutiveFailures: 0 })
  })
})

describe('half-open', () => {
  test('of fifty calls at the end of a cool-down exactly one probes, and its answer lets the others in', async () => {
    const b = sole()
    b.script.a = THROTTLED
    await b.call()
    b.nowMs += 1_000
    let answer: (outcome: AttemptOutcome<string>) => void = () => {}
    let asked = 0
    const attempt = () => {
      asked++
      return new Promise<AttemptOutcome<string>>((resolve) => (answer = resolve))
    }
    const calls = Array.from({ length: 50 }, () => b.call({ attempt }))
    const others = await Promise.all(calls.slice(1))
    expect(asked).toBe(1)
    expect(new Set(others.map(({ kind }) => kind))).toEqual(new Set(['cooling']))
    answer({ kind: 'success', value: 'back', msToFirstFrame: 5 })
    await calls[0]
    b.script.a = 'ok'
    expect((await Promise.all(Array.from({ length: 50 }, () => b.call()))).map(({ kind }) => kind)).not.toContain(
      'cooling',
    )
  })

  test('a probe that says nothing lets the next one through after five seconds', async () => {
    const b = sole()
    b.script.a = THROTTLED
    await b.call()
    b.nowMs += 1_000
    void b.call({ attempt: () => new Promise(() => {}) })
    expect(await b.call()).toMatchObject({ kind: 'cooling', retryAfterMs: 1_000 })
    b.nowMs += 5_000
    b.script.a = 'ok'
    expect(await b.call()).toMatchObject({ kind: 'answered', value: 'ok' })
  })

  test('a probe that the client itself spoilt decides nothing: the next call probes', async () => {
    const b = sole()
    b.script.a = (n) => (n === 1 ? THROTTLED : n === 2 ? BAD_REQUEST : 'back')
    await b.call()
    b.nowMs += 1_000
    expect(await b.call()).toMatchObject({ value: '400 of a' })
    expect(b.router.health()[0]).toMatchObject({ state: 'probing' })
    expect(await b.call()).toMatchObject({ value: 'back' })
    expect(b.router.health()[0]).toMatchObject({ state: 'healthy', reason: null, untilMs: null })
  })
})

describe('held out', () => {
  const pair = (router = {}) => bench(configOf([deployment('a', { order: 0 }), deployment('b', { order: 1 })], router))

  test('a misconfigured deployment is looked at again every five minutes while others answer', async () => {
    const b = pair()
    b.script.a = DENIED
    await b.call()
    expect(b.events).toMatchObject([
      {
        kind: 'held-out',
        deployment: 'a',
        reason: 'access-denied',
        status: 403,
        type: 'AccessDeniedException',
        ms: 300_000,
      },
    ])
    b.nowMs += 299_999
    await b.call()
    expect(b.asked).toEqual(['a', 'b', 'b'])
    b.nowMs += 1
    b.script.a = 'mended'
    expect(await b.call()).toMatchObject({ value: 'mended' })
    expect(b.router.health()[0]).toMatchObject({ state: 'healthy' })
  })

  test('and within seconds where nobody else can answer', async () => {
    const b = pair()
    b.script.a = DENIED
    await b.call()
    b.script.b = THROTTLED
    b.nowMs += 1_000
    b.script.a = 'mended'
    expect(await b.call()).toMatchObject({ value: 'mended' })
  })

  test('a used-up daily quota rests until 00:00 UTC', async () => {
    const b = pair()
    b.script.a = TOKENS_PER_DAY
    await b.call()
    expect(b.router.health()[0]).toMatchObject({ state: 'held-out', untilMs: NOON_MS + 12 * HOUR_MS })
    b.nowMs = NOON_MS + 12 * HOUR_MS - 1
    await b.call()
    b.nowMs++
    b.script.a = 'new day'
    expect(await b.call()).toMatchObject({ value: 'new day' })
    expect(b.asked).toEqual(['a', 'b', 'b', 'a'])
  })

  test('a sole deployment without daily quota is looked at every quarter of an hour; no client is told to sleep for hours', async () => {
    const b = sole()
    b.script.a = TOKENS_PER_DAY
    expect(await b.call()).toMatchObject({ value: '429 of a', retryAfterMs: 60_000 })
    b.nowMs += 14 * 60_000
    expect(await b.call()).toMatchObject({ kind: 'cooling', status: 429, retryAfterMs: 60_000 })
    b.nowMs += 60_000
    await b.call()
    expect(b.asked).toHaveLength(2)
  })

  test('a guardrail that one request names takes no deployment from the others', async () => {
    const b = pair()
    b.script.a = failure({
      status: 403,
      type: 'AccessDeniedException',
      message: 'not authorized to perform: bedrock:ApplyGuardrail',
    })
    expect(await b.call()).toMatchObject({ value: 'answer of b' })
    expect(b.router.health()[0]).toMatchObject({ state: 'healthy' })
  })
})

describe('everything cools', () => {
  test('the deployment closest to recovery is tried where the configuration says so', async () => {
    const b = bench(
      configOf([deployment('a', { order: 0 }), deployment('b', { order: 1 })], { tryCoolingTargets: true }),
    )
    b.script.a = { ...THROTTLED, retryAfterMs: 4_000 }
    b.script.b = { ...THROTTLED, retryAfterMs: 2_000 }
    await b.call()
    b.nowMs += 100
    await b.call()
    expect(b.asked).toEqual(['a', 'b', 'b'])
  })

  test('by default nothing is tried, and the soonest return decides status and wait', async () => {
    const b = bench(configOf([deployment('a', { order: 0 }), deployment('b', { order: 1 })]))
    b.script.a = { ...THROTTLED, retryAfterMs: 4_000 }
    b.script.b = DENIED
    await b.call()
    expect(await b.call()).toMatchObject({ kind: 'cooling', status: 503, retryAfterMs: 1_000, reason: 'access-denied' })
  })
})

describe('a new configuration', () => {
  test('keeps what is known of deployments that are sent to the same place', async () => {
    const b = sole()
    b.script.a = THROTTLED
    await b.call()
    b.replaceConfig(configOf([deployment('a'), deployment('b')]))
    expect(b.router.health().map(({ state }) => state)).toEqual(['cooling', 'healthy'])
    b.replaceConfig(configOf([deployment('a', { region: 'eu-west-1' })]))
    expect(b.router.health().map(({ state }) => state)).toEqual(['healthy'])
  })

  test('gives a misconfigured deployment its chance', async () => {
    const b = sole()
    b.script.a = DENIED
    await b.call()
    b.replaceConfig(configOf([deployment('a')]))
    expect(b.router.health()[0]).toMatchObject({ state: 'healthy' })
  })

  test('does not lose calls that are under way', async () => {
    const b = sole()
    let end: (outcome: AttemptOutcome<string>) => void = () => {}
    const old = b.call({ attempt: () => new Promise((resolve) => (end = resolve)) })
    b.replaceConfig(configOf([deployment('a')]))
    expect(b.router.health()[0]).toMatchObject({ inFlight: 1 })
    end({ kind: 'success', value: 'ok', msToFirstFrame: 1 })
    await old
    expect(b.router.health()[0]).toMatchObject({ inFlight: 0 })
  })
})
