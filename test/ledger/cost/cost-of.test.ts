import { describe, expect, it } from 'vitest'
import { type CostInput, costOf, estimateCost, modelToReadAs } from '../../../src/ledger/cost/cost-of.ts'
import { usdFromPico } from '../../../src/ledger/cost/decimal.ts'
import type { Catalogue, PriceRow } from '../../../src/ledger/prices/price-row.ts'

const row = (fields: Partial<PriceRow> & Pick<PriceRow, 'id'>): PriceRow => ({
  scopes: ['geo', 'region'],
  regions: ['*'],
  tier: 'default',
  meters: {},
  source: 'test',
  how: 'listed',
  ...fields,
})

const catalogue: Catalogue = {
  version: 'v1',
  rows: [
    row({
      id: 'acme.flat-v1',
      meters: {
        input: '0.000003',
        output: '0.000015',
        cacheRead: '0.0000003',
        cacheWrite: '0.00000375',
        cacheWrite1h: '0.000006',
      },
    }),
    row({ id: 'acme.flat-v1', scopes: ['global'], meters: { input: '0.000002', output: '0.00001' } }),
    row({
      id: 'acme.flat-v1',
      scopes: ['gov'],
      regions: ['us-gov-west-1'],
      meters: { input: '0.0000036', output: '0.000018' },
    }),
    row({ id: 'acme.flat-v1', tier: 'flex', meters: { input: '0.0000015', output: '0.0000075' } }),
    row({ id: 'acme.regional', regions: ['us-east-1'], meters: { input: '0.000001', output: '0.000002' } }),
    row({ id: 'acme.regional', regions: ['eu-west-1'], meters: { input: '0.000003', output: '0.000004' } }),
    row({
      id: 'acme.long',
      meters: { input: '0.000001', output: '0.000001' },
      over: [
        { tokens: 100, meters: { input: '0.000002', output: '0.000002' } },
        { tokens: 200, meters: { input: '0.000003', output: '0.000003' } },
      ],
    }),
    row({ id: 'acme.cut', meters: { input: '0.000005', output: '0' }, until: '2026-08-21' }),
    row({ id: 'acme.cut', meters: { input: '0.000004', output: '0' }, from: '2026-08-21' }),
    row({ id: 'acme.embed', meters: { input: '0.0000001', output: '0' } }),
    row({ id: 'acme.tiny', meters: { input: '0.0000000005', output: '0' } }),
    row({
      id: 'stability.graded',
      meters: { input: '0', output: '0' },
      other: {
        imageGrades: [
          { maxPixels: 262144, maxSteps: 50, usd: '0.018' },
          { maxPixels: 262144, usd: '0.036' },
          { usd: '0.072' },
        ],
      },
    }),
    row({ id: 'guardrails', other: { guardrailUnit: { topicPolicyUnits: '0.00015', wordPolicyUnits: '0' } } }),
  ],
}

const input = (fields: Partial<CostInput> = {}): CostInput => ({
  operation: 'Converse',
  model: 'us.acme.flat-v1:0',
  region: 'us-east-1',
  at: new Date('2026-11-24T12:00:00Z'),
  catalogue,
  parts: { body: { usage: { inputTokens: 1000, outputTokens: 100 } } },
  ...fields,
})

const usage = (fields: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  parts: { body: { usage: fields, ...more } },
})
const usd = (fields: Partial<CostInput>) => {
  const { picoUsd, reason } = costOf(input(fields))
  return picoUsd === null ? `unpriced: ${reason}` : usdFromPico(picoUsd)
}

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

