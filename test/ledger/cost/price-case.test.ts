import { describe, expect, it } from 'vitest'
import { priceCase } from '../../../src/ledger/cost/price-case.ts'
import { BUNDLED_CATALOGUE } from '../../../src/ledger/prices/bundled.ts'

const context = { catalogue: BUNDLED_CATALOGUE, now: new Date('2026-11-24T00:00:00Z') }

type Case = Record<string, unknown>

const price = (fields: Case) => {
  const result = priceCase(
    { operation: 'Converse', source_region: 'us-east-1', service_tier: 'default', ...fields },
    context,
  )
  if (!result.ok) throw new Error(result.issues.join())
  return result.price
}

const tokens = (inputTokens: number, outputTokens: number, more: Case = {}, answer: Case = {}) => ({
  usage: { body: { usage: { inputTokens, outputTokens, ...more }, ...answer } },
})

/** Our own cases: model, region, usage → exact USD, worked out by hand from the prices per million that stand beside each. */
describe('priceCase with the bundled catalogue', () => {
  it.each([
    [
      'global Claude at the base price (2/10)',
      'global.anthropic.claude-sonnet-5-5',
      'us-west-2',
      tokens(1234, 567),
      '0.008138',
    ],
    ['geo Claude at 1.1 times (5.5/27.5)', 'eu.anthropic.claude-opus-5', 'eu-west-3', tokens(1000, 1000), '0.033'],
    [
      'in-region Claude at 1.1 times (1.1/5.5)',
      'anthropic.claude-haiku-4-5-20251001-v1:0',
      'ap-south-1',
      tokens(10, 10),
      '0.000066',
    ],
    [
      'a geography that no source lists for Claude (5.5/27.5)',
      'ca.anthropic.claude-opus-5',
      'ca-central-1',
      tokens(2, 2),
      '0.000066',
    ],
    [
      'old Claude without uplift (3/15)',
      'us.anthropic.claude-sonnet-4-20250514-v1:0',
      'us-west-2',
      tokens(10000, 2000),
      '0.06',
    ],
    [
      'a model that only genai-prices has (8.8/44)',
      'us.anthropic.claude-fable-5-2',
      'us-east-1',
      tokens(1000, 1000),
      '0.0528',
    ],
    [
      'cache read at 0.025 times (0.25)',
      'global.anthropic.claude-fable-5-1',
      'us-east-1',
      tokens(0, 0, { cacheReadInputTokens: 1000000 }),
      '0.25',
    ],
    [
      'GovCloud Claude (3.6/18)',
      'anthropic.claude-sonnet-4-5-20250929-v1:0',
      'us-gov-east-1',
      tokens(1000, 1000),
      '0.0216',
    ],
    [
      'GovCloud Claude that follows the rule (6/30)',
      'us-gov.anthropic.claude-opus-4-7',
      'us-gov-west-1',
      tokens(1000, 1000),
      '0.036',
    ],
    ['Nova in Frankfurt (1.05/4.2)', 'eu.amazon.nova-pro-v1:0', 'eu-central-1', tokens(1000, 1000), '0.00525'],
    ['Nova in Dublin (0.92/3.68)', 'eu.amazon.nova-pro-v1:0', 'eu-west-1', tokens(1000, 1000), '0.0046'],
    [
      'Nova’s write at the input price (1.05)',
      'eu.amazon.nova-pro-v1:0',
      'eu-central-1',
      tokens(0, 0, { cacheWriteInputTokens: 2000 }),
      '0.0021',
    ],
    [
      'Nova’s read by the rule in London (0.2825)',
      'amazon.nova-pro-v1:0',
      'eu-west-2',
      tokens(0, 0, { cacheReadInputTokens: 1000 }),
      '0.0002825',
    ],
    [
      'Nova 2 global from Tokyo (0.36/3.01)',
      'global.amazon.nova-2-lite-v1:0',
      'ap-northeast-1',
      tokens(10000, 1000),
      '0.00661',
    ],
    [
      'Nova 2 in Sydney by the rule (0.352/2.893)',
      'apac.amazon.nova-2-lite-v1:0',
      'ap-southeast-2',
      tokens(1000, 1000),
      '0.003245',
    ],
    [
      'Llama where LiteLLM has the better row (0.32/0.65)',
      'meta.llama3-8b-instruct-v1:0',
      'eu-west-1',
      tokens(1000, 1000),
      '0.00097',
    ],
    [
      'DeepSeek under the other name of the list (0.696/2.016)',
      'deepseek.v3-v1:0',
      'eu-west-1',
      tokens(1000, 1000),
      '0.002712',
    ],
    [
      'a listed flex price (0.03/0.1)',
      'openai.gpt-oss-safeguard-20b',
      'us-east-1',
      tokens(1000, 1000, {}, { serviceTier: { type: 'flex' } }),
      '0.00013',
    ],
    [
      'a regional priority price (1.295/3.885)',
      'deepseek.v3.2',
      'ap-south-1',
      tokens(1000, 1000, {}, { serviceTier: { type: 'priority' } }),
      '0.00518',
    ],
    [
      'a geography’s flex price in a region of its default price (0.37/1.11)',
      'eu.deepseek.v3.2',
      'eu-west-1',
      tokens(1000, 1000, {}, { serviceTier: { type: 'flex' } }),
      '0.00148',
    ],
    ['272k and one token (20/75)', 'global.openai.gpt-6-astra', 'us-east-1', tokens(272001, 1000), '5.51502'],
    ['272k exactly (10/50)', 'global.openai.gpt-6-astra', 'us-east-1', tokens(272000, 1000), '2.77'],
    [
      '200k on Sonnet 4.5 (6.6/24.75)',
      'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
      'us-east-1',
      tokens(200001, 100),
      '1.3224816',
    ],
    [
      'a model whose window has no step (2.2/11)',
      'us.anthropic.claude-sonnet-5',
      'us-west-2',
      tokens(250000, 4000),
      '0.594',
    ],
    [
      'a served ultrafast tier (60/300)',
      'global.openai.gpt-6-astra',
      'us-east-1',
      tokens(1000, 1000, {}, { serviceTier: { type: 'ultrafast' } }),
      '0.36',
    ],
    [
      'a write of 30 minutes (5.5)',
      'us.openai.gpt-5.6-sol',
      'us-east-1',
      tokens(0, 0, { cacheWriteInputTokens: 1000, cacheDetails: [{ ttl: '30m', inputTokens: 1000 }] }),
      '0.0055',
    ],
    [
      'an ARN of a system profile (5.5/27.5)',
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-5-20251101-v1:0',
      'us-east-1',
      tokens(1000, 1000),
      '0.033',
    ],
  ])('%s', (_, model_id, source_region, fields, usd) => {
    expect(price({ model_id, source_region, ...fields })).toMatchObject({ usd, state: 'priced' })
  })

  it.each([
    [
      'flex in a region that only has a default price',
      'openai.gpt-oss-120b-1:0',
      'eu-central-1',
      tokens(1, 1, {}, { serviceTier: { type: 'flex' } }),
    ],
    [
      'a region that no source lists for a model whose price varies',
      'amazon.nova-pro-v1:0',
      'me-south-1',
      tokens(1, 1),
    ],
    ['a global profile that does not exist', 'global.amazon.nova-pro-v1:0', 'us-east-1', tokens(1, 1)],
    ['a place where the sources contradict each other', 'openai.gpt-5.4', 'us-gov-west-1', tokens(1, 1)],
    ['a new id that begins like a known one', 'us.anthropic.claude-sonnet-5-9', 'us-east-1', tokens(1, 1)],
    ['a name without the date that is part of the id', 'us.anthropic.claude-haiku-4-5', 'us-east-1', tokens(1, 1)],
    [
      'one-hour writes where no source has a price for them',
      'amazon.nova-pro-v1:0',
      'us-east-1',
      tokens(1, 1, { cacheWriteInputTokens: 5, cacheDetails: [{ ttl: '1h', inputTokens: 5 }] }),
    ],
    [
      'cached tokens of a model without any cache price',
      'meta.llama3-8b-instruct-v1:0',
      'us-east-1',
      tokens(1, 1, { cacheReadInputTokens: 5 }),
    ],
    ['seconds of a watched video', 'us.twelvelabs.pegasus-1-2-v1:0', 'us-west-2', tokens(0, 180)],
  ])('%s is unpriced with a reason', (_, model_id, source_region, fields) => {
    const result = price({ model_id, source_region, ...fields })
    expect(result).toMatchObject({ usd: null, state: 'unpriced' })
    expect(result.reason).toBeTruthy()
  })

  it.each([
    [
      'rerank by started hundreds (0.002)',
      'cohere.rerank-v3-5:0',
      { request: { documents: new Array(101).fill('d') }, body: { results: [] } },
      '0.004',
    ],
    [
      'images of the default grade (0.04)',
      'us.amazon.nova-canvas-v1:0',
      { request: {}, body: { images: ['a', 'b', 'c'] } },
      '0.12',
    ],
    [
      'Stable Diffusion XL over 50 steps (0.08)',
      'stability.stable-diffusion-xl-v1:0',
      { request: { steps: 51, width: 1024, height: 1024 }, body: { artifacts: [{}] } },
      '0.08',
    ],
    [
      'Titan’s text and image embedding (0.8 per million, 0.00006)',
      'amazon.titan-embed-image-v1',
      { request: { inputImage: 'x' }, headers: { 'X-Amzn-Bedrock-Input-Token-Count': '100' }, body: {} },
      '0.00014',
    ],
    [
      'Nova’s image embedding (0.00006)',
      'amazon.nova-2-multimodal-embeddings-v1:0',
      { request: { singleEmbeddingParams: { image: {} } }, body: { embeddings: [] } },
      '0.00006',
    ],
    [
      'Marengo’s text request (0.00007)',
      'us.twelvelabs.marengo-embed-2-7-v1:0',
      { request: { inputType: 'text' }, body: {} },
      '0.00007',
    ],
    [
      'Cohere’s embedding by header (0.12)',
      'cohere.embed-v4:0',
      { headers: { 'x-amzn-bedrock-input-token-count': '2048' }, body: {} },
      '0.00024576',
    ],
  ])('InvokeModel: %s', (_, model_id, usage, usd) => {
    expect(price({ operation: 'InvokeModel', model_id, usage })).toMatchObject({ usd, state: 'priced' })
  })

  it('prices speech tokens beside text tokens (3/12 and 0.33/2.75)', () => {
    const total = { input: { speechTokens: 1000, textTokens: 100 }, output: { speechTokens: 500, textTokens: 50 } }
    const usage = { chunks: [{ event: { usageEvent: { details: { total } } } }] }
    expect(
      price({ operation: 'InvokeModelWithBidirectionalStream', model_id: 'amazon.nova-2-sonic-v1:0', usage }),
    ).toMatchObject({ usd: '0.0091705' })
  })

  it('prices guardrail units by policy', () => {
    const usage = {
      body: {
        usage: {
          topicPolicyUnits: 3,
          contentPolicyUnits: 3,
          sensitiveInformationPolicyUnits: 3,
          wordPolicyUnits: 3,
          contentPolicyImageUnits: 2,
        },
      },
    }
    expect(price({ operation: 'ApplyGuardrail', model_id: 'abc123', usage })).toMatchObject({
      usd: '0.0027',
      state: 'priced',
    })
  })

  it('calls a free call priced at 0, as the cases do', () => {
    expect(
      price({ operation: 'CountTokens', model_id: 'anthropic.claude-sonnet-4-6', usage: { body: { inputTokens: 9 } } }),
    ).toEqual({ usd: '0', state: 'priced', price_row: null, reason: null })
  })

  it('takes the price of the time that the case names', () => {
    const fields = { model_id: 'us.openai.gpt-5.6-sol', ...tokens(1000, 0) }
    expect(price({ ...fields, at: '2026-08-20T10:00:00Z' }).usd).toBe('0.0055')
    expect(price({ ...fields, at: '2026-08-21T10:00:00Z' }).usd).toBe('0.0044')
  })

  it('keeps a cost below a nano-USD exact', () => {
    expect(price({ model_id: 'us.amazon.nova-micro-v1:0', ...tokens(0, 0, { cacheReadInputTokens: 1 }) }).usd).toBe(
      '0.00000000875',
    )
  })

  it.each([{}, { usage: null }, { usage: {} }, { usage: { metadata: null }, operation: 'ConverseStream' }])(
    'without any usage (%j) is unpriced',
    (fields) => {
      expect(price({ model_id: 'us.anthropic.claude-opus-5', ...fields })).toMatchObject({
        usd: null,
        state: 'unpriced',
        reason: 'the answer reports no usage',
      })
    },
  )
})

describe('a case that is not one', () => {
  it.each([
    [null, 'the case'],
    [[], 'operation'],
    ['x', 'the case'],
    [{ operation: 'Converse' }, 'model_id'],
    [{ operation: 'Converse', model_id: '' }, 'model_id'],
    [{ operation: 'Converse', model_id: 'a.b', usage: 'x' }, 'usage'],
    [{ operation: 'Converse', model_id: 'a.b', usage: { chunks: {} } }, 'usage.chunks'],
    [{ operation: 'Converse', model_id: 'a.b', usage: { headers: { a: [] } } }, 'usage.headers.a'],
    [{ operation: 'Converse', model_id: 'a.b', resolved_model_arns: [1] }, 'resolved_model_arns.0'],
    [{ operation: 'Converse', model_id: 'a.b', at: 'yesterday' }, 'at'],
  ])('%j is refused with the path of the fault', (given, path) => {
    const result = priceCase(given, context)
    expect(result.ok).toBe(false)
    if (!result.ok) expect(result.issues.join('\n')).toContain(`${path}: `)
  })
})
