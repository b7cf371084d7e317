/** What has an obstacle keeps what is known beside it, and says what is missing. */
import { describe, expect, it } from 'vitest'
import { type CostInput, costOf } from '../../../src/ledger/cost/cost-of.ts'
import { BUNDLED_CATALOGUE } from '../../../src/ledger/prices/bundled.ts'
import { input, usage, usd } from './cases.ts'

const ROUTER = 'arn:aws:bedrock:us-east-1:123456789012:default-prompt-router/anthropic.claude:1'
const TOLD = { inputTokens: 1000, outputTokens: 100 }
const trace = (invokedModelId: string) => ({ trace: { promptRouter: { invokedModelId } } })

describe('a prompt router', () => {
  it.each([
    ['acme.flat-v1:0', 4_500_000n],
    ['arn:aws:bedrock:us-east-1::foundation-model/acme.flat-v1:0', 4_500_000n],
    ['arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.acme.flat-v1:0', 4_500_000n],
    ['arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.acme.flat-v1:0', 3_000_000n],
    ['arn:aws:bedrock:eu-west-1::foundation-model/acme.regional', 3_400_000n],
  ])('that chose %s costs its price and a fee that is not known', (invoked, knownNanoUsd) => {
    expect(costOf(input({ model: ROUTER, ...usage(TOLD, trace(invoked)) }))).toMatchObject({
      state: 'unpriced',
      picoUsd: null,
      nanoUsd: null,
      knownNanoUsd,
      missing: ['the fee of the prompt router'],
      reading: { routedModel: invoked },
    })
  })

  it('takes its region from its ARN where nobody says which was called', () => {
    const one = { model: ROUTER.replace('us-east-1', 'eu-west-1'), region: '', ...usage(TOLD, trace('acme.regional')) }
    expect(costOf(input(one))).toMatchObject({ knownNanoUsd: 3_400_000n })
  })

  it('is not made to cost what base_model costs: the answer says who answered', () => {
    const one = { model: ROUTER, baseModel: 'acme.regional', ...usage(TOLD, trace('acme.flat-v1')) }
    expect(costOf(input(one))).toMatchObject({ state: 'unpriced', knownNanoUsd: 4_500_000n })
  })

  it('without a trace has nothing known, and with a model without a price neither', () => {
    expect(costOf(input({ model: ROUTER }))).toMatchObject({
      knownNanoUsd: null,
      missing: ['the fee of the prompt router'],
    })
    expect(costOf(input({ model: ROUTER, ...usage(TOLD, trace('acme.other')) }))).toMatchObject({
      knownNanoUsd: null,
      missing: ['the fee of the prompt router', 'the price of acme.other'],
    })
  })

  it('in the bundled catalogue: Claude Haiku 4.5 in-region at 1.1 and 5.5 a million', () => {
    const invoked = 'arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0'
    const one = { model: ROUTER, catalogue: BUNDLED_CATALOGUE, ...usage(TOLD, trace(invoked)) }
    expect(costOf(input(one))).toMatchObject({ state: 'unpriced', knownNanoUsd: 1_650_000n })
  })
})