describe('base_model and resolved ARNs', () => {
  const profile = 'arn:aws:bedrock:us-east-1:1:application-inference-profile/x'

  it.each(['acme.flat-v1:0', 'us.acme.flat-v1:0', 'bedrock/us.acme.flat-v1:0', 'bedrock/converse/acme.flat-v1:0'])(
    'base_model %s names the price of an ARN',
    (baseModel) => {
      expect(usd({ model: profile, baseModel })).toBe('0.0045')
    },
  )

  it('base_model with a global prefix means the global price', () => {
    expect(usd({ model: profile, baseModel: 'global.acme.flat-v1:0' })).toBe('0.003')
  })

  it('base_model stands in for an id that the catalogue does not know, and not for one it knows', () => {
    expect(usd({ model: 'acme.brand-new', baseModel: 'acme.flat-v1' })).toBe('0.0045')
    expect(usd({ model: 'acme.regional', baseModel: 'acme.flat-v1' })).toBe('0.0012')
  })

  it('base_model does not turn hourly billing into a price per token', () => {
    expect(usd({ model: 'arn:aws:bedrock:us-east-1:1:provisioned-model/x', baseModel: 'acme.flat-v1' })).toContain(
      'by the hour',
    )
  })

  it.each([
    [['arn:aws:bedrock:us-east-1::foundation-model/acme.flat-v1:0'], '0.0045'],
    [
      [
        'arn:aws:bedrock:us-east-1::foundation-model/acme.flat-v1:0',
        'arn:aws:bedrock:us-west-2::foundation-model/acme.flat-v1:0',
      ],
      '0.0045',
    ],
    [
      [
        'arn:aws:bedrock:us-east-1::foundation-model/acme.flat-v1:0',
        'arn:aws:bedrock:::foundation-model/acme.flat-v1:0',
      ],
      '0.003',
    ],
    [
      [
        'arn:aws:bedrock:us-east-1::foundation-model/acme.flat-v1',
        'arn:aws:bedrock:us-east-1::foundation-model/acme.regional',
      ],
      'unpriced: the profile resolves to more than one model',
    ],
    [['nonsense:'], 'unpriced: no price is known for the model nonsense:'],
    [['arn:aws:bedrock:us-east-1:1:prompt/x'], 'unpriced: the profile resolves to no foundation model'],
  ])('a profile that resolves to %j costs %s', (resolvedModelArns, cost) => {
    expect(usd({ model: profile, resolvedModelArns })).toBe(cost)
  })

  it('the counters of an ARN are read as those of the model behind it', () => {
    const metadata = { usage: { inputTokens: 10, outputTokens: 1, cacheReadInputTokens: 4 } }
    const one = input({
      operation: 'ConverseStream',
      model: profile,
      baseModel: 'us.openai.gpt-x',
      parts: { metadata },
    })
    expect(costOf(one).reading.usage?.inputTokens).toBe(6)
    expect(modelToReadAs(one)).toBe('openai.gpt-x')
  })
})

describe('a deployment’s own prices', () => {
  const customPrices = { input_cost_per_token: '1e-6', output_cost_per_token: '2e-6' }

  it('win over every row, also for models that have none', () => {
    expect(costOf(input({ customPrices }))).toMatchObject({
      state: 'priced',
      picoUsd: 1_200_000_000n,
      priceRow: 'deployment',
    })
    expect(usd({ customPrices, model: 'arn:aws:bedrock:us-east-1:1:provisioned-model/x' })).toBe('0.0012')
  })

  it('of 0 are a real 0', () => {
    expect(usd({ customPrices: { input_cost_per_token: '0', output_cost_per_token: '0.0' } })).toBe('0')
  })

  it('leave a call unpriced that used a meter they do not have', () => {
    expect(usd({ customPrices, ...usage({ inputTokens: 1, outputTokens: 1, cacheReadInputTokens: 1 }) })).toContain(
      'cache read tokens',
    )
  })

  it('of a tier or a long prompt win over the base price', () => {
    const prices = {
      ...customPrices,
      input_cost_per_token_flex: '5e-7',
      input_cost_per_token_above_200k_tokens: '3e-6',
      output_cost_per_token_above_200k_tokens: '4e-6',
    }
    expect(
      usd({
        customPrices: prices,
        ...usage({ inputTokens: 1000, outputTokens: 0 }, { serviceTier: { type: 'flex' } }),
      }),
    ).toBe('0.0005')
    expect(usd({ customPrices: prices, ...usage({ inputTokens: 200_001, outputTokens: 1 }) })).toBe('0.600007')
  })
})

describe('live rows', () => {
  const overrides: Catalogue = {
    version: 'live-7',
    rows: [row({ id: 'acme.flat-v1', meters: { input: '0.000001', output: '0.000001' } })],
  }

  it('win over the catalogue and are named with their own version', () => {
    expect(costOf(input({ overrides }))).toMatchObject({
      picoUsd: 1_100_000_000n,
      priceRow: 'acme.flat-v1|geo|*|default@live-7',
    })
  })

  it('leave other scopes, tiers and models alone', () => {
    expect(usd({ overrides, model: 'global.acme.flat-v1' })).toBe('0.003')
    expect(usd({ overrides, model: 'acme.regional' })).toBe('0.0012')
  })

  it('can price a model that the catalogue does not have', () => {
    const more: Catalogue = {
      version: 'x',
      rows: [row({ id: 'acme.new', meters: { input: '0.000001', output: '0' } })],
    }
    expect(usd({ overrides: more, model: 'acme.new:0' })).toBe('0.001')
  })
})

describe('free calls', () => {
  it('CountTokens costs 0 whatever it counted and whatever the model', () => {
    expect(
      costOf(input({ operation: 'CountTokens', model: 'acme.other', parts: { body: { inputTokens: 98765 } } })),
    ).toMatchObject({ state: 'free', picoUsd: 0n, nanoUsd: 0n })
  })
})

