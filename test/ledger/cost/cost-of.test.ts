import { describe, expect, it } from 'vitest'
import { type CostInput, costOf } from '../../../src/ledger/cost/cost-of.ts'
import { input, usage, usd } from './cases.ts'

describe('a priced call', () => {
  it('names the row, its place and the catalogue version, and rounds once to nano-USD', () => {
    expect(costOf(input())).toMatchObject({
      state: 'priced',
      picoUsd: 4_500_000_000n,
      nanoUsd: 4_500_000n,
      reason: null,
      priceRow: 'acme.flat-v1|geo|*|default@v1',
    })
  })

  it('splits cache writes by time to live; what is not 1 h costs the shorter one', () => {
    const cached = { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 1000, cacheWriteInputTokens: 3000 }
    expect(usd(usage({ ...cached, cacheDetails: [{ ttl: '1h', inputTokens: 1000 }] }))).toBe('0.0138')
    expect(usd(usage(cached))).toBe('0.01155')
  })

  it.each([
    ['5m', '0.01155'],
    ['30m', '0.01155'],
    ['1h', '0.0183'],
  ])('prices writes that live %s', (ttl, cost) => {
    const cached = { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 1000, cacheWriteInputTokens: 3000 }
    expect(usd(usage({ ...cached, cacheDetails: [{ ttl, inputTokens: 3000 }] }))).toBe(cost)
  })

  it.each(['24h', '6m', '1H', 'unknown', ''])('does not price writes that live %j as any other', (ttl) => {
    const written = { inputTokens: 0, outputTokens: 0, cacheWriteInputTokens: 3000 }
    const split = [
      { ttl, inputTokens: 2000 },
      { ttl: '5m', inputTokens: 1000 },
    ]
    const cost = costOf(input(usage({ ...written, cacheDetails: split })))
    expect(cost).toMatchObject({
      state: 'unpriced',
      nanoUsd: null,
      reason: `no price is known for cache writes that live ${ttl}`,
      knownPicoUsd: 3_750_000_000n,
    })
  })

  it.each([
    ['acme.flat-v1', 'us-east-1', '0.0045'],
    ['global.acme.flat-v1', 'us-east-1', '0.003'],
    ['us-gov.acme.flat-v1', 'us-gov-west-1', '0.0054'],
    ['acme.flat-v1', 'us-gov-west-1', '0.0054'],
    ['acme.regional', 'us-east-1', '0.0012'],
    ['eu.acme.regional', 'eu-west-1', '0.0034'],
    ['arn:aws:bedrock:eu-west-1::foundation-model/acme.regional', 'us-east-1', '0.0034'],
    ['arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.acme.regional', 'eu-west-1', '0.0034'],
  ])('%s called in %s costs %s', (model, region, cost) => {
    expect(usd({ model, region })).toBe(cost)
  })

  it('with no tokens costs a real 0', () => {
    expect(costOf(input(usage({ inputTokens: 0, outputTokens: 0 })))).toMatchObject({
      state: 'priced',
      picoUsd: 0n,
      nanoUsd: 0n,
    })
  })

  it('takes the price of the day it was made', () => {
    const one = { model: 'acme.cut', ...usage({ inputTokens: 1_000_000, outputTokens: 0 }) }
    expect(usd({ ...one, at: new Date('2026-08-20T23:59:59.999Z') })).toBe('5')
    expect(usd({ ...one, at: new Date('2026-08-21T00:00:00Z') })).toBe('4')
    expect(costOf(input(one)).priceRow).toBe('acme.cut|region|*|default|2026-08-21@v1')
  })

  it('rounds half a nano-USD up, and half of that down', () => {
    expect(costOf(input({ model: 'acme.tiny', ...usage({ inputTokens: 1, outputTokens: 0 }) })).nanoUsd).toBe(1n)
    expect(costOf(input({ model: 'acme.tiny', ...usage({ inputTokens: 0, outputTokens: 0 }) })).nanoUsd).toBe(0n)
  })
})

describe('long context', () => {
  const prompt = (inputTokens: number, cacheReadInputTokens = 0) =>
    usd({ model: 'acme.long', ...usage({ inputTokens, outputTokens: 1, cacheReadInputTokens }) })

  it('is strictly more than the threshold, and then every token costs the higher price', () => {
    expect(prompt(100)).toBe('0.000101')
    expect(prompt(101)).toBe('0.000204')
    expect(prompt(201)).toBe('0.000606')
  })

  it('counts cached tokens in, and a step without a price for them leaves the call unpriced', () => {
    expect(prompt(60, 41)).toContain('no price is known for cache read tokens')
  })
})

