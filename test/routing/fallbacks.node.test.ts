import { describe, expect, test } from 'vitest'
import type { RouterSettings } from '../../src/config/types.ts'
import type { RouteCall } from '../../src/routing/router.ts'
import {
  BAD_REQUEST,
  bench,
  configOf,
  DENIED,
  deployment,
  failure,
  THROTTLED,
  TOO_LONG,
  UNAVAILABLE,
} from './support.ts'

/** One deployment per group, named as its group. */
const groups = (names: string[], router: Partial<RouterSettings> = {}) =>
  bench(
    configOf(
      names.map((name) => deployment(name, { group: name })),
      { numRetries: 0, ...router },
    ),
  )

describe('fallbacks', () => {
  test('another group answers when the one asked for is exhausted, and the result says so', async () => {
    const b = groups(['m', 'x', 'y'], { fallbacks: { m: ['x', 'y'] } })
    b.script.m = THROTTLED
    b.script.x = UNAVAILABLE
    const result = await b.call()
    expect(result).toMatchObject({ kind: 'answered', value: 'answer of y', group: 'y', fallbacks: 2 })
    expect('attempts' in result && result.attempts.map(({ action }) => action)).toEqual([
      'fell back to x',
      'fell back to y',
      'answered',
    ])
  })

  test('a group that cools is left at once', async () => {
    const b = groups(['m', 'x'], { fallbacks: { m: ['x'] } })
    b.script.m = THROTTLED
    await b.call()
    expect(await b.call()).toMatchObject({ value: 'answer of x', fallbacks: 1, attempts: [{ action: 'answered' }] })
    expect(b.asked).toEqual(['m', 'x', 'x'])
  })

  test.each<[string, Partial<RouteCall<string>>]>([
    ['an operation that means something else to every model', { fallback: 'none' }],
    ['a call that named an id', { candidates: [deployment('m', { group: 'm' })] }],
  ])('none for %s', async (_name, fields) => {
    const b = groups(['m', 'x'], { fallbacks: { m: ['x'] }, contextWindowFallbacks: { m: ['x'] } })
    b.script.m = THROTTLED
    expect(await b.call(fields)).toMatchObject({ value: '429 of m', fallbacks: 0 })
    b.nowMs += 5_000
    b.script.m = TOO_LONG
    expect(await b.call(fields)).toMatchObject({ value: '400 of m' })
  })

  test('default_fallbacks serve groups without a list of their own', async () => {
    const b = groups(['m', 'n', 'x', 'y'], { fallbacks: { n: ['y'] }, defaultFallbacks: ['x'] })
    b.script.m = DENIED
    b.script.n = DENIED
    expect(await b.call({ group: 'm' })).toMatchObject({ group: 'x' })
    expect(await b.call({ group: 'n' })).toMatchObject({ group: 'y' })
  })

  test('fallbacks of a fallback are followed, and a circle ends by itself', async () => {
    const b = groups(['m', 'x', 'y'], { fallbacks: { m: ['x'], x: ['y'], y: ['m', 'x'] } })
    for (const id of ['m', 'x', 'y']) b.script[id] = UNAVAILABLE
    await b.call()
    expect([...new Set(b.asked)]).toEqual(['m', 'x', 'y'])
    const tooLong = groups(['m', 'x'], { contextWindowFallbacks: { m: ['x'], x: ['m'] } })
    tooLong.script.m = TOO_LONG
    tooLong.script.x = TOO_LONG
    expect(await tooLong.call()).toMatchObject({ value: '400 of m' })
    expect(tooLong.asked).toEqual(['m', 'x'])
  })

  test('max_fallbacks bounds the groups', async () => {
    const b = groups(['m', 'v', 'w', 'x', 'y', 'z'], { fallbacks: { m: ['v', 'w', 'x', 'y', 'z'] }, maxFallbacks: 2 })
    for (const id of ['m', 'v', 'w', 'x', 'y', 'z']) b.script[id] = THROTTLED
    expect(await b.call()).toMatchObject({ fallbacks: 2 })
    expect(b.asked).toEqual(['m', 'v', 'w'])
  })

  test('the client hears of the model it asked for, not of the fallback', async () => {
    const b = groups(['m', 'x'], { fallbacks: { m: ['x'] } })
    b.script.m = THROTTLED
    b.script.x = BAD_REQUEST
    expect(await b.call()).toMatchObject({ value: '429 of m', group: 'm' })
  })

  test('a plain 400 goes nowhere else', async () => {
    const b = groups(['m', 'x'], { fallbacks: { m: ['x'] }, contextWindowFallbacks: { m: ['x'] } })
    b.script.m = BAD_REQUEST
    expect(await b.call()).toMatchObject({ value: '400 of m' })
    expect(b.asked).toEqual(['m'])
  })

  test('aliases stand for their group on both sides', async () => {
    const b = groups(['m', 'x'], { fallbacks: { fast: ['other'] }, modelGroupAlias: { fast: 'm', other: 'x' } })
    b.script.m = THROTTLED
    expect(await b.call({ group: 'fast' })).toMatchObject({ value: 'answer of x', group: 'x' })
  })
})

