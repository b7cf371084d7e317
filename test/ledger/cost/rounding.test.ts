/** The one rounding of a call, with every digit written by hand: half a nano-dollar goes up, all that is less goes down. */
import { describe, expect, it } from 'vitest'
import { nanoFromPico } from '../../../src/base/decimal.ts'
import { costOf } from '../../../src/ledger/cost/cost-of.ts'
import { priceCase } from '../../../src/ledger/cost/price-case.ts'
import { BUNDLED_CATALOGUE } from '../../../src/ledger/prices/bundled.ts'
import { catalogue, input, row, usage } from './cases.ts'

describe('pico-dollars become nano-dollars', () => {
  it.each([
    [0n, 0n],
    [1n, 0n],
    [499n, 0n],
    [500n, 1n],
    [501n, 1n],
    [999n, 1n],
    [1000n, 1n],
    [1499n, 1n],
    [1500n, 2n],
    [2500n, 3n],
    [8750n, 9n],
    [9007199254740991n, 9007199254741n],
    [9007199254740500n, 9007199254741n],
    [9007199254740499n, 9007199254740n],
    [9223372036854775807499n, 9223372036854775807n],
    [9223372036854775807500n, 9223372036854775808n],
  ])('%i p$ are %i n$', (picoUsd, nanoUsd) => {
    expect(nanoFromPico(picoUsd)).toBe(nanoUsd)
  })
})

describe('a call is rounded once, not by meter and not by token', () => {
  // 100, 200 and 400 pico-dollars a token: alone each meter would round to 0.
  const tiny = {
    version: 'v1',
    rows: [
      row({ id: 'acme.tiny', meters: { input: '0.0000000001', output: '0.0000000002', cacheRead: '0.0000000004' } }),
    ],
  }

  it.each([
    [1, 1, 0, 300n, 0n],
    [1, 0, 1, 500n, 1n],
    [0, 0, 1, 400n, 0n],
    [2, 1, 0, 400n, 0n],
    [0, 1, 3, 1400n, 1n],
    [1, 1, 3, 1500n, 2n],
    [3, 3, 3, 2100n, 2n],
  ])(
    '%i input, %i output and %i read tokens cost %i p$, %i n$',
    (inputTokens, outputTokens, read, picoUsd, nanoUsd) => {
      const counters = usage({ inputTokens, outputTokens, cacheReadInputTokens: read })
      expect(costOf(input({ model: 'acme.tiny', catalogue: tiny, ...counters }))).toMatchObject({ picoUsd, nanoUsd })
    },
  )
})

/** Worked out by hand from the shared cases: nano-dollars of the exact cost. */
describe('costs of the shared cases in the unit of the ledger', () => {
  it.each([
    // 1,234 × 2,000 n$ + 567 × 10,000 n$
    ['global.anthropic.claude-sonnet-5-5', 'us-west-2', { inputTokens: 1234, outputTokens: 567 }, 8_138_000n],
    // 40 × 60 n$ + 200 × 240 n$ + 3,500 × 15 n$
    [
      'us.amazon.nova-lite-v1:0',
      'us-east-1',
      { inputTokens: 40, outputTokens: 200, cacheReadInputTokens: 3500 },
      102_900n,
    ],
    // 1 × 8.75 n$: up
    ['us.amazon.nova-micro-v1:0', 'us-east-1', { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 1 }, 9n],
    // 5 × 8.75 n$ = 43.75 n$: up, and not 5 × 9
    ['us.amazon.nova-micro-v1:0', 'us-east-1', { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 5 }, 44n],
    // 2 × 8.75 n$ = 17.5 n$: exactly half goes up
    ['us.amazon.nova-micro-v1:0', 'us-east-1', { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 2 }, 18n],
    // 3 × 8.75 n$ = 26.25 n$: down
    ['us.amazon.nova-micro-v1:0', 'us-east-1', { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 3 }, 26n],
    // 999,999,999,999 × 11,000 n$ + 123,456,789,123 × 55,000 n$ + 777,777,777,777 × 1,100 n$
    [
      'us.anthropic.claude-fable-5',
      'us-east-1',
      { inputTokens: 999_999_999_999, outputTokens: 123_456_789_123, cacheReadInputTokens: 777_777_777_777 },
      18_645_678_957_308_700n,
    ],
  ])('%s in %s, %j', (model_id, source_region, counters, nanoUsd) => {
    const given = { operation: 'Converse', model_id, source_region, usage: { body: { usage: counters } } }
    const result = priceCase(given, { catalogue: BUNDLED_CATALOGUE, now: new Date('2026-11-24T00:00:00Z') })
    expect(result.ok && result.cost.nanoUsd).toBe(nanoUsd)
  })

  it('a cost above the largest number of the ledger is unpriced, not cut', () => {
    const cost = costOf(
      input({ catalogue, ...usage({ inputTokens: 9_007_199_254_740_991, outputTokens: 9_007_199_254_740_991 }) }),
    )
    expect(cost).toMatchObject({ state: 'unpriced', nanoUsd: null, reason: 'the cost is beyond 2^63 nano-dollars' })
  })
})
