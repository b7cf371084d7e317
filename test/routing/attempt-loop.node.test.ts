import { describe, expect, test } from 'vitest'
import type { RetryPolicy } from '../../src/config/types.ts'
import { createRouter } from '../../src/routing/router.ts'
import {
  BAD_REQUEST,
  bench,
  configOf,
  DENIED,
  deployment,
  failure,
  NO_CONNECTION,
  NOON_MS,
  seededRandom,
  THROTTLED,
  UNAVAILABLE,
} from './support.ts'

/** `order` fixes who is asked first. */
const inOrder = (...ids: string[]) => ids.map((id, order) => deployment(id, { order }))
const NOT_READY = failure({ status: 429, type: 'ModelNotReadyException' })
const MODEL_TIMEOUT = failure({ status: 408, type: 'ModelTimeoutException' })
const SILENT = failure({ status: null, timedOut: true })
const EXPIRED = failure({ status: 403, type: 'ExpiredTokenException' })

describe('attempt loop', () => {
  test.each([
    ['a throttle', THROTTLED],
    ['a throttle in the first frame', { ...THROTTLED, phase: 'first-frame' as const }],
    ['a 503', UNAVAILABLE],
    ['a network error', NO_CONNECTION],
    ['silence', SILENT],
    ['a stream cut before content', failure({ phase: 'first-frame', status: null })],
    ['a model without access', DENIED],
  ])('%s is answered by another deployment at once, unseen by the client', async (_name, fault) => {
    const b = bench(configOf(inOrder('a', 'b')))
    b.script.a = fault
    const result = await b.call()
    expect(result).toMatchObject({
      kind: 'answered',
      value: 'answer of b',
      fallbacks: 0,
      retryAfterMs: null,
    })
    expect([b.asked, b.slept]).toEqual([['a', 'b'], []])
  })

  test('a plain 400 is asked once and handed on as it came, whatever the retry policy says', async () => {
    const b = bench(configOf(inOrder('a', 'b'), { retryPolicy: { BadRequestErrorRetries: 3 } }))
    b.script.a = BAD_REQUEST
    expect(await b.call()).toMatchObject({
      kind: 'failed',
      value: '400 of a',
      failure: BAD_REQUEST,
      retryAfterMs: null,
    })
    expect(b.asked).toEqual(['a'])
  })

  test('attempts are num_retries + 1', async () => {
    const b = bench(configOf(['a', 'b', 'c', 'd', 'e'].map((id) => deployment(id))))
    for (const id of ['a', 'b', 'c', 'd', 'e']) b.script[id] = THROTTLED
    expect(await b.call()).toMatchObject({ kind: 'failed', failure: THROTTLED })
    expect(new Set(b.asked).size).toBe(3)
  })

  test('each tier of order has its attempts, and the next one is asked only when this one has nothing left', async () => {
    const b = bench(
      configOf([...['a', 'b', 'c', 'd'].map((id) => deployment(id, { order: 1 })), deployment('z', { order: 2 })]),
    )
    for (const id of ['a', 'b', 'c', 'd']) b.script[id] = THROTTLED
    expect(await b.call()).toMatchObject({ value: 'answer of z' })
    expect(b.asked).toHaveLength(4)
    const quiet = bench(configOf([deployment('a', { order: 1 }), deployment('z', { order: 2 })]))
    for (let n = 0; n < 20; n++) await quiet.call()
    expect(new Set(quiet.asked)).toEqual(new Set(['a']))
  })

  test('a deployment that failed this call is not asked again while another is left, even in a later tier', async () => {
    const b = bench(configOf(inOrder('a', 'b')))
    b.script.a = UNAVAILABLE
    b.script.b = THROTTLED
    await b.call()
    expect(b.asked).toEqual(['a', 'b', 'a'])
  })

  test('the only deployment gets one quick retry after a 503, and no more', async () => {
    const b = bench(configOf([deployment('a')], { numRetries: 5 }), { random: seededRandom(1) })
    b.script.a = UNAVAILABLE
    await b.call()
    expect(b.asked).toEqual(['a', 'a'])
    expect(b.slept).toHaveLength(1)
    expect(b.slept[0]).toBeGreaterThanOrEqual(50)
    expect(b.slept[0]).toBeLessThanOrEqual(200)
  })

  test('retry_after is the least wait before the same deployment is asked again', async () => {
    const b = bench(configOf([deployment('a')], { retryAfterMs: 3_000 }))
    b.script.a = (n) => (n === 1 ? UNAVAILABLE : 'back')
    expect(await b.call()).toMatchObject({ value: 'back' })
    expect(b.slept).toEqual([3_000])
  })

  test('a time that the upstream names is waited for, unless it does not fit into the time of the call', async () => {
    const named = { ...UNAVAILABLE, retryAfterMs: 2_000 }
    const patient = bench(configOf([deployment('a')]))
    patient.script.a = (n) => (n === 1 ? named : 'back')
    await patient.call()
    expect(patient.slept).toEqual([2_000])
    const hurried = bench(configOf([deployment('a')], { timeoutMs: 500 }))
    hurried.script.a = named
    await hurried.call()
    expect([hurried.asked, hurried.slept]).toEqual([['a'], []])
  })

  test('a sole throttled deployment is not waited for: the client gets the 429 with the time left', async () => {
    const b = bench(configOf([deployment('a')]))
    b.script.a = THROTTLED
    expect(await b.call()).toMatchObject({ kind: 'failed', value: '429 of a', retryAfterMs: 1_000 })
    expect([b.asked, b.slept]).toEqual([['a'], []])
  })

  test('a model that is not ready is asked again with growing waits', async () => {
    const b = bench(configOf([deployment('a')], { numRetries: 3 }), { random: seededRandom(3) })
    b.script.a = (n) => (n < 4 ? NOT_READY : 'ready')
    expect(await b.call()).toMatchObject({ value: 'ready' })
    expect(b.slept).toHaveLength(3)
    expect(b.slept).toEqual(b.slept.toSorted((one, other) => one - other))
  })

  test.each<[string, RetryPolicy, typeof THROTTLED, number]>([
    ['RateLimitErrorRetries 0 stops after one 429', { RateLimitErrorRetries: 0 }, THROTTLED, 1],
    ['RateLimitErrorRetries 4 asks five', { RateLimitErrorRetries: 4 }, THROTTLED, 5],
    ['InternalServerErrorRetries 1 asks two', { InternalServerErrorRetries: 1 }, UNAVAILABLE, 2],
    ['TimeoutErrorRetries 0 stops after silence', { TimeoutErrorRetries: 0 }, SILENT, 1],
    ['AuthenticationErrorRetries 3 asks four', { AuthenticationErrorRetries: 3 }, DENIED, 4],
    ['a class that is not named is bounded by num_retries', { RateLimitErrorRetries: 0 }, UNAVAILABLE, 3],
  ])('retry policy: %s', async (_name, retryPolicy, fault, attempts) => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f']
    const b = bench(
      configOf(
        ids.map((id) => deployment(id)),
        { retryPolicy },
      ),
    )
    for (const id of ids) b.script[id] = fault
    await b.call()
    expect(b.asked).toHaveLength(attempts)
  })

  test('the retry policy of a group takes the place of the general one', async () => {
    const router = {
      retryPolicy: { RateLimitErrorRetries: 0 },
      modelGroupRetryPolicy: { m: { RateLimitErrorRetries: 1 } },
    }
    const b = bench(configOf(inOrder('a'), router))
    const two = bench(
      configOf(
        ['a', 'b', 'c'].map((id) => deployment(id)),
        router,
      ),
    )
    for (const id of ['a', 'b', 'c']) two.script[id] = THROTTLED
    await two.call()
    expect(two.asked).toHaveLength(2)
    expect(b.asked).toEqual([])
  })

  test('a 408 may have cost the whole answer: it is repeated only where the retry policy says so', async () => {
    const b = bench(configOf(inOrder('a', 'b')))
    b.script.a = MODEL_TIMEOUT
    expect(await b.call()).toMatchObject({ value: '408 of a' })
    const allowed = bench(configOf(inOrder('a', 'b'), { retryPolicy: { TimeoutErrorRetries: 1 } }))
    allowed.script.a = MODEL_TIMEOUT
    expect(await allowed.call()).toMatchObject({ value: 'answer of b' })
  })

  test('a path that AWS does not know is asked for once and raises an alarm', async () => {
    const b = bench(configOf(inOrder('a', 'b')))
    b.script.a = failure({ status: 200, type: 'UnknownOperationException' })
    await b.call({
      attempt: async () => ({
        kind: 'failure',
        failure: failure({ status: 200, type: 'UnknownOperationException' }),
        value: null,
      }),
    })
    expect(b.events).toMatchObject([{ kind: 'alarm', deployment: 'a', reason: 'misrouted' }])
  })
})

