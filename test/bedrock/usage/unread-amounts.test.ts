/** Amounts beside the counters, in every place where an answer may have them: none is passed over in silence. */
import { describe, expect, it } from 'vitest'
import { accountingOf } from '../../../src/bedrock/usage/priced-operations.ts'
import { readUsage } from '../../../src/bedrock/usage/read-usage.ts'
import { priceCase } from '../../../src/ledger/cost/price-case.ts'
import { BUNDLED_CATALOGUE } from '../../../src/ledger/prices/bundled.ts'

const SONNET_4 = 'us.anthropic.claude-sonnet-4-20250514-v1:0'
const OMNI = 'amazon.nova-2-omni-v1:0'

const cost = (operation: string, model_id: string, usage: object) => {
  const result = priceCase(
    { operation, model_id, source_region: 'us-east-1', usage },
    { catalogue: BUNDLED_CATALOGUE, now: new Date('2026-11-25T00:00:00Z') },
  )
  if (!result.ok) throw new Error(result.issues.join())
  return { state: result.price.state, usd: result.price.usd, missing: result.cost.missing }
}

describe('images in the answer of a model that counts tokens', () => {
  const answer = (content: object[]) => ({
    output: { message: { role: 'assistant', content } },
    usage: { inputTokens: 3, outputTokens: 4 },
  })
  const image = { image: { format: 'png', source: { bytes: 'aGk=' } } }

  it.each(['Converse', 'InvokeModel'])('are counted beside them and leave the call unpriced: %s', (operation) => {
    const body = answer([{ text: 'here' }, image, image])
    expect(readUsage(accountingOf(operation), OMNI, { body }).other).toEqual({ images: 2 })
    expect(cost(operation, OMNI, { body })).toMatchObject({ state: 'unpriced', usd: null, missing: ['images'] })
  })

  it.each(['Converse', 'InvokeModel'])('change nothing where there are none: %s', (operation) => {
    expect(cost(operation, OMNI, { body: answer([{ text: 'here' }]) })).toMatchObject({ state: 'priced' })
  })
})

describe('cache writes beside others', () => {
  it.each([null, 5, undefined, { minutes: 5 }])('whose time to live is %j are not priced as the shorter one', (ttl) => {
    const cacheDetails = [
      { ttl, inputTokens: 600 },
      { ttl: '5m', inputTokens: 400 },
    ]
    const body = { usage: { inputTokens: 1, outputTokens: 1, cacheWriteInputTokens: 1000, cacheDetails } }
    expect(cost('Converse', SONNET_4, { body })).toMatchObject({
      state: 'unpriced',
      missing: ['cache writes that live unknown'],
    })
  })
})

describe('the metrics of a stream', () => {
  const metrics = { inputTokenCount: 1, outputTokenCount: 2, invocationLatency: 300, firstByteLatency: 20 }
  const chunk = (more: object) => ({ 'amazon-bedrock-invocationMetrics': { ...metrics, ...more } })

  it('with an amount that is not known leave the call unpriced, in a chunk and in a body', () => {
    const unpriced = { state: 'unpriced', missing: ['usage.audioTokenCount'] }
    const more = chunk({ audioTokenCount: 7 })
    expect(cost('InvokeModelWithResponseStream', SONNET_4, { chunks: [more] })).toMatchObject(unpriced)
    expect(cost('InvokeModel', SONNET_4, { body: more })).toMatchObject(unpriced)
  })

  it.each([{}, { audioTokenCount: 0 }, { cacheReadInputTokenCount: 0 }])('as AWS sends them are known: %j', (more) => {
    expect(cost('InvokeModelWithResponseStream', SONNET_4, { chunks: [chunk(more)] })).toMatchObject({
      state: 'priced',
      usd: '0.000033',
    })
  })
})

describe('speech', () => {
  const event = (input: object) => ({
    chunks: [{ event: { usageEvent: { details: { total: { input, output: { textTokens: 1, speechTokens: 2 } } } } } }],
  })
  const speak = (input: object) => cost('InvokeModelWithBidirectionalStream', 'amazon.nova-sonic-v1:0', event(input))

  it('with tokens of a kind that is not known is unpriced', () => {
    expect(speak({ textTokens: 1, speechTokens: 2 })).toMatchObject({ state: 'priced' })
    expect(speak({ textTokens: 1, speechTokens: 2, videoTokens: 3 })).toMatchObject({
      state: 'unpriced',
      missing: ['usage.videoTokens'],
    })
  })
})

describe('iterations that the start of a stream told', () => {
  const iterations = [
    { type: 'compaction', input_tokens: 180_000, output_tokens: 3_500 },
    { type: 'message', input_tokens: 23_000, output_tokens: 1 },
  ]

  it.each([{}, { iterations: null }, { iterations: [] }])('are not taken back by an end with %j', (more) => {
    const chunks = [
      { type: 'message_start', message: { usage: { input_tokens: 23_000, output_tokens: 1, iterations } } },
      { type: 'message_delta', usage: { output_tokens: 1_000, ...more } },
    ]
    expect(cost('InvokeModelWithResponseStream', SONNET_4, { chunks })).toMatchObject({
      state: 'priced',
      usd: '0.6765',
    })
  })
})

it('a total beside the counters of an Anthropic body is no amount of its own', () => {
  const body = { usage: { input_tokens: 23_000, output_tokens: 1_000, total_tokens: 24_000 } }
  expect(cost('InvokeModel', SONNET_4, { body })).toMatchObject({ state: 'priced', usd: '0.084' })
})
