/** The spend row to the letter: every field, its type and its value, for each operation and each way a call can end. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { type Answer, call, callIdOf, HELLO, lineOf, rowOf, rowsAndLines, rowsWhere } from './calls.ts'

const NOVA = 'amazon.nova-micro-v1:0'
const ISO_MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

let simulator: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1'], recordings: null })
  const named = { ...deploymentOf(simulator, 'named', NOVA, 'us-east-1'), model_info: { id: 'my-deployment' } }
  const model_list = [
    deploymentOf(simulator, 'nova', NOVA, 'us-east-1'),
    named,
    deploymentOf(simulator, 'unheard-of', 'acme.unheard-of-v1:0', 'us-east-1'),
  ]
  const router_settings = { num_retries: 0, cooldown_time: 0 }
  gateway = await startGateway({
    config: { model_list, router_settings, general_settings: { master_key: MASTER_KEY } },
  })
})
beforeEach(() => simulator.reset())
afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

const COUNTED = { inputTokens: 5, outputTokens: 19, totalTokens: 24 }
const CACHED = { cacheReadInputTokens: 0, cacheWriteInputTokens: 0 }
const CACHED_COUNTS = { cacheReadInputTokenCount: 0, cacheWriteInputTokenCount: 0 }

/** What a row of the simulator's answer to HELLO holds beside what all rows have. 35 and 140 nano-dollars a token: the catalogue's price. */
const PRICED = {
  cost_state: 'priced',
  cost_nano_usd: '2835',
  spend: 0.000002835,
  price_row: expect.stringMatching(/^amazon\.nova-micro-v1\|region\|us-east-1\|default@.+/),
  prompt_tokens: 5,
  completion_tokens: 19,
  total_tokens: 24,
}
const NO_TOKENS = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, usage: null, raw_usage: null }
const FREE = { ...NO_TOKENS, cost_state: 'free', cost_nano_usd: '0', spend: 0, price_row: null }

type Case = {
  operation: string
  action: string
  body?: Record<string, unknown>
  error?: 'ValidationException'
  facts: Record<string, unknown>
}

const CASES: Case[] = [
  { operation: 'Converse', action: 'converse', facts: { ...PRICED, usage: COUNTED, raw_usage: COUNTED } },
  { operation: 'ConverseStream', action: 'converse-stream', facts: { ...PRICED, usage: COUNTED, raw_usage: COUNTED } },
  {
    operation: 'InvokeModel',
    action: 'invoke',
    facts: {
      ...PRICED,
      usage: { ...COUNTED, ...CACHED },
      raw_usage: {
        'x-amzn-bedrock-input-token-count': '5',
        'x-amzn-bedrock-output-token-count': '19',
        usage: { ...COUNTED, ...CACHED_COUNTS },
      },
    },
  },
  {
    operation: 'InvokeModelWithResponseStream',
    action: 'invoke-with-response-stream',
    facts: {
      ...PRICED,
      usage: { inputTokens: 5, outputTokens: 19, ...CACHED },
      raw_usage: [
        {
          metadata: { usage: { inputTokens: 5, outputTokens: 19, ...CACHED_COUNTS } },
          'amazon-bedrock-invocationMetrics': expect.objectContaining({ inputTokenCount: 5, outputTokenCount: 19 }),
        },
      ],
    },
  },
  { operation: 'CountTokens', action: 'count-tokens', body: { input: { converse: HELLO } }, facts: FREE },
  {
    operation: 'Converse',
    action: 'converse',
    error: 'ValidationException',
    facts: { ...FREE, cost_state: 'failed', status: 'failure', http_status: 400, verdict: 'exception' },
  },
]

