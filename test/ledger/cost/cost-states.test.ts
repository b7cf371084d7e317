import { describe, expect, it } from 'vitest'
import { accountingOf } from '../../../src/bedrock/usage/priced-operations.ts'
import { costOf, estimateCost } from '../../../src/ledger/cost/cost-of.ts'
import { input, usage, usd } from './cases.ts'

describe('free calls', () => {
  it('CountTokens costs 0 whatever it counted and whatever the model', () => {
    expect(
      costOf(
        input({ operation: accountingOf('CountTokens'), model: 'acme.other', parts: { body: { inputTokens: 98765 } } }),
      ),
    ).toMatchObject({ state: 'free', picoUsd: 0n, nanoUsd: 0n })
  })
})

describe('images by size and steps', () => {
  const image = (request: unknown) =>
    usd({
      operation: accountingOf('InvokeModel'),
      model: 'stability.graded',
      parts: { request, body: { artifacts: [{}, {}] } },
    })

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
    costOf(
      input({ operation: accountingOf('ApplyGuardrail'), model: 'gr-abc', region, parts: { body: { usage: units } } }),
    )

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
