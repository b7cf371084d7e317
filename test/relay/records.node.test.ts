/** The spend row to the letter: every field, its type and its value, for each operation and each way a call can end. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { type Answer, call, callIdOf, HELLO, lineOf, type Row, rowOf } from './calls.ts'

const NOVA = 'amazon.nova-micro-v1:0'
const ISO_MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const COUNT = { input: { converse: HELLO } }

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

/** The whole row of a call on the deployment `nova/us-east-1/1`; `facts` are what differs. */
function wholeRow(answer: Answer, facts: Record<string, unknown>): Record<string, unknown> {
  const awsRequestId = simulator.requests()[0]?.requestId
  const whole = { http_status: 200, usage: null, raw_usage: null, cost_nano_usd: '0', error_type: null, ...facts }
  const { error_type, ...rest } = whole
  const usage = whole.usage as Record<string, number> | null
  const consumed = usage === null ? {} : { usage, cost_nano_usd: whole.cost_nano_usd }
  const { inputTokens = 0, outputTokens = 0 } = usage ?? {}
  return {
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
    api_key: null,
    team_id: null,
    user: null,
    end_user: null,
    request_tags: [],
    metadata: {},
    status: 'success',
    verdict: 'complete',
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    spend: Number(whole.cost_nano_usd) / 1e9,
    cost_state: 'priced',
    cost_reason: null,
    price_row: expect.stringMatching(/^amazon\.nova-micro-v1\|region\|us-east-1\|default@.+/),
    service_tier: null,
    attempts: 1,
    fallbacks: 0,
    attempt_log: [
      {
        deployment: 'nova/us-east-1/1',
        region: 'us-east-1',
        status: whole.http_status,
        error_type,
        aws_request_id: awsRequestId,
        ms: expect.any(Number),
        ...consumed,
      },
    ],
    aws_request_id: awsRequestId,
    ms_to_headers: expect.any(Number),
    ms_total: expect.any(Number),
    ...rest,
  }
}

async function expectRow(answer: Answer, facts: Record<string, unknown>): Promise<void> {
  const row = await rowOf(gateway, answer)
  const { ms_to_first_frame, ...others } = row
  expect(others).toEqual(wholeRow(answer, facts))
  expect(ms_to_first_frame === null || typeof ms_to_first_frame === 'number').toBe(true)
  const { event: _event, ...line } = await lineOf(gateway, callIdOf(answer))
  const { spend: _spend, ...booked } = row
  expect(line).toEqual(booked)
}

describe('the whole row', () => {
  const usage = { inputTokens: 5, outputTokens: 19 }
  /** 35 and 140 nano-dollars a token: the catalogue's price of this model in us-east-1. */
  const cost_nano_usd = '2835'

  test('of Converse', async () => {
    const reported = { ...usage, totalTokens: 24 }
    await expectRow(await call(gateway, 'nova', 'converse'), {
      operation: 'Converse',
      usage: reported,
      raw_usage: reported,
      cost_nano_usd,
    })
  })

  test('of ConverseStream', async () => {
    const reported = { ...usage, totalTokens: 24 }
    await expectRow(await call(gateway, 'nova', 'converse-stream'), {
      operation: 'ConverseStream',
      usage: reported,
      raw_usage: reported,
      cost_nano_usd,
    })
  })

  test('of InvokeModel', async () => {
    const cached = { cacheReadInputTokens: 0, cacheWriteInputTokens: 0 }
    const answer = await call(gateway, 'nova', 'invoke')
    const row = await rowOf(gateway, answer)
    expect(row.usage).toMatchObject(usage)
    await expectRow(answer, {
      operation: 'InvokeModel',
      usage: expect.objectContaining(usage),
      raw_usage: expect.any(Object),
      cost_nano_usd,
      ...tokens(usage),
      ...attempted(row),
    })
    expect({ ...cached, ...(row.usage as object) }).toMatchObject(cached)
  })

  test('of InvokeModelWithResponseStream', async () => {
    const answer = await call(gateway, 'nova', 'invoke-with-response-stream')
    const row = await rowOf(gateway, answer)
    expect(row.usage).toMatchObject(usage)
    await expectRow(answer, {
      operation: 'InvokeModelWithResponseStream',
      usage: row.usage,
      raw_usage: expect.any(Array),
      cost_nano_usd,
      ...tokens(usage),
      ...attempted(row),
    })
  })

  test('of CountTokens, which is free', async () => {
    const answer = await call(gateway, 'nova', 'count-tokens', { body: COUNT })
    expect(answer.headers.get('x-litellm-response-cost')).toBe('0')
    await expectRow(answer, { operation: 'CountTokens', cost_state: 'free', price_row: null })
  })

  test('of an HTTP error, which costs nothing', async () => {
    simulator.fault(NOVA, { error: { name: 'ValidationException' } })
    const answer = await call(gateway, 'nova', 'converse')
    await expectRow(answer, {
      operation: 'Converse',
      status: 'failure',
      http_status: 400,
      verdict: 'exception',
      cost_state: 'failed',
      price_row: null,
      error_type: 'ValidationException',
    })
  })

  const tokens = ({ inputTokens, outputTokens }: typeof usage) => ({
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  })
  /** Usage of these two is compared by its counters above; here only its copy in the attempt has to be the same. */
  const attempted = ({ usage: reported, attempt_log }: Row) => {
    const [attempt] = attempt_log as Record<string, unknown>[]
    expect(attempt).toMatchObject({ usage: reported, cost_nano_usd, status: 200, error_type: null })
    return { attempt_log }
  }
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
    '%s of a model without a price is unpriced: cost and spend are null, no cost header',
    async (action) => {
      const answer = await call(gateway, 'unheard-of', action)
      expect(answer.headers.has('x-litellm-response-cost')).toBe(false)
      expect(await rowOf(gateway, answer)).toMatchObject({
        status: 'success',
        verdict: 'complete',
        cost_state: 'unpriced',
        cost_nano_usd: null,
        spend: null,
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
    expect(await rowOf(gateway, answer)).toMatchObject({
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
      expect(await rowOf(gateway, await call(gateway, 'nova', action, { body, headers }))).toMatchObject({
        ...said,
        metadata,
      })
    },
  )

  test('the metadata header of InvokeModel stands in the row', async () => {
    const sent = { ...headers, 'x-amzn-bedrock-request-metadata': '{"project":"x","stage":"y"}' }
    expect(await rowOf(gateway, await call(gateway, 'nova', 'invoke', { headers: sent }))).toMatchObject({
      ...said,
      metadata,
    })
  })

  test('metadata that is no JSON does not lose the row', async () => {
    const answer = await call(gateway, 'nova', 'converse', { headers: { 'x-litellm-spend-logs-metadata': '{oops' } })
    expect(answer.status).toBe(200)
    expect(JSON.stringify((await rowOf(gateway, answer)).metadata)).toContain('{oops')
  })

  test('a deployment with an id of its own is named by it', async () => {
    const answer = await call(gateway, 'named', 'converse')
    expect(answer.headers.get('x-litellm-model-id')).toBe('my-deployment')
    expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({ model_id: 'my-deployment', model_group: 'named' })
  })
})
