/** Whose doing a failure is, and that only the one it is blamed on bears it. */
import { describe, expect, test } from 'vitest'
import type { Failure } from '../../src/routing/policy/failure.ts'
import type { RouteCall } from '../../src/routing/router.ts'
import { bench, configOf, DENIED, deployment, failure, THROTTLED, UNAVAILABLE } from './support.ts'

const inOrder = (...ids: string[]) => ids.map((id, order) => deployment(id, { order }))
const account = (id: string, token: string, order = 0) =>
  deployment(id, { order, credentials: { kind: 'api-key', token } })
const validation = (message: string) => failure({ status: 400, type: 'ValidationException', message })

const COUNTING: Partial<RouteCall<string>> = { ownHealth: 'CountTokens', fallback: 'none' }

describe('an operation with a health of its own', () => {
  test.each<[string, Failure]>([
    ['403', DENIED],
    ['404', failure({ status: 404, type: 'ResourceNotFoundException', message: 'no such model' })],
    ['429', THROTTLED],
    ['503', UNAVAILABLE],
    ['500', failure({ status: 500, type: 'InternalServerException' })],
    ['400, invalid id', validation('The provided model identifier is invalid.')],
    ['400, on-demand', validation("Invocation of model ID x with on-demand throughput isn't supported.")],
  ])('%s on counting takes nobody out for Converse, on one deployment or two', async (_name, fault) => {
    for (const ids of [['a'], ['a', 'b']]) {
      const b = bench(configOf(inOrder(...ids), { allowedFails: 0 }))
      for (const id of ids) b.script[id] = fault
      for (let n = 0; n < 5; n++) await b.call(COUNTING)
      b.script = {}
      expect(await b.call()).toMatchObject({ kind: 'answered', value: 'answer of a' })
      expect(b.router.health().map(({ state }) => state)).toEqual(ids.map(() => 'healthy'))
      expect(b.events.every((event) => event.operation === 'CountTokens')).toBe(true)
    }
  })

  test('is out by itself, and comes back by itself', async () => {
    const b = bench(configOf(inOrder('a')))
    b.script.a = THROTTLED
    await b.call(COUNTING)
    expect(await b.call(COUNTING)).toMatchObject({ kind: 'cooling', status: 429 })
    b.script = {}
    expect(await b.call()).toMatchObject({ kind: 'answered' })
    expect(await b.call(COUNTING)).toMatchObject({ kind: 'cooling', status: 429 })
    b.nowMs += 1_000
    expect(await b.call(COUNTING)).toMatchObject({ kind: 'answered' })
    expect(b.events.map(({ kind }) => kind)).toEqual(['cooling', 'recovered'])
  })

  test('goes on while Converse is out', async () => {
    const b = bench(configOf(inOrder('a')))
    b.script.a = DENIED
    await b.call()
    b.script = {}
    expect(await b.call(COUNTING)).toMatchObject({ kind: 'answered' })
    expect(b.router.health()).toMatchObject([{ state: 'held-out' }])
  })

  test('leaves no call behind in the counts', async () => {
    const b = bench(configOf(inOrder('a')))
    await b.call(COUNTING)
    b.router.streamBroke(deployment('a'), UNAVAILABLE, 'CountTokens')
    expect(b.router.health()).toMatchObject([{ inFlight: 0, consecutiveFailures: 0 }])
  })
})

describe('a model that fails on a prompt', () => {
  const TOOL_USE =
    'Model produced invalid sequence as part of ToolUse. Please refer to the model tool use troubleshooting guide.'
  const inFrame = (fields: Partial<Failure> = {}) =>
    failure({ phase: 'first-frame', status: 424, type: 'ModelStreamErrorException', message: TOOL_USE, ...fields })
  const asError = (fields: Partial<Failure> = {}) =>
    failure({ status: 424, type: 'ModelErrorException', message: TOOL_USE, ...fields })

  test.each<[string, Failure, number]>([
    ['in the first frame', inFrame(), 2],
    ['in the first frame, for a fault of the request', inFrame({ originalStatusCode: 400 }), 1],
    ['as 424', asError(), 1],
    ['as 424 of a model server that failed', asError({ originalStatusCode: 500 }), 2],
    ['as 424 for a fault of the request', asError({ originalStatusCode: 424 }), 1],
  ])('%s is tried at most once more and takes nobody out', async (_name, fault, attempts) => {
    for (const ids of [['a'], ['a', 'b'], ['a', 'b', 'c', 'd']]) {
      const b = bench(configOf(inOrder(...ids), { numRetries: 5, allowedFails: 0 }))
      for (const id of ids) b.script[id] = fault
      for (let n = 1; n <= 5; n++) {
        expect(await b.call({ streams: true })).toMatchObject({ kind: 'failed', failure: fault, retryAfterMs: null })
        expect(b.asked).toHaveLength(n * attempts)
      }
      expect(new Set(b.router.health().map(({ state }) => state))).toEqual(new Set(['healthy']))
    }
  })

  test('after a delta says nothing of the deployment', async () => {
    const b = bench(configOf(inOrder('a'), { allowedFails: 0 }))
    for (let n = 0; n < 5; n++) {
      await b.call({ streams: true })
      b.router.streamBroke(deployment('a'), { ...inFrame(), phase: 'body' })
    }
    expect(b.router.health()).toMatchObject([{ state: 'healthy', consecutiveFailures: 0 }])
  })

  test('four times 408 in a row count for nothing', async () => {
    const b = bench(configOf(inOrder('a'), { allowedFails: 0 }))
    b.script.a = failure({ status: 408, type: 'ModelTimeoutException' })
    for (let n = 0; n < 4; n++) await b.call()
    expect(b.router.health()).toMatchObject([{ state: 'healthy', consecutiveFailures: 0 }])
  })
})