describe('images by size and steps', () => {
  const image = (request: unknown) =>
    usd({ operation: 'InvokeModel', model: 'stability.graded', parts: { request, body: { artifacts: [{}, {}] } } })

  it.each([
    [{ width: 512, height: 512, steps: 50 }, '0.036'],
    [{ width: 512, height: 512, steps: 51 }, '0.072'],
    [{ width: 1024, height: 512, steps: 10 }, '0.144'],
    [{}, '0.036'],
  ])('%j for two costs %s', (request, cost) => {
    expect(image(request)).toBe(cost)
  })

  it('are unpriced when nobody knows what was asked', () => {
    expect(image(undefined)).toContain('no price is known for images')
  })
})

describe('guardrail units', () => {
  const apply = (units: object, region = 'us-east-1') =>
    costOf(input({ operation: 'ApplyGuardrail', model: 'gr-abc', region, parts: { body: { usage: units } } }))

  it('cost their policy’s price, and free policies cost nothing', () => {
    expect(apply({ topicPolicyUnits: 3, wordPolicyUnits: 9 })).toMatchObject({
      state: 'priced',
      picoUsd: 450_000_000n,
      priceRow: 'guardrails|region|*|default@v1',
    })
  })

  it('of a policy without a price leave the call unpriced', () => {
    expect(apply({ topicPolicyUnits: 3, brandNewPolicyUnits: 1 })).toMatchObject({
      state: 'unpriced',
      knownPicoUsd: 450_000_000n,
    })
    expect(apply({ topicPolicyUnits: 3 }, 'us-gov-west-1')).toMatchObject({ state: 'unpriced' })
  })

  it('of a traced model call are added to its tokens, and both rows are named', () => {
    const trace = { guardrail: { inputAssessment: { g: { invocationMetrics: { usage: { topicPolicyUnits: 2 } } } } } }
    expect(costOf(input(usage({ inputTokens: 1000, outputTokens: 100 }, { trace })))).toMatchObject({
      state: 'priced',
      picoUsd: 4_800_000_000n,
      priceRow: 'acme.flat-v1|geo|*|default@v1+guardrails|region|*|default@v1',
    })
  })

  it('that are not shown leave the call unpriced with the tokens’ cost beside it', () => {
    expect(
      costOf(input(usage({ inputTokens: 1000, outputTokens: 100 }, { stopReason: 'guardrail_intervened' }))),
    ).toMatchObject({
      state: 'unpriced',
      knownPicoUsd: 4_500_000_000n,
      reason: 'the answer does not say how many guardrail units',
    })
  })
})

describe('nonsense counters', () => {
  it('make an estimate of what is sane, with the raw value kept', () => {
    const cost = costOf(input(usage({ inputTokens: -5, outputTokens: 100 })))
    expect(cost).toMatchObject({ state: 'estimated', picoUsd: 1_500_000_000n, reason: 'inputTokens is -5' })
    expect(cost.reading.raw).toEqual({ inputTokens: -5, outputTokens: 100 })
  })

  it('leave a call without a cost when nothing sane is left, and never throw', () => {
    expect(costOf(input(usage({ inputTokens: 'x', outputTokens: null })))).toMatchObject({
      state: 'unpriced',
      picoUsd: null,
      reason: 'inputTokens is "x"',
    })
  })
})

describe('estimateCost', () => {
  it('prices what was counted and says how', () => {
    const cost = estimateCost(input(), { inputTokens: 1000, outputTokens: 10 }, 'output from the frames seen')
    expect(cost).toMatchObject({
      state: 'estimated',
      nanoUsd: 3_150_000n,
      reason: 'output from the frames seen',
      priceRow: 'acme.flat-v1|geo|*|default@v1',
    })
    expect(cost.reading.usage).toEqual({ inputTokens: 1000, outputTokens: 10 })
  })

  it('takes one counter alone, and keeps the other absent', () => {
    const cost = estimateCost(input(), { outputTokens: 10 }, 'frames')
    expect(cost).toMatchObject({ state: 'estimated', nanoUsd: 150_000n })
    expect(cost.reading.usage).toEqual({ outputTokens: 10 })
  })

  it('is unpriced with nothing counted, and for a model without a price', () => {
    expect(estimateCost(input(), {}, 'frames')).toMatchObject({ state: 'unpriced', nanoUsd: null })
    expect(estimateCost(input({ model: 'acme.other' }), { outputTokens: 10 }, 'frames')).toMatchObject({
      state: 'unpriced',
      nanoUsd: null,
    })
  })
})
