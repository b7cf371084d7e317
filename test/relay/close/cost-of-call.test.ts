/** What a call costs by how it ended: the columns of its row, without an upstream. Nova Micro costs 35 and 140 nano-USD a token. */
import { describe, expect, it } from 'vitest'
import { reachOf } from '../../../src/bedrock/model/reach.ts'
import { OPERATIONS } from '../../../src/bedrock/operations/table.ts'
import type { Deployment } from '../../../src/config/types.ts'
import type { AttemptLogEntry } from '../../../src/ledger/record/record.ts'
import type { AdmittedCall } from '../../../src/relay/call.ts'
import { costOfCall, costOfFailedAttempt, costOfParts } from '../../../src/relay/close/cost-of-call.ts'
import { type Ending, endingOf } from '../../../src/relay/close/ending.ts'
import type { Delivery } from '../../../src/relay/upstream/delivery.ts'
import type { PolicyRow } from '../../../src/routing/policy/policy-row.ts'
import type { Attempt } from '../../../src/routing/router.ts'

const NOW_MS = Date.UTC(2026, 10, 24)
const MICRO = 'us.amazon.nova-micro-v1:0'
const CLAUDE = 'us.anthropic.claude-sonnet-4-6'

const deploymentOf = (model: string, fields: Partial<Deployment> = {}): Deployment => ({
  id: 'one',
  group: 'one',
  model,
  region: 'us-east-1',
  reach: reachOf(model),
  runtimeEndpoint: 'https://bedrock-runtime.us-east-1.amazonaws.com',
  credentials: { kind: 'api-key', token: 'k' },
  order: 0,
  ...fields,
})

/** Only what the cost is made from. `uncounted` of each failed attempt, and what its answer counts, if it does. */
type Failed = { uncounted: PolicyRow['uncounted']; usage?: { inputTokens: number }; costNanoUsd?: string | null }

type Facts = {
  operation?: string
  model?: string
  failed?: readonly Failed[]
  requestedTier?: string | null
  request?: Record<string, unknown> | null
  sizeBytes?: number
}

function callOf(facts: Facts): { call: AdmittedCall; log: AttemptLogEntry[]; deployment: Deployment } {
  const { operation = 'Converse', model = MICRO, failed = [], sizeBytes = 400 } = facts
  const deployment = deploymentOf(model)
  const attempts = [
    ...failed.map(({ uncounted }) => attemptOf(deployment, { uncounted } as PolicyRow)),
    attemptOf(deployment, null),
  ]
  const call = {
    operation: OPERATIONS.find(({ name }) => name === operation),
    attempts,
    prices: undefined,
    requestFacts: {
      request: facts.request ?? null,
      requestMetadata: null,
      requestedTier: facts.requestedTier ?? null,
      sizeBytes,
    },
  } as unknown as AdmittedCall
  const entry = { deployment: 'one', region: 'us-east-1', status: 200, error_type: null, aws_request_id: null, ms: 1 }
  const paid = failed.map(({ usage, costNanoUsd }): AttemptLogEntry => {
    return usage === undefined ? entry : { ...entry, usage, cost_nano_usd: costNanoUsd ?? null }
  })
  return { call, log: [...paid, entry], deployment }
}

function attemptOf(deployment: Deployment, row: PolicyRow | null): Attempt<Delivery> {
  return { deployment, startedMs: 0, sentMs: 0, ms: 1, failure: null, row, value: null, action: '' }
}

function costOf(facts: Facts, ending: Partial<Ending>) {
  const { call, log, deployment } = callOf(facts)
  const whole = { ...endingOf({ deployment, fallbacks: 0 }, NOW_MS), verdict: 'complete' as const, ...ending }
  if (whole.parts !== null) return costOfCall(call, whole, log, NOW_MS)
  // Nobody answered: the last attempt is one of those that failed.
  return costOfCall({ ...call, attempts: call.attempts.slice(0, -1) }, whole, log.slice(0, -1), NOW_MS)
}

const told = (inputTokens: number, outputTokens: number, more: object = {}) => ({
  parts: { body: { usage: { inputTokens, outputTokens }, ...more } },
})