describe('a client that left', () => {
  const left = failure({ phase: 'connect', status: null, abortedByUs: true })

  test('takes nobody out, is tried nowhere else, and the result says that it left', async () => {
    const b = bench(configOf(inOrder('a', 'b'), { allowedFails: 0 }))
    b.script.a = left
    for (let n = 0; n < 5; n++) {
      expect(await b.call()).toMatchObject({ kind: 'abandoned', attempts: [{ action: 'stopped: the client left' }] })
    }
    expect(b.asked).toEqual(['a', 'a', 'a', 'a', 'a'])
    expect(b.router.health()).toMatchObject([{ state: 'healthy', inFlight: 0 }, { state: 'healthy' }])
  })
})

describe('credentials that the operation does not take', () => {
  test('are no fault of the deployment: it goes on for other operations', async () => {
    const b = bench(configOf(inOrder('a', 'b'), { allowedFails: 0 }))
    b.script.a = failure({ phase: 'credentials', status: null, type: 'AccessDeniedException' })
    for (let n = 0; n < 5; n++) expect(await b.call()).toMatchObject({ value: 'answer of b' })
    expect(b.router.health()).toMatchObject([{ state: 'healthy' }, { state: 'healthy' }])
  })
})

describe('a signature that is refused', () => {
  const REFUSED = failure({ status: 403, type: 'InvalidSignatureException' })
  const role = {
    kind: 'role',
    roleArn: 'arn:aws:iam::123456789012:role/r',
    sessionName: 's',
    source: { kind: 'keys', accessKeyId: 'AKIA', secretAccessKey: 'x' },
  } as const

  test('after the same deployment answered others renews no session and counts for nothing', async () => {
    const b = bench(configOf([deployment('a', { credentials: role })]))
    await b.call()
    b.script.a = REFUSED
    for (let n = 0; n < 10; n++) await b.call()
    expect(b.asked).toHaveLength(11)
    expect(b.router.health()).toMatchObject([{ state: 'healthy', consecutiveFailures: 0 }])
  })

  test('after others with the same credentials were answered takes more than one call', async () => {
    const b = bench(configOf([account('a', 'shared', 0), account('b', 'shared', 1), account('c', 'other', 2)]))
    b.script.a = THROTTLED
    await b.call()
    b.nowMs += 1_000
    b.script.a = REFUSED
    await b.call()
    expect(b.router.health()[0]).toMatchObject({ state: 'probing' })
    const fresh = bench(configOf([account('a', 'shared', 0), account('b', 'shared', 1)]))
    await fresh.call({ candidates: [account('b', 'shared', 1)] })
    fresh.script.a = REFUSED
    for (let n = 0; n < 3; n++) expect(await fresh.call()).toMatchObject({ value: 'answer of b' })
    expect(fresh.router.health()[0]).toMatchObject({ state: 'healthy' })
    await fresh.call()
    expect(fresh.router.health()[0]).toMatchObject({ state: 'held-out' })
  })

  test('on a sole deployment keeps nobody waiting', async () => {
    const b = bench(configOf(inOrder('a')))
    b.script.a = REFUSED
    expect(await b.call()).toMatchObject({ kind: 'failed', value: '403 of a' })
    expect(await b.call()).toMatchObject({ kind: 'failed', value: '403 of a' })
    b.script = {}
    const both = await Promise.all([b.call(), b.call()])
    expect(both.map(({ kind }) => kind)).toEqual(['answered', 'answered'])
    expect(b.router.health()).toMatchObject([{ state: 'healthy' }])
  })
})