describe('the known part', () => {
  it.each<[string, Partial<CostInput>, bigint | null, string[]]>([
    [
      'of latency-optimized inference is the standard price',
      usage(TOLD, { performanceConfig: { latency: 'optimized' } }),
      4_500_000n,
      ['the surcharge of latency-optimized inference'],
    ],
    [
      'of reserved capacity is nothing per token',
      usage(TOLD, { serviceTier: { type: 'reserved' } }),
      0n,
      ['the monthly fee of reserved capacity'],
    ],
    [
      'of a tier without a price is not there',
      usage(TOLD, { serviceTier: { type: 'priority' } }),
      null,
      ['the price of acme.flat-v1:0 in tier priority'],
    ],
    ['of a model without a price is not there', { model: 'acme.other' }, null, ['the price of acme.other']],
    [
      'of provisioned throughput is nothing per token',
      { model: 'arn:aws:bedrock:us-east-1:123456789012:provisioned-model/x' },
      0n,
      ['the hours of provisioned throughput'],
    ],
    [
      'of an ARN of no known kind is not there',
      { model: 'arn:aws:bedrock:us-east-1:123456789012:new-thing/x' },
      null,
      ['the price of this kind of ARN'],
    ],
    ['of an answer without usage is not there', { parts: { body: {} } }, null, ['usage']],
    [
      'of an answer that leaves out a counter is the other',
      usage({ inputTokens: 1000 }),
      3_000_000n,
      ['output tokens'],
    ],
    [
      'where several things are missing names each',
      usage(
        { ...TOLD, cacheWriteInputTokens: 5, cacheDetails: [{ ttl: '24h', inputTokens: 5 }], novelUnits: 1 },
        { performanceConfig: { latency: 'optimized' }, stopReason: 'guardrail_intervened' },
      ),
      4_500_000n,
      [
        'the surcharge of latency-optimized inference',
        'cache writes that live 24h',
        'guardrail units',
        'usage.novelUnits',
      ],
    ],
  ])('%s', (_, fields, knownNanoUsd, missing) => {
    const cost = costOf(input(fields))
    expect(cost).toMatchObject({ state: 'unpriced', picoUsd: null, nanoUsd: null, knownNanoUsd, missing })
    expect(cost.reason).not.toBeNull()
  })

  it('of a guardrail stays where the model has no price', () => {
    const guarded = { guardrail: { inputAssessment: { g: { invocationMetrics: { usage: { topicPolicyUnits: 2 } } } } } }
    expect(costOf(input({ model: 'acme.other', ...usage(TOLD, { trace: guarded }) }))).toMatchObject({
      state: 'unpriced',
      knownNanoUsd: 300_000n,
      missing: ['the price of acme.other'],
    })
  })

  it('is not there beside a cost: nobody can add it twice', () => {
    for (const one of [{}, { parts: { body: { usage: { inputTokens: -1, outputTokens: 5 } } } }]) {
      expect(costOf(input(one))).toMatchObject({ knownPicoUsd: null, knownNanoUsd: null, missing: [] })
    }
  })
})

describe('an ARN that is billed by time, or by nobody knows what', () => {
  it.each([
    ['arn:aws:bedrock:us-east-1:123456789012:provisioned-model/x', 'by the hour'],
    ['arn:aws:bedrock:us-east-1:123456789012:imported-model/x', 'by the minute'],
    ['arn:aws:bedrock:us-east-1:123456789012:custom-model/acme.flat-v1:0/x', 'by the hour'],
    ['arn:aws:sagemaker:us-east-1:123456789012:endpoint/x', 'by the hour'],
    ['arn:aws:bedrock:us-east-1:123456789012:marketplace/model-endpoint/x', 'not known'],
    ['arn:aws:bedrock:us-east-1:123456789012:brand-new/x', 'not known'],
    ['arn:aws:sagemaker:us-east-1:123456789012:inference-component/x', 'not known'],
    ['arn:', 'not known'],
  ])('%s is never priced by token, whatever base_model says', (model, reason) => {
    for (const baseModel of ['acme.flat-v1', 'bedrock/us.acme.flat-v1:0', undefined]) {
      expect(usd({ model, baseModel })).toContain(reason)
    }
  })

  it('is priced where the operator says what it costs', () => {
    const model = 'arn:aws:bedrock:us-east-1:123456789012:provisioned-model/x'
    expect(usd({ model, customPrices: { input_cost_per_token: '0.000001', output_cost_per_token: '0' } })).toBe('0.001')
  })
})

describe('an application profile beside a model', () => {
  const profile = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/ab12'

  it.each([
    ['arn:aws:bedrock:us-east-1::foundation-model/acme.flat-v1:0', '0.0045'],
    ['arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.acme.flat-v1:0', '0.0045'],
    ['arn:aws:bedrock:us-east-1:123456789012:inference-profile/global.acme.flat-v1:0', '0.003'],
  ])('costs what %s costs', (baseModel, cost) => {
    expect(usd({ model: profile, baseModel })).toBe(cost)
  })
})

describe('every geography', () => {
  it.each(['us', 'eu', 'apac', 'jp', 'au', 'ca', 'in', 'sa', 'amer'])('%s. has geo scope and a price', (geography) => {
    const arn = `arn:aws:bedrock:sa-east-1:123456789012:inference-profile/${geography}.acme.flat-v1:0`
    for (const model of [`${geography}.acme.flat-v1:0`, arn]) {
      expect(costOf(input({ model, region: 'sa-east-1' }))).toMatchObject({
        state: 'priced',
        nanoUsd: 4_500_000n,
        priceRow: 'acme.flat-v1|geo|*|default@v1',
      })
    }
  })

  it.each(['zz', 'emea'])('that nobody knows, %s., has no price', (geography) => {
    expect(usd({ model: `${geography}.acme.flat-v1:0` })).toContain(`${geography}.acme.flat-v1`)
  })
})