describe('a whole answer', () => {
  it('costs what it reports, and the last attempt has it', () => {
    const cost = costOf({}, told(100, 10))
    expect(cost).toMatchObject({ state: 'priced', nanoUsd: 4_900n, knownNanoUsd: null, missing: [], routedModel: null })
    expect(cost.attemptLog.at(-1)).toMatchObject({
      usage: { inputTokens: 100, outputTokens: 10 },
      cost_nano_usd: '4900',
    })
  })

  it('without usage is unpriced, and never 0', () => {
    expect(costOf({}, { parts: { body: {} } })).toMatchObject({
      state: 'unpriced',
      nanoUsd: null,
      knownNanoUsd: null,
      missing: ['usage'],
    })
  })

  it('of CountTokens is free', () => {
    expect(costOf({ operation: 'CountTokens' }, { parts: { body: { inputTokens: 5 } } })).toMatchObject({
      state: 'free',
      nanoUsd: 0n,
    })
  })

  it('of a router keeps the model that was chosen and the part that is known', () => {
    const invokedModelId = 'arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0'
    const model = 'arn:aws:bedrock:us-east-1:123456789012:default-prompt-router/amazon.nova:1'
    const more = { trace: { promptRouter: { invokedModelId } } }
    expect(costOf({ model }, told(100, 10, more))).toMatchObject({
      state: 'unpriced',
      nanoUsd: null,
      knownNanoUsd: 4_900n,
      missing: ['the fee of the prompt router'],
      routedModel: invokedModelId,
    })
  })

  it('that is silent about a tier that was asked for says how it was priced', () => {
    expect(costOf({ requestedTier: 'flex' }, told(100, 10))).toMatchObject({
      state: 'priced',
      nanoUsd: 4_900n,
      reason: 'tier flex was asked for and the answer names none: priced as default',
    })
    expect(costOf({ requestedTier: 'flex' }, told(100, 10, { serviceTier: { type: 'default' } })).reason).toBeNull()
  })

  it('is priced by what was asked where the model is', () => {
    const facts = { operation: 'InvokeModel', model: 'amazon.nova-canvas-v1:0' }
    const parts = { body: { images: ['a', 'b'] } }
    const request = { imageGenerationConfig: { quality: 'premium', width: 2048, height: 2048 } }
    expect(costOf({ ...facts, request }, { parts })).toMatchObject({ state: 'priced', nanoUsd: 160_000_000n })
    expect(costOf(facts, { parts })).toMatchObject({ state: 'unpriced', nanoUsd: null })
  })
})

describe('failed attempts before it', () => {
  const paid = (inputTokens: number, costNanoUsd: string | null): Failed => ({
    uncounted: 'none',
    usage: { inputTokens },
    costNanoUsd,
  })

  it('that counted tokens are added', () => {
    expect(costOf({ failed: [paid(20, '700'), paid(10, '350')] }, told(100, 10))).toMatchObject({
      state: 'priced',
      nanoUsd: 5_950n,
    })
  })

  it('without a price leave the row unpriced, with all that is known beside it', () => {
    expect(costOf({ failed: [paid(20, '700'), paid(10, null)] }, told(100, 10))).toMatchObject({
      state: 'unpriced',
      nanoUsd: null,
      knownNanoUsd: 5_600n,
      missing: ['the price of a failed attempt'],
    })
  })

  it('are part of what is known where the answer has no price', () => {
    expect(costOf({ model: 'acme.other', failed: [paid(20, '700')] }, told(100, 10))).toMatchObject({
      state: 'unpriced',
      knownNanoUsd: 700n,
      missing: ['the price of acme.other'],
    })
  })

  it('that may have consumed what nobody counted make it an estimate', () => {
    for (const uncounted of ['possible', 'beside-an-answer'] as const) {
      expect(costOf({ failed: [{ uncounted }] }, told(100, 10))).toMatchObject({ state: 'estimated', nanoUsd: 4_900n })
    }
    expect(costOf({ failed: [{ uncounted: 'none' }] }, told(100, 10))).toMatchObject({ state: 'priced' })
  })

  it('that were all there was and cost something make the row cost that', () => {
    const only = costOf({ failed: [paid(20, '700')] }, { parts: null, verdict: 'exception' })
    expect(only).toMatchObject({ state: 'priced', nanoUsd: 700n })
  })
})