describe('a 400 in words that nobody wrote down', () => {
  const UNKNOWN = validation('Your organization has not accepted the agreement of this provider.')

  test('is answered by a sibling, and the deployment that said it is not first again', async () => {
    const b = bench(configOf([account('a', 'one', 0), account('b', 'two', 1)]))
    b.script.a = UNKNOWN
    for (let n = 0; n < 10; n++) expect(await b.call()).toMatchObject({ value: 'answer of b' })
    expect(b.asked.filter((id) => id === 'a')).toHaveLength(1)
    expect(b.events).toMatchObject([{ kind: 'held-out', deployment: 'a', reason: 'answered-by-sibling' }])
  })

  test('that the sibling says too is the request’s: later ones reach one upstream once', async () => {
    const b = bench(configOf(['a', 'b', 'c', 'd'].map((id) => account(id, id))))
    for (const id of ['a', 'b', 'c', 'd']) b.script[id] = UNKNOWN
    expect(await b.call()).toMatchObject({ kind: 'failed', failure: UNKNOWN, retryAfterMs: null })
    expect(b.asked).toHaveLength(2)
    for (let n = 1; n <= 5; n++) {
      await b.call()
      expect(b.asked).toHaveLength(2 + n)
    }
    expect(new Set(b.router.health().map(({ state }) => state))).toEqual(new Set(['healthy']))
  })

  test('is taken to another account first, in whatever tier it is', async () => {
    const b = bench(configOf([account('a', 'one', 0), account('a2', 'one', 0), account('b', 'two', 1)]))
    b.script.a = UNKNOWN
    b.script.a2 = UNKNOWN
    expect(await b.call()).toMatchObject({ value: 'answer of b' })
    expect(b.asked).toHaveLength(2)
  })

  test('goes to no other group, and not again to a sole deployment', async () => {
    const b = bench(
      configOf([deployment('m', { group: 'm' }), deployment('x', { group: 'x' })], { fallbacks: { m: ['x'] } }),
    )
    b.script.m = UNKNOWN
    expect(await b.call()).toMatchObject({ kind: 'failed', value: '400 of m', fallbacks: 0 })
    expect(b.asked).toEqual(['m'])
  })

  test('of a caller who asks for what one account has not leaves that account to the others', async () => {
    const b = bench(configOf([account('a', 'one', 0), account('b', 'two', 1)]))
    await b.call()
    b.script.a = UNKNOWN
    for (let n = 0; n < 10; n++) expect(await b.call()).toMatchObject({ value: 'answer of b' })
    expect(b.router.health()[0]).toMatchObject({ state: 'healthy' })
  })

  test('is learnt anew after a quarter of an hour, and survives a new configuration until then', async () => {
    const config = configOf([account('a', 'one', 0), account('b', 'two', 1)])
    const b = bench(config)
    b.script.a = UNKNOWN
    b.script.b = UNKNOWN
    await b.call()
    b.replaceConfig(config)
    await b.call()
    expect(b.asked).toHaveLength(3)
    b.nowMs += 15 * 60_000
    await b.call()
    expect(b.asked).toHaveLength(5)
  })

  test('is remembered in bounded memory', async () => {
    const b = bench(configOf([account('a', 'one', 0), account('b', 'two', 1)]))
    let text = 0
    const words = () =>
      validation(`Your account said ${String.fromCharCode(97 + (text % 26), 97 + Math.floor(text / 26))}.`)
    for (; text < 300; text++) {
      b.script.a = words()
      b.script.b = words()
      await b.call()
    }
    const before = b.asked.length
    text = 0
    b.script.a = words()
    b.script.b = words()
    await b.call()
    expect(b.asked.length - before).toBe(2)
  })
})

describe('a service tier that one account has not', () => {
  const NO_RESERVATION = validation('Reservation not found.')

  test('is asked for elsewhere first, while calls for other tiers go on', async () => {
    const b = bench(configOf([account('a', 'one'), account('b', 'two')]), { random: () => 0 })
    b.script.a = NO_RESERVATION
    const reserved = () => b.call({ serviceTier: () => 'reserved' })
    for (let n = 0; n < 5; n++) expect(await reserved()).toMatchObject({ value: 'answer of b' })
    expect(b.asked.filter((id) => id === 'a')).toHaveLength(1)
    b.script = {}
    expect(await b.call({ serviceTier: () => 'default' })).toMatchObject({ value: 'answer of a' })
    expect(await b.call()).toMatchObject({ value: 'answer of a' })
    expect(b.router.health()).toMatchObject([{ state: 'healthy' }, { state: 'healthy' }])
    b.nowMs += 5 * 60_000
    expect(await reserved()).toMatchObject({ value: 'answer of a' })
  })

  test('is refused where nobody has it, as AWS says it', async () => {
    const b = bench(configOf([account('a', 'one'), account('b', 'two')]))
    b.script.a = NO_RESERVATION
    b.script.b = NO_RESERVATION
    for (let n = 0; n < 3; n++) {
      expect(await b.call({ serviceTier: () => 'reserved' })).toMatchObject({ failure: NO_RESERVATION })
    }
  })
})

describe('a wait that an upstream names', () => {
  test.each([Number.POSITIVE_INFINITY, Number.NaN, -1, 60 * 60_000 + 1])(
    'counts only as a sane number: not %s',
    async (retryAfterMs) => {
      const b = bench(configOf(inOrder('a')))
      b.script.a = { ...THROTTLED, retryAfterMs }
      expect(await b.call()).toMatchObject({ kind: 'failed', retryAfterMs: 1_000 })
      expect(b.router.health()[0]?.untilMs).toBe(b.nowMs + 1_000)
      const patient = bench(configOf(inOrder('a')))
      patient.script.a = (n) => (n === 1 ? { ...UNAVAILABLE, retryAfterMs } : 'back')
      expect(await patient.call()).toMatchObject({ value: 'back' })
      expect(patient.slept).toEqual([50])
    },
  )
})
