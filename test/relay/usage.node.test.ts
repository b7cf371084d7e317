/** Money of real calls: usage from wherever an operation reports it, times the price that holds for it. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import type { Fault } from '../simulator/faults.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { CLAUDE_HELLO, call, callIdOf, HELLO, lineOf, type Row } from './calls.ts'

const CLAUDE = 'anthropic.claude-sonnet-4-5-20250929-v1:0'
const MISTRAL = 'mistral.mistral-7b-instruct-v0:2'

/** USD per token in every way in which a person may write it. */
const PRICES = {
  input_cost_per_token: '3e-06',
  output_cost_per_token: 0.000015,
  cache_read_input_token_cost: '0.0000003',
  cache_creation_input_token_cost: '3.75E-6',
  cache_creation_input_token_cost_above_1hr: 6e-6,
}
/** The same in nano-dollars. */
const NANO = { input: 3000n, output: 15_000n, cacheRead: 300n, cacheWrite: 3750n, cacheWrite1h: 6000n }

let simulator: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1', 'eu-west-1'], recordings: null })
  const profile = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abcdef123456'
  const model_list = [
    deploymentOf(simulator, 'own-claude', CLAUDE, 'us-east-1', PRICES),
    deploymentOf(simulator, 'own-nova', 'amazon.nova-pro-v1:0', 'us-east-1', PRICES),
    deploymentOf(simulator, 'own-mistral', MISTRAL, 'us-east-1', PRICES),
    deploymentOf(simulator, 'own-titan', 'amazon.titan-text-express-v1', 'us-east-1', PRICES),
    deploymentOf(simulator, 'own-llama', 'meta.llama3-8b-instruct-v1:0', 'us-east-1', PRICES),
    { ...deploymentOf(simulator, 'own-info', 'amazon.nova-micro-v1:0', 'us-east-1'), model_info: { ...PRICES } },
    deploymentOf(simulator, 'half-priced', 'acme.unheard-of-v1:0', 'us-east-1', { input_cost_per_token: '3e-06' }),
    deploymentOf(simulator, 'micro', 'amazon.nova-micro-v1:0', 'us-east-1'),
    deploymentOf(simulator, 'tiers', 'amazon.nova-pro-v1:0', 'us-east-1'),
    deploymentOf(simulator, 'in-region', CLAUDE, 'us-east-1'),
    deploymentOf(simulator, 'in-region-eu', CLAUDE, 'eu-west-1'),
    deploymentOf(simulator, 'geo', `us.${CLAUDE}`, 'us-east-1'),
    deploymentOf(simulator, 'global', `global.${CLAUDE}`, 'us-east-1'),
    { ...deploymentOf(simulator, 'profile', profile, 'us-east-1'), model_info: { base_model: `global.${CLAUDE}` } },
    deploymentOf(simulator, 'unnamed-profile', `${profile}x`, 'us-east-1'),
  ]
  gateway = await startGateway({ config: { model_list, general_settings: { master_key: MASTER_KEY } } })
})
beforeEach(() => simulator.reset())
afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

async function lineAfter(
  model: string,
  action: string,
  fault: Fault,
  body: Record<string, unknown> = HELLO,
): Promise<Row & { header: string | null }> {
  simulator.fault({}, fault)
  const answer = await call(gateway, model, action, { body })
  expect(answer.status).toBe(200)
  return { ...(await lineOf(gateway, callIdOf(answer))), header: answer.headers.get('x-litellm-response-cost') }
}

describe('usage is found where the operation reports it', () => {
  const usage = { inputTokens: 1234, outputTokens: 567 }
  const cost_nano_usd = String(1234n * NANO.input + 567n * NANO.output)
  test.each([
    ['the body of Converse', 'own-claude', 'converse', HELLO],
    ['the metadata event of ConverseStream', 'own-claude', 'converse-stream', HELLO],
    ['the headers of InvokeModel', 'own-mistral', 'invoke', { prompt: 'hello' }],
    ['the body of Anthropic', 'own-claude', 'invoke', CLAUDE_HELLO],
    ['the chunks of Anthropic', 'own-claude', 'invoke-with-response-stream', CLAUDE_HELLO],
    [
      'the invocation metrics of a family that counts nothing itself',
      'own-mistral',
      'invoke-with-response-stream',
      { prompt: 'hello' },
    ],
    ['the chunks of Titan', 'own-titan', 'invoke-with-response-stream', { inputText: 'hello' }],
    ['the chunks of Llama', 'own-llama', 'invoke-with-response-stream', { prompt: 'hello' }],
    ['the body of Nova', 'own-nova', 'invoke', HELLO],
    ['the chunks of Nova', 'own-nova', 'invoke-with-response-stream', HELLO],
  ])('%s', async (_where, model, action, body) => {
    const line = await lineAfter(model, action, { usage }, body)
    expect(line).toMatchObject({
      usage,
      cost_state: 'priced',
      cost_nano_usd,
      price_row: expect.stringMatching(/^deployment/),
    })
    expect(line).toMatchObject({ prompt_tokens: 1234, completion_tokens: 567, total_tokens: 1801 })
  })

  test('and a sum that is missing is not missed', async () => {
    expect(await lineAfter('own-claude', 'converse', { usage, omitTotals: true })).toMatchObject({
      cost_state: 'priced',
      cost_nano_usd,
      total_tokens: 1801,
    })
  })
})

