import { describe, expect, it } from 'vitest'
import { accountingOf } from '../../../src/bedrock/usage/priced-operations.ts'
import { costOf, modelToReadAs } from '../../../src/ledger/cost/cost-of.ts'
import type { Catalogue } from '../../../src/ledger/prices/price-row.ts'
import { input, row, usage, usd } from './cases.ts'

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
      operation: accountingOf('ConverseStream'),
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
