/** Upstreams that fail before an answer, answer with what is no answer, or with an error: what the client gets and what is booked. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { ERROR_NAMES, ERRORS } from '../simulator/errors.ts'
import { decodeFrames, call as directCall } from '../simulator/raw-client.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { type Answer, call, callIdOf, HELLO, lineOf, send } from './calls.ts'

const NOVA = 'amazon.nova-micro-v1:0'
const LITE = 'amazon.nova-lite-v1:0'

let simulator: Simulator
let gateway: RunningGateway
/** One attempt within a second. */
let hasty: RunningGateway

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1', 'us-west-2'], recordings: null })
  const closed = { aws_bedrock_runtime_endpoint: 'http://127.0.0.1:1' }
  const model_list = [
    deploymentOf(simulator, 'nova', NOVA, 'us-east-1'),
    deploymentOf(simulator, 'pair', LITE, 'us-east-1'),
    deploymentOf(simulator, 'pair', LITE, 'us-west-2'),
    deploymentOf(simulator, 'nowhere', NOVA, 'us-east-1', closed),
  ]
  const general_settings = { master_key: MASTER_KEY }
  // No cool-down, so that one test does not reach into the next.
  const router_settings = { num_retries: 0, cooldown_time: 0 }
  gateway = await startGateway({
    config: { model_list, general_settings, router_settings, litellm_settings: {} },
  })
  hasty = await startGateway({
    config: { model_list, general_settings, router_settings: { ...router_settings, timeout: 1, stream_timeout: 1 } },
  })
})
beforeEach(() => simulator.reset())
afterAll(async () => {
  await gateway?.stop()
  await hasty?.stop()
  await simulator?.close()
})

function expectAwsError(answer: Answer, status: number, type: string): void {
  expect({ status: answer.status, type: answer.headers.get('x-amzn-errortype') }).toEqual({ status, type })
  expect(answer.headers.get('content-type')).toBe('application/json')
  expect(answer.headers.get('x-amzn-requestid')).toMatch(/./)
  expect(JSON.parse(answer.text)).toEqual({ message: expect.stringMatching(/./) })
  expect(answer.text).not.toMatch(/<|127\.0\.0\.1|AKIA/)
}

function expectRetryHeaders({ headers }: Answer): void {
  const ms = Number(headers.get('x-amz-retry-after'))
  expect(ms).toBeGreaterThan(0)
  expect(headers.get('retry-after')).toBe(String(Math.ceil(ms / 1000)))
}

describe('no answer', () => {
  test.each([
    ['a connection that is reset before the headers', 'nova'],
    ['an endpoint where nobody listens', 'nowhere'],
  ])('%s is 503 with retry headers, and the attempt is in the row', async (_what, model) => {
    simulator.fault(NOVA, { resetBeforeHeaders: true })
    const answer = await call(gateway, model, 'converse')
    expectAwsError(answer, 503, 'ServiceUnavailableException')
    expectRetryHeaders(answer)
    expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({
      status: 'failure',
      http_status: 503,
      attempts: 1,
      attempt_log: [{ status: null, error_type: 'network', aws_request_id: null }],
      usage: null,
    })
  })

  test('a connection that is reset once is made up for by the other region, and both attempts are in the row', async () => {
    const { simulator: upstream, gateway: retrying, stop } = await pairWithRetries()
    try {
      upstream.fault(LITE, { resetBeforeHeaders: true }, { times: 1 })
      const answer = await call(retrying, 'pair', 'converse')
      expect(answer.status).toBe(200)
      expect(answer.headers.get('x-litellm-attempted-retries')).toBe('1')
      const line = await lineOf(retrying, callIdOf(answer))
      expect(line).toMatchObject({
        verdict: 'complete',
        attempts: 2,
        region: answer.headers.get('x-litellm-model-region'),
      })
      const [first, second] = line.attempt_log as Record<string, unknown>[]
      expect(first).toMatchObject({ status: null, error_type: 'network' })
      expect(second).toMatchObject({
        status: 200,
        error_type: null,
        region: line.region,
        cost_nano_usd: line.cost_nano_usd,
      })
      expect(first?.region).not.toBe(second?.region)
    } finally {
      await stop()
    }
  })

  test.each([
    ['converse', { hold: { at: 'headers' } }],
    ['converse-stream', { hold: { at: 'headers' } }],
    ['converse-stream', { hold: { at: 0 } }],
  ] as const)(
    'silence of %s beyond the timeout (%o) is 503, never 408, and the upstream is let go',
    async (action, fault) => {
      simulator.fault(NOVA, fault)
      const answer = await call(hasty, 'nova', action)
      expectAwsError(answer, 503, 'ServiceUnavailableException')
      expectRetryHeaders(answer)
      await simulator.until((requests) => requests[0]?.outcome === 'client-closed')
      const line = await lineOf(hasty, callIdOf(answer))
      expect(line).toMatchObject({ status: 'failure', http_status: 503, attempt_log: [{ error_type: 'timeout' }] })
      // AWS bills a generation that nobody waited for: what it cost is not known, so it is not nothing.
      expect(line.cost_nano_usd).not.toBe('0')
      expect(line.cost_reason).toMatch(/./)
    },
  )

  test('silence in the middle of a stream is not bounded by the timeout of its first word', async () => {
    simulator.fault(NOVA, { hold: { at: 2, ms: 1800 } })
    const answer = await call(hasty, 'nova', 'converse-stream')
    expect(decodeFrames(answer.bytes).at(-1)?.headers[':event-type']).toBe('metadata')
    expect(await lineOf(hasty, callIdOf(answer))).toMatchObject({ verdict: 'complete', cost_state: 'priced' })
  })
})