describe('a prompt that is too long', () => {
  test('goes to context_window_fallbacks only', async () => {
    const b = groups(['m', 'x', 'y'], { fallbacks: { m: ['y'] }, contextWindowFallbacks: { m: ['x'] } })
    b.script.m = TOO_LONG
    expect(await b.call()).toMatchObject({ value: 'answer of x' })
    expect(b.asked).toEqual(['m', 'x'])
  })

  test("is the client's 400 where there are none", async () => {
    const b = groups(['m', 'y'], { fallbacks: { m: ['y'] } })
    b.script.m = TOO_LONG
    expect(await b.call()).toMatchObject({ value: '400 of m', failure: TOO_LONG })
  })

  const small = deployment('small', { group: 'm', maxInputTokens: 1_000 })
  const large = deployment('large', { group: 'm', maxInputTokens: 10_000 })
  const other = deployment('other', { group: 'x' })

  test('with enable_pre_call_checks passes deployments over whose window is too small', async () => {
    const b = bench(configOf([small, large], { enablePreCallChecks: true }))
    for (let n = 0; n < 20; n++) await b.call({ estimatedInputTokens: 5_000 })
    expect(new Set(b.asked)).toEqual(new Set(['large']))
    const unchecked = bench(configOf([small, large]))
    for (let n = 0; n < 20; n++) await unchecked.call({ estimatedInputTokens: 5_000 })
    expect(unchecked.asked).toContain('small')
  })

  test('and is sent to the fallback at once where it fits nobody, or refused as Bedrock would', async () => {
    const b = bench(
      configOf([small, large, other], { enablePreCallChecks: true, contextWindowFallbacks: { m: ['x'] } }),
    )
    expect(await b.call({ estimatedInputTokens: 50_000 })).toMatchObject({ value: 'answer of other', fallbacks: 1 })
    const without = bench(configOf([small], { enablePreCallChecks: true }))
    expect(await without.call({ estimatedInputTokens: 50_000 })).toMatchObject({
      kind: 'exhausted',
      failure: { status: 400, type: 'ValidationException' },
      attempts: [],
    })
    expect(without.asked).toEqual([])
    expect(without.router.health()[0]).toMatchObject({ inFlight: 0 })
  })
})

describe('residency', () => {
  const eu = deployment('eu', { region: 'eu-central-1', order: 0 })
  const us = deployment('us', { region: 'us-east-1', order: 1 })
  const global = deployment('global', {
    region: 'eu-west-1',
    model: 'global.anthropic.claude-sonnet-4-5-20250929-v1:0',
    order: 2,
  })
  const farFallback = deployment('far', { group: 'x', region: 'us-west-2' })
  const nearFallback = deployment('near', { group: 'x', region: 'eu-north-1', order: 1 })
  const bound = { modelGroupRegions: { m: ['eu-'] }, fallbacks: { m: ['x'] } }

  test('no failure sends a call outside, neither to a deployment nor to a profile that AWS serves anywhere', async () => {
    const b = bench(configOf([eu, us, global], bound))
    b.script.eu = UNAVAILABLE
    expect(await b.call()).toMatchObject({ value: '503 of eu' })
    expect(new Set(b.asked)).toEqual(new Set(['eu']))
  })

  test('a fallback is bound by the group asked for first', async () => {
    const b = bench(configOf([eu, farFallback, nearFallback], bound))
    b.script.eu = THROTTLED
    expect(await b.call()).toMatchObject({ value: 'answer of near' })
    expect(await b.call({ group: 'x' })).toMatchObject({ value: 'answer of far' })
  })

  test('the caller may be bound too, and nothing is asked where that leaves nobody', async () => {
    const b = bench(configOf([eu, us]))
    expect(await b.call({ regions: ['us-'] })).toMatchObject({ value: 'answer of us' })
    expect(await b.call({ regions: ['ap-'] })).toMatchObject({
      kind: 'exhausted',
      failure: { status: 403, type: 'AccessDeniedException' },
    })
    expect(b.asked).toEqual(['us'])
  })

  test('an id that was asked for is bound like its group', async () => {
    const b = bench(configOf([eu, us], bound))
    await b.call({ candidates: [us, eu] })
    expect(b.asked).toEqual(['eu'])
  })
})

test('a raw id is served by the deployments that have it, whatever their group', async () => {
  const b = groups(['m', 'x', 'y'])
  b.script.x = failure({ status: 503 })
  const candidates = [deployment('x', { group: 'x' }), deployment('y', { group: 'y' })]
  for (let n = 0; n < 10; n++) await b.call({ group: 'x', candidates })
  expect(b.asked).not.toContain('m')
  expect(b.asked).toContain('y')
})