describe('the whole row', () => {
  const made: { answer: Answer; awsRequestId: string }[] = []

  // All calls first, so that their rows come in one batch.
  beforeAll(async () => {
    for (const { action, body, error } of CASES) {
      simulator.reset()
      if (error !== undefined) simulator.fault(NOVA, { error: { name: error } })
      const answer = await call(gateway, 'nova', action, body === undefined ? {} : { body })
      made.push({ answer, awsRequestId: simulator.requests()[0]?.requestId ?? '' })
    }
  })

  test.each(CASES.map((one, index) => ({ ...one, index, how: one.error ?? 'success' })))(
    'of $operation with $how',
    async (one) => {
      const { answer, awsRequestId } = made[one.index] as (typeof made)[number]
      const row = await rowOf(gateway, answer)
      const { usage, cost_nano_usd, http_status } = { http_status: 200, ...one.facts } as Record<string, unknown>
      const whole = {
        request_id: callIdOf(answer),
        client_call_id: null,
        client_invocation_id: null,
        startTime: expect.stringMatching(ISO_MS),
        endTime: expect.stringMatching(ISO_MS),
        model_group: 'nova',
        model: NOVA,
        model_id: 'nova/us-east-1/1',
        region: 'us-east-1',
        api_base: new URL(simulator.url).host,
        operation: one.operation,
        api_key: null,
        team_id: null,
        user: null,
        end_user: null,
        request_tags: [],
        metadata: {},
        metadata_truncated: false,
        routed_model: null,
        status: 'success',
        http_status,
        verdict: 'complete',
        known_cost_nano_usd: null,
        cost_missing: [],
        cost_reason: null,
        service_tier: null,
        attempts: 1,
        fallbacks: 0,
        attempt_log: [
          {
            deployment: 'nova/us-east-1/1',
            region: 'us-east-1',
            status: http_status,
            error_type: one.error ?? null,
            aws_request_id: awsRequestId,
            ms: expect.any(Number),
            ...(usage === null ? {} : { usage, cost_nano_usd }),
          },
        ],
        aws_request_id: awsRequestId,
        ms_to_headers: expect.any(Number),
        ms_to_first_frame: expect.toSatisfy((value) => value === null || typeof value === 'number'),
        ms_total: expect.any(Number),
        ...one.facts,
      }
      expect(row).toEqual(whole)
    },
  )

  test('names its cost in the header of an answer that is not streamed', () => {
    const costs = made.map(({ answer }) => answer.headers.get('x-litellm-response-cost'))
    expect(costs).toEqual(['0.000002835', null, '0.000002835', null, '0', null])
  })
})

describe('times', () => {
  test.each([
    ['converse', 0],
    ['converse-stream', 1],
    ['invoke-with-response-stream', 1],
  ])('of %s are as the client saw them', async (action, at) => {
    simulator.fault(NOVA, { hold: { at, ms: 300 } })
    const line = await lineOf(gateway, callIdOf(await call(gateway, 'nova', action)))
    const { startTime, endTime, ms_to_headers, ms_to_first_frame, ms_total } = line
    expect(Date.parse(String(endTime)) - Date.parse(String(startTime))).toBe(ms_total)
    expect(ms_total).toBeGreaterThanOrEqual(290)
    expect(ms_to_headers).toBeLessThanOrEqual(Number(ms_total))
    // Nothing of a body is at a client before its headers are.
    if (ms_to_first_frame !== null) expect(ms_to_first_frame).toBeGreaterThanOrEqual(Number(ms_to_headers))
    if (at > 0) expect(Number(ms_total) - Number(ms_to_first_frame)).toBeGreaterThanOrEqual(250)
  })
})