async function pairWithRetries() {
  const upstream = await startSimulator({ regions: ['us-east-1', 'us-west-2'], recordings: null })
  const model_list = ['us-east-1', 'us-west-2'].map((region) => deploymentOf(upstream, 'pair', LITE, region))
  const retrying = await startGateway({ config: { model_list, general_settings: { master_key: MASTER_KEY } } })
  const stop = async () => {
    await retrying.stop()
    await upstream.close()
  }
  return { simulator: upstream, gateway: retrying, stop }
}

describe('what is no answer', () => {
  const page = Buffer.from('<html><body>Bad gateway</body></html>').toString('base64')
  test.each([
    ['an HTML page with 503', { html: true }, 503, 'ServiceUnavailableException'],
    [
      'an HTML page with 502',
      { raw: { status: 502, headers: { 'content-type': 'text/html' }, bodyBase64: page } },
      502,
      'ServiceUnavailableException',
    ],
    [
      'an HTML page with 429',
      { raw: { status: 429, headers: { 'content-type': 'text/html' }, bodyBase64: page } },
      429,
      'ThrottlingException',
    ],
    [
      'an HTML page with 200',
      { raw: { status: 200, headers: { 'content-type': 'text/html' }, bodyBase64: page } },
      503,
      'ServiceUnavailableException',
    ],
    [
      'plain text with 500',
      { raw: { status: 500, headers: { 'content-type': 'text/plain' }, bodyBase64: 'b29wcw==' } },
      500,
      'ServiceUnavailableException',
    ],
  ] as const)('%s becomes an error in AWS form', async (_what, fault, status, type) => {
    simulator.fault(NOVA, fault)
    for (const action of ['converse', 'converse-stream']) {
      const answer = await call(gateway, 'nova', action)
      expectAwsError(answer, status, type)
      expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({
        status: 'failure',
        http_status: status,
        cost_nano_usd: '0',
      })
    }
  })

  test.each(['converse', 'converse-stream', 'invoke'])(
    'UnknownOperationException under 200 of %s is an error of ours and costs nothing',
    async (action) => {
      simulator.fault(NOVA, { unknownOperation: true })
      const answer = await call(gateway, 'nova', action)
      expectAwsError(answer, 500, 'InternalServerException')
      expect(answer.headers.has('x-litellm-response-cost')).toBe(false)
      expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({
        verdict: 'exception',
        status: 'failure',
        http_status: 500,
        cost_state: 'failed',
        cost_nano_usd: '0',
        attempt_log: [{ status: 200, error_type: 'UnknownOperationException' }],
      })
    },
  )
})