describe('a stream that ended early', () => {
  const seen = { contentFrames: 7, usageIsFinal: false }

  it('costs its prompt by its size and a token for each frame, as an estimate', () => {
    const cost = costOf(
      { operation: 'ConverseStream', sizeBytes: 401 },
      { parts: { metadata: null }, seen, verdict: 'cut' },
    )
    expect(cost).toMatchObject({
      state: 'estimated',
      nanoUsd: BigInt(101 * 35 + 7 * 140),
      usage: { inputTokens: 101, outputTokens: 7 },
      reason: expect.stringContaining('output from 7 frames seen'),
    })
  })

  it('costs the input that was reported, and no less output than was', () => {
    const chunks = [{ type: 'message_start', message: { usage: { input_tokens: 1_000, output_tokens: 3 } } }]
    const one = { operation: 'InvokeModelWithResponseStream', model: CLAUDE }
    const cost = costOf(one, { parts: { chunks }, seen, verdict: 'cut' })
    // 1,000 × 3,300 n$ + 7 × 16,500 n$
    expect(cost).toMatchObject({
      state: 'estimated',
      nanoUsd: 3_415_500n,
      usage: { inputTokens: 1_000, outputTokens: 7 },
    })
  })

  it('costs a compaction that was reported before it broke', () => {
    const iterations = [
      { type: 'compaction', input_tokens: 180_000, output_tokens: 3_500 },
      { type: 'message', input_tokens: 1_000, output_tokens: 3 },
    ]
    const chunks = [
      { type: 'message_start', message: { usage: { input_tokens: 1_000, output_tokens: 3, iterations } } },
    ]
    const one = { operation: 'InvokeModelWithResponseStream', model: CLAUDE }
    const cost = costOf(one, { parts: { chunks }, seen, verdict: 'cut' })
    // 181,000 × 3,300 n$ + 3,500 × 16,500 n$: more output was told than the frames show.
    expect(cost).toMatchObject({ state: 'estimated', nanoUsd: 655_050_000n })
  })

  it('of a model without a price stays unpriced', () => {
    const one = { operation: 'ConverseStream', model: 'acme.other' }
    expect(costOf(one, { parts: { metadata: null }, seen, verdict: 'cut' })).toMatchObject({
      state: 'unpriced',
      nanoUsd: null,
      missing: ['the price of acme.other'],
    })
  })
})

describe('a call without an answer', () => {
  it('costs nothing after an error of AWS, and is not known where something may have been consumed', () => {
    expect(costOf({ failed: [{ uncounted: 'none' }] }, { parts: null, verdict: 'exception' })).toMatchObject({
      state: 'failed',
      nanoUsd: 0n,
      missing: [],
    })
    expect(costOf({ failed: [{ uncounted: 'possible' }] }, { parts: null, verdict: 'exception' })).toMatchObject({
      state: 'unpriced',
      nanoUsd: null,
      missing: ['usage'],
    })
  })

  it('is not known where an upstream answered and the gateway failed before it had read the usage', () => {
    const { call, log, deployment } = callOf({})
    const ending = endingOf({ deployment, fallbacks: 0 }, NOW_MS)
    expect(costOfCall(call, ending, log, NOW_MS)).toMatchObject({
      state: 'unpriced',
      nanoUsd: null,
      missing: ['usage'],
      reason: 'the gateway failed before it had read what the answer consumed; its log has the cause',
    })
  })
})

describe('the parts of one attempt', () => {
  it('are priced with the live rows and the prices of the deployment', () => {
    const { call } = callOf({})
    const prices = { input_cost_per_token: '0.001', output_cost_per_token: '0' }
    const own = deploymentOf(MICRO, { prices })
    expect(costOfParts(call, own, told(3, 1).parts, NOW_MS)).toMatchObject({
      nanoUsd: 3_000_000n,
      priceRow: 'deployment',
    })
    const row = { id: 'amazon.nova-micro-v1', scopes: ['geo'], regions: ['*'], tier: 'default' } as const
    const live = {
      version: 'live',
      rows: [{ ...row, meters: { input: '0.002', output: '0' }, source: 'override', how: 'listed' } as const],
    }
    expect(costOfParts({ ...call, prices: live }, deploymentOf(MICRO), told(3, 1).parts, NOW_MS)).toMatchObject({
      nanoUsd: 6_000_000n,
      priceRow: 'amazon.nova-micro-v1|geo|*|default@live',
    })
  })

  it('of a failed one cost something only where its headers count tokens', () => {
    const { call, deployment } = callOf({ operation: 'InvokeModel' })
    const headers = { 'x-amzn-bedrock-input-token-count': '100', 'x-amzn-bedrock-output-token-count': '10' }
    expect(costOfFailedAttempt(call, deployment, headers, NOW_MS)).toEqual({
      usage: { inputTokens: 100, outputTokens: 10 },
      cost_nano_usd: '4900',
    })
    expect(costOfFailedAttempt(call, deployment, {}, NOW_MS)).toEqual({})
  })
})