describe('the tier', () => {
  it('that was served decides, whatever was asked', () => {
    expect(usd(usage({ inputTokens: 1000, outputTokens: 100 }, { serviceTier: { type: 'flex' } }))).toBe('0.00225')
    expect(
      usd({
        requestedTier: 'priority',
        ...usage({ inputTokens: 1000, outputTokens: 100 }, { serviceTier: { type: 'default' } }),
      }),
    ).toBe('0.0045')
  })

  it('is the default where the answer is silent, and the record says that this is a reading', () => {
    expect(costOf(input({ requestedTier: 'flex' }))).toMatchObject({
      state: 'priced',
      nanoUsd: 4_500_000n,
      reason: expect.stringContaining('flex'),
    })
  })

  it.each(['priority', 'reserved', 'something-new'])('%s without a row is unpriced, not priced as default', (type) => {
    expect(costOf(input(usage({ inputTokens: 1, outputTokens: 1 }, { serviceTier: { type } })))).toMatchObject({
      state: 'unpriced',
      picoUsd: null,
      nanoUsd: null,
    })
  })

  it('of latency-optimized inference has no list price', () => {
    expect(usd(usage({ inputTokens: 1, outputTokens: 1 }, { performanceConfig: { latency: 'optimized' } }))).toContain(
      'latency-optimized',
    )
  })
})

describe('unpriced', () => {
  it.each([
    ['an unknown model', { model: 'acme.other' }, 'no price is known for the model acme.other'],
    ['a longer id that begins like a known one', { model: 'us.acme.flat-v1-5' }, 'acme.flat-v1-5'],
    ['a shorter id', { model: 'us.acme.flat' }, 'acme.flat'],
    ['another version of a known id', { model: 'us.acme.flat-v1:1' }, 'acme.flat-v1:1'],
    ['a global profile that only has regional rows', { model: 'global.acme.regional' }, 'scope global'],
    ['a region without a row', { model: 'acme.regional', region: 'ap-south-1' }, 'source region ap-south-1'],
    ['a region that is not known', { model: 'acme.regional', region: '' }, 'source region unknown'],
    ['a flat row in another partition', { region: 'cn-north-1' }, 'source region cn-north-1'],
    ['GovCloud without a row', { model: 'acme.regional', region: 'us-gov-west-1' }, 'scope gov'],
    ['provisioned throughput', { model: 'arn:aws:bedrock:us-east-1:1:provisioned-model/x' }, 'by the hour'],
    ['an imported model', { model: 'arn:aws:bedrock:us-east-1:1:imported-model/x' }, 'by the minute'],
    ['a SageMaker endpoint', { model: 'arn:aws:sagemaker:us-east-1:1:endpoint/x' }, 'SageMaker'],
    ['a stored prompt', { model: 'arn:aws:bedrock:us-east-1:1:prompt/x:1' }, 'set base_model'],
    ['a custom deployment', { model: 'arn:aws:bedrock:us-east-1:1:custom-model-deployment/x' }, 'set base_model'],
    ['a router', { model: 'arn:aws:bedrock:us-east-1:1:default-prompt-router/x' }, 'prompt router'],
    [
      'an application profile',
      { model: 'arn:aws:bedrock:us-east-1:1:application-inference-profile/x' },
      'set base_model',
    ],
    ['an ARN of no known kind', { model: 'arn:aws:bedrock:us-east-1:1:new-thing/x' }, 'not known'],
    ['an answer without usage', { parts: { body: {} } }, 'reports no usage'],
    ['an answer that counts no output', usage({ inputTokens: 5 }), 'how many output tokens'],
    [
      'server tools',
      usage({ inputTokens: 1, outputTokens: 1, serverToolUsage: { webSearchRequests: 1 } }),
      'server tools',
    ],
    [
      'a routed model',
      usage({ inputTokens: 1, outputTokens: 1 }, { trace: { promptRouter: { invokedModelId: 'x' } } }),
      'prompt router',
    ],
  ])('%s, with the reason', (_, fields, reason) => {
    const cost = costOf(input(fields as Partial<CostInput>))
    expect(cost).toMatchObject({ state: 'unpriced', picoUsd: null, nanoUsd: null })
    expect(cost.reason).toContain(reason)
  })

  it('as a whole when one meter has no price, with the known part beside it', () => {
    const fields = {
      model: 'acme.regional',
      ...usage({ inputTokens: 1000, outputTokens: 100, cacheReadInputTokens: 5 }),
    }
    expect(costOf(input(fields))).toMatchObject({
      state: 'unpriced',
      picoUsd: null,
      knownPicoUsd: 1_200_000_000n,
      priceRow: 'acme.regional|region|us-east-1|default@v1',
      reason: 'no price is known for cache read tokens',
    })
  })

  it('when the cost does not fit the ledger, and that is said', () => {
    const fields = {
      customPrices: { input_cost_per_token: '99999', output_cost_per_token: '0' },
      ...usage({ inputTokens: 1e12, outputTokens: 0 }),
    }
    expect(costOf(input(fields))).toMatchObject({
      state: 'unpriced',
      nanoUsd: null,
      reason: 'the cost is beyond 2^63 nano-dollars',
    })
  })
})