describe('errors of the upstream', () => {
  test.each(ERROR_NAMES)('%s passes with its status (424 for 408), its type and its bytes', async (name) => {
    const status = ERRORS[name].status === 408 ? 424 : ERRORS[name].status
    simulator.fault(NOVA, { error: { name } })
    const direct = await directCall(simulator.url, 'Converse', NOVA)
    const answer = await call(gateway, 'nova', 'converse')
    expect(answer).toMatchObject({ status, text: direct.body.toString() })
    expect(answer.headers.get('x-amzn-errortype')).toBe(direct.headers['x-amzn-errortype'])
    const line = await lineOf(gateway, callIdOf(answer))
    expect(answer.headers.get('x-amzn-requestid')).toBe(line.aws_request_id)
    expect(line).toMatchObject({
      verdict: 'exception',
      status: 'failure',
      http_status: status,
      cost_state: 'failed',
      cost_nano_usd: '0',
    })
    expect((line.attempt_log as object[]).at(-1)).toMatchObject({ status: ERRORS[name].status, error_type: name })
  })

  test.each([
    ['a capital Message', '{"Message":"no access"}'],
    ['unknown members and odd spaces', '{ "message" : "x", "new":[1.0] }\n'],
    ['no body', ''],
  ])('with %s pass unmodified', async (_what, body) => {
    const headers = {
      'content-type': 'application/json',
      'x-amzn-errortype': 'AccessDeniedException:http://internal.amazon.com/',
    }
    simulator.fault(NOVA, { raw: { status: 403, headers, bodyBase64: Buffer.from(body).toString('base64') } })
    const answer = await call(gateway, 'nova', 'converse')
    expect(answer).toMatchObject({ status: 403, text: body })
    expect(answer.headers.get('x-amzn-errortype')).toBe(headers['x-amzn-errortype'])
    expect(callIdOf(answer)).toMatch(/./)
  })

  test('that name a wait pass it on', async () => {
    simulator.fault(NOVA, { error: { name: 'ThrottlingException', headers: { 'retry-after': '7' } } })
    const { status, headers } = await call(gateway, 'nova', 'converse')
    expect({ status, seconds: headers.get('retry-after') }).toEqual({ status: 429, seconds: '7' })
    expect(['7000', null]).toContain(headers.get('x-amz-retry-after'))
  })
})

describe('answers beyond what is held in memory', () => {
  const MIB = 1024 * 1024
  test.each([
    ['with a length', 'converse', 'Converse', {}],
    // So far behind the end that it only makes the simulator leave the length out.
    ['without a length', 'converse', 'Converse', { endAfterBytes: 1e9 }],
    ['with a length', 'invoke', 'InvokeModel', {}],
  ] as const)('%s pass whole by %s and are priced by their end', async (_what, action, operation, more) => {
    const fault = { bodyBytes: 6 * MIB, ...more }
    simulator.fault(NOVA, fault)
    const direct = await directCall(simulator.url, operation, NOVA)
    expect(direct.body.length).toBeGreaterThan(6 * MIB)
    const answer = await call(gateway, 'nova', action)
    expect(Buffer.from(answer.bytes).equals(direct.body)).toBe(true)
    expect(answer.headers.has('x-litellm-response-cost')).toBe(false)
    const { usage } = JSON.parse(answer.text) as { usage: { inputTokens: number; outputTokens: number } }
    expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({
      verdict: 'complete',
      cost_state: 'priced',
      usage: { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens },
      // 35 and 140 nano-dollars a token: the catalogue's price of this model in us-east-1.
      cost_nano_usd: String(usage.inputTokens * 35 + usage.outputTokens * 140),
    })
  })

  test('that are cut are broken off for the client too, and what they cost is not known', async () => {
    simulator.fault(NOVA, { bodyBytes: 6 * MIB, cutAfterBytes: 5 * MIB })
    const response = await send(gateway, '/bedrock/model/nova/converse', { body: HELLO })
    await expect(response.arrayBuffer()).rejects.toThrow()
    const line = await lineOf(gateway, callIdOf(response))
    expect(line).toMatchObject({ verdict: 'cut', status: 'failure', cost_state: 'unpriced', cost_nano_usd: null })
  })
})