describe('cached tokens are priced by what was done with them, and by how long they are kept', () => {
  const usage = {
    inputTokens: 10,
    outputTokens: 20,
    cacheReadInputTokens: 1000,
    cacheWriteInputTokens: 1700,
    cacheDetails: [
      { ttl: '5m', inputTokens: 1200 },
      { ttl: '1h', inputTokens: 500 },
    ],
  }
  const nano =
    10n * NANO.input + 20n * NANO.output + 1000n * NANO.cacheRead + 1200n * NANO.cacheWrite + 500n * NANO.cacheWrite1h
  const counted = { inputTokens: 10, outputTokens: 20, cacheReadInputTokens: 1000, cacheWriteInputTokens: 1700 }

  test.each([
    ['Converse', 'converse', HELLO],
    ['ConverseStream', 'converse-stream', HELLO],
    ['InvokeModel of Anthropic', 'invoke', CLAUDE_HELLO],
    ['InvokeModelWithResponseStream of Anthropic', 'invoke-with-response-stream', CLAUDE_HELLO],
  ])('%s', async (_what, action, body) => {
    const line = await lineAfter('own-claude', action, { usage }, body)
    expect(line).toMatchObject({ usage: counted, cost_state: 'priced', cost_nano_usd: String(nano) })
    expect((line.usage as typeof usage).cacheDetails).toEqual(expect.arrayContaining(usage.cacheDetails))
    expect(line).toMatchObject({ prompt_tokens: 2710, completion_tokens: 20, total_tokens: 2730 })
  })
})

describe("the deployment's own prices", () => {
  test.each([
    ['win over the catalogue', 'own-nova'],
    ['count in model_info too', 'own-info'],
  ])('%s', async (_what, model) => {
    const line = await lineAfter(model, 'converse', { usage: { inputTokens: 1, outputTokens: 1 } })
    expect(line).toMatchObject({ cost_nano_usd: '18000', header: '0.000018' })
  })

  test('that leave out a meter which was used price nothing', async () => {
    const line = await lineAfter('half-priced', 'converse', {})
    expect(line).toMatchObject({
      cost_state: 'unpriced',
      cost_nano_usd: null,
      cost_reason: expect.stringMatching(/output/),
      header: null,
    })
  })
})

describe('the catalogue', () => {
  const usage = { inputTokens: 1000, outputTokens: 100 }
  test.each([
    // In the region and behind a geography, newer Claude costs 10 % more than behind the global profile.
    ['in-region', 3300n * 1000n + 16_500n * 100n, /^anthropic\.claude-sonnet-4-5-20250929-v1\|region\|/],
    ['in-region-eu', 3300n * 1000n + 16_500n * 100n, /\|region\|/],
    ['geo', 3300n * 1000n + 16_500n * 100n, /\|geo\|/],
    ['global', 3000n * 1000n + 15_000n * 100n, /\|global\|/],
    ['profile', 3000n * 1000n + 15_000n * 100n, /\|global\|/],
  ])('prices %s by its scope', async (model, nano, row) => {
    const line = await lineAfter(model, 'converse', { usage })
    expect(line).toMatchObject({
      cost_state: 'priced',
      cost_nano_usd: String(nano),
      price_row: expect.stringMatching(row),
    })
  })

  test('does not guess what a profile without base_model stands for', async () => {
    const line = await lineAfter('unnamed-profile', 'converse', { usage })
    expect(line).toMatchObject({
      cost_state: 'unpriced',
      cost_nano_usd: null,
      cost_reason: expect.stringMatching(/base_model/),
      usage,
    })
  })

  test('prices a prompt beyond 200,000 tokens at the higher rate as a whole', async () => {
    const line = await lineAfter('global', 'converse', { usage: { inputTokens: 200_001, outputTokens: 10 } })
    expect(line.cost_nano_usd).toBe(String(6000n * 200_001n + 22_500n * 10n))
  })

  test.each([
    // 8.75 nano-dollars for each token that Nova Micro reads from its cache in us-east-1.
    [1, '9', '0.00000000875'],
    [2, '18', '0.0000000175'],
    [3, '26', '0.00000002625'],
  ])('rounds a cost once, half up, in the row, and not in the header (%i tokens)', async (tokens, nano, header) => {
    const line = await lineAfter('micro', 'converse', {
      usage: { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: tokens },
    })
    expect(line).toMatchObject({ cost_state: 'priced', cost_nano_usd: nano, header })
  })
})

describe('the tier that served decides, not the one asked for', () => {
  const usage = { inputTokens: 1000, outputTokens: 100 }
  const asked = { ...HELLO, serviceTier: { type: 'priority' } }
  test.each([
    ['priority', 1400n * 1000n + 5600n * 100n],
    ['flex', 400n * 1000n + 1600n * 100n],
    ['default', 800n * 1000n + 3200n * 100n],
  ])('%s', async (serviceTier, nano) => {
    for (const action of ['converse', 'converse-stream']) {
      const line = await lineAfter('tiers', action, { usage, serviceTier }, asked)
      expect(line).toMatchObject({ service_tier: serviceTier, cost_state: 'priced', cost_nano_usd: String(nano) })
      expect(line.price_row).toContain(`|${serviceTier}@`)
      simulator.reset()
    }
  })

  test('of InvokeModel stands in a header', async () => {
    const line = await lineAfter('tiers', 'invoke', { usage, serviceTier: 'flex' })
    expect(line).toMatchObject({ service_tier: 'flex', cost_nano_usd: String(400n * 1000n + 1600n * 100n) })
  })

  test('and a tier or a latency without a price is unpriced', async () => {
    expect(await lineAfter('tiers', 'converse', { usage, serviceTier: 'sometier' })).toMatchObject({
      cost_state: 'unpriced',
      cost_nano_usd: null,
    })
    simulator.reset()
    expect(await lineAfter('tiers', 'converse', { usage, performanceLatency: 'optimized' })).toMatchObject({
      cost_state: 'unpriced',
      cost_nano_usd: null,
    })
  })
})