describe('credentials', () => {
  const role = {
    kind: 'role',
    roleArn: 'arn:aws:iam::123456789012:role/r',
    sessionName: 's',
    source: { kind: 'keys', accessKeyId: 'AKIA', secretAccessKey: 'x' },
  } as const

  test('an expired session is renewed once and the same deployment asked at once, beside the attempts', async () => {
    const b = bench(configOf([deployment('a', { credentials: role })], { numRetries: 0 }))
    const renewals: boolean[] = []
    const result = await b.call({
      attempt: async (_attempt, _limitMs, refreshCredentials) => {
        renewals.push(refreshCredentials)
        return renewals.length === 1
          ? { kind: 'failure', failure: EXPIRED, value: '403' }
          : { kind: 'success', value: 'ok', msToFirstFrame: 1 }
      },
    })
    expect([result.kind, renewals]).toEqual(['answered', [false, true]])
    expect(b.router.health()[0]).toMatchObject({ state: 'healthy' })
  })

  test('a session that stays refused is renewed no second time, and the deployment is held out', async () => {
    const b = bench(configOf([deployment('a', { credentials: role, order: 0 }), deployment('b', { order: 1 })]))
    b.script.a = EXPIRED
    expect(await b.call()).toMatchObject({ value: 'answer of b' })
    expect(b.asked).toEqual(['a', 'a', 'b'])
    expect(b.router.health()[0]).toMatchObject({
      state: 'held-out',
      reason: { row: 'credentials-refused', status: 403 },
    })
  })

  test('static credentials cannot be renewed: another deployment is asked', async () => {
    const b = bench(configOf(inOrder('a', 'b')))
    b.script.a = EXPIRED
    await b.call()
    expect(b.asked).toEqual(['a', 'b'])
  })
})