describe('what is not known', () => {
  test.each(['converse', 'converse-stream'])(
    '%s of a model without a price is unpriced: its cost is null, and no header names one',
    async (action) => {
      const answer = await call(gateway, 'unheard-of', action)
      expect(answer.headers.has('x-litellm-response-cost')).toBe(false)
      expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({
        status: 'success',
        verdict: 'complete',
        cost_state: 'unpriced',
        cost_nano_usd: null,
        price_row: null,
        cost_reason: expect.stringMatching(/acme\.unheard-of/),
        prompt_tokens: 5,
      })
    },
  )

  test.each(['converse', 'invoke'])('%s without usage is unpriced, not free', async (action) => {
    simulator.fault(NOVA, { omitUsage: true })
    const answer = await call(gateway, 'nova', action)
    expect(answer.headers.has('x-litellm-response-cost')).toBe(false)
    const line = await lineOf(gateway, callIdOf(answer))
    expect(line).toMatchObject({
      cost_state: 'unpriced',
      cost_nano_usd: null,
      usage: null,
      cost_reason: expect.stringMatching(/usage/),
    })
  })

  test.each([
    ['negative', { inputTokens: -5, outputTokens: 7, totalTokens: 2 }],
    ['no number', { inputTokens: 5, outputTokens: 'seven', totalTokens: 2 }],
    ['no whole number', { inputTokens: 5.5, outputTokens: 7 }],
  ])('a counter that is %s makes the row an estimate and is kept as it came', async (_what, usage) => {
    const body = JSON.stringify({ output: {}, stopReason: 'end_turn', usage })
    const headers = { 'content-type': 'application/json' }
    simulator.fault(NOVA, { raw: { status: 200, headers, bodyBase64: Buffer.from(body).toString('base64') } })
    const answer = await call(gateway, 'nova', 'converse')
    expect(answer).toMatchObject({ status: 200, text: body })
    expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({
      cost_state: 'estimated',
      raw_usage: usage,
      cost_reason: expect.stringMatching(/Tokens/),
    })
  })
})

describe('what the client says', () => {
  const headers = {
    'x-litellm-tags': 'team-a, nightly',
    'x-litellm-spend-logs-metadata': '{"job":7,"deep":{"a":[1]}}',
    'x-litellm-customer-id': 'customer-1',
    'x-litellm-call-id': 'their-id',
    'amz-sdk-invocation-id': 'their-sdk-id',
  }
  const said = {
    request_tags: ['team-a', 'nightly'],
    end_user: 'customer-1',
    client_call_id: 'their-id',
    client_invocation_id: 'their-sdk-id',
  }
  const metadata = { job: 7, deep: { a: [1] }, requestMetadata: { project: 'x', stage: 'y' } }

  test.each(['converse', 'converse-stream'])(
    'tags, metadata, customer and requestMetadata of %s stand in the row',
    async (action) => {
      const body = { ...HELLO, requestMetadata: { project: 'x', stage: 'y' } }
      const answer = await call(gateway, 'nova', action, { body, headers })
      expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({ ...said, metadata })
    },
  )

  test('the metadata header of InvokeModel stands in the row', async () => {
    const sent = { ...headers, 'x-amzn-bedrock-request-metadata': '{"project":"x","stage":"y"}' }
    const answer = await call(gateway, 'nova', 'invoke', { headers: sent })
    expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({ ...said, metadata })
  })

  test('metadata that is no JSON does not lose the row', async () => {
    const answer = await call(gateway, 'nova', 'converse', { headers: { 'x-litellm-spend-logs-metadata': '{oops' } })
    expect(answer.status).toBe(200)
    expect(JSON.stringify((await lineOf(gateway, callIdOf(answer))).metadata)).toContain('{oops')
  })

  test('a deployment with an id of its own is named by it', async () => {
    const answer = await call(gateway, 'named', 'converse')
    expect(answer.headers.get('x-litellm-model-id')).toBe('my-deployment')
    expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({ model_id: 'my-deployment', model_group: 'named' })
  })
})

test('every row of these calls says what its line in the log says, and what has no cost has no spend', async () => {
  const { rows, lines } = await rowsAndLines(gateway)
  expect(lines.length).toBeGreaterThan(15)
  expect(rows).toEqual(lines)
  for (const { cost_nano_usd, spend } of await rowsWhere(gateway, '', 0)) {
    expect(spend).toBe(cost_nano_usd === null ? null : Number(cost_nano_usd) / 1e9)
  }
})