describe('bounds', () => {
  test('two attempts are never in flight for one call', async () => {
    const b = bench(configOf(['a', 'b', 'c'].map((id) => deployment(id))))
    let running = 0
    let most = 0
    await b.call({
      attempt: async () => {
        most = Math.max(most, ++running)
        await Promise.resolve()
        running--
        return { kind: 'failure', failure: THROTTLED, value: '429' }
      },
    })
    expect(most).toBe(1)
  })

  test("timeout bounds each attempt, the deployment's own comes first, and all together are bounded too", async () => {
    const limits: number[] = []
    const b = bench(
      configOf([deployment('a', { order: 0, timeoutMs: 700 }), deployment('b', { order: 1 })], {
        timeoutMs: 1_000,
        numRetries: 1,
      }),
    )
    await b.call({
      attempt: async (_attempt, limitMs) => {
        limits.push(limitMs)
        b.nowMs += limits.length === 1 ? 1_500 : limitMs
        return { kind: 'failure', failure: SILENT, value: null }
      },
    })
    expect(limits).toEqual([700, 500])
    expect(b.nowMs - NOON_MS).toBeLessThanOrEqual(2_000)
  })

  test('streams are bounded by stream_timeout', async () => {
    const limits: number[] = []
    const b = bench(configOf([deployment('a')], { streamTimeoutMs: 2_000, numRetries: 0 }))
    const attempt = async (_attempt: unknown, limitMs: number) => {
      limits.push(limitMs)
      return { kind: 'success' as const, value: 'ok', msToFirstFrame: 1 }
    }
    await b.call({ streams: true, attempt })
    await b.call({ streams: false, attempt })
    expect(limits).toEqual([2_000, 600_000])
  })

  test('a client that has left is not tried for again', async () => {
    const b = bench(configOf(inOrder('a', 'b')))
    b.script.a = THROTTLED
    const result = await b.call({ isAbandoned: () => b.asked.length > 0 })
    expect(result).toMatchObject({
      kind: 'abandoned',
      attempts: [{ failure: THROTTLED, action: 'stopped: the client left' }],
    })
    expect(b.asked).toEqual(['a'])
  })

  test("a fault of the caller's own code passes through and leaves no call behind in the counts", async () => {
    const b = bench(configOf([deployment('a')]))
    await expect(b.call({ attempt: () => Promise.reject(new Error('bug')) })).rejects.toThrow('bug')
    expect(b.router.health()[0]).toMatchObject({ state: 'healthy', inFlight: 0 })
  })

  test("an unknown group is the caller's mistake", async () => {
    const router = createRouter(configOf([deployment('a')]), { now: () => 0, random: () => 0, sleep: async () => {} })
    await expect(
      router.route({
        group: 'nobody',
        fallback: 'any-group',
        ownHealth: null,
        streams: false,
        bodyBytes: null,
        attempts: [],
        isAbandoned: () => false,
        attempt: () => Promise.reject(new Error('asked')),
      }),
    ).rejects.toThrow('no model group "nobody"')
  })
})
