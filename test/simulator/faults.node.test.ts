import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ERROR_NAMES, ERRORS, THROTTLING_MESSAGES } from './errors.ts'
import { call, decodeChunks, decodeFrames, HELLO, json } from './raw-client.ts'
import { type Simulator, startSimulator } from './server.ts'

const MODEL = 'anthropic.claude-sonnet-4-5-20250929-v1:0'
const CLAUDE_BODY = {
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Hi' }],
}

let simulator: Simulator

beforeAll(async () => {
  simulator = await startSimulator({ recordings: null })
})
beforeEach(() => simulator.reset())
afterAll(() => simulator.close())

describe('an error asked for', () => {
  test.each(ERROR_NAMES)('%s comes with its status, its type and a JSON message', async (name) => {
    simulator.fault(MODEL, { error: { name } })
    const answer = await call(simulator.url, 'ConverseStream', MODEL)
    expect(answer.status).toBe(ERRORS[name].status)
    expect(answer.headers['x-amzn-errortype']).toBe(`${name}:http://internal.amazon.com/coral/com.amazon.bedrock/`)
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/)
    expect(json(answer)).toEqual({ message: ERRORS[name].message })
  })

  test('takes a text, a capital Message, headers and the fields of ModelErrorException', async () => {
    simulator.fault(
      MODEL,
      {
        error: {
          name: 'ThrottlingException',
          message: THROTTLING_MESSAGES.tokensPerDay,
          headers: { 'retry-after': '7' },
        },
      },
      { times: 1 },
    )
    simulator.fault(
      MODEL,
      { error: { name: 'AccessDeniedException', capitalMessage: true, message: 'no' } },
      { times: 1 },
    )
    simulator.fault(
      MODEL,
      { error: { name: 'ModelErrorException', originalStatusCode: 429, resourceName: 'r', message: 'm' } },
      { times: 1 },
    )
    const throttled = await call(simulator.url, 'Converse', MODEL)
    expect(throttled.headers['retry-after']).toBe('7')
    expect(json(throttled).message).toBe('Too many tokens per day, please wait before trying again.')
    expect(json(await call(simulator.url, 'Converse', MODEL))).toEqual({ Message: 'no' })
    expect(json(await call(simulator.url, 'Converse', MODEL))).toEqual({
      message: 'm',
      originalStatusCode: 429,
      resourceName: 'r',
    })
  })
})

describe('which requests a fault strikes:', () => {
  const fail = { error: { name: 'InternalServerException' } } as const

  test('those of its model, operation and region, and no others', async () => {
    simulator.fault({ model: MODEL, operation: 'Converse' }, fail)
    simulator.fault({ region: 'us-east-1' }, fail)
    expect((await call(simulator.url, 'Converse', MODEL)).status).toBe(500)
    expect((await call(simulator.url, 'ConverseStream', MODEL)).status).toBe(200)
    expect((await call(simulator.url, 'Converse', 'amazon.nova-micro-v1:0')).status).toBe(200)
  })

  test('so many of them, after so many, and faults on the same model one after the other', async () => {
    simulator.fault(MODEL, fail, { times: 1, skip: 1 })
    simulator.fault(MODEL, { error: { name: 'ServiceUnavailableException' } }, { times: 2 })
    const statuses: (number | null)[] = []
    for (let turn = 0; turn < 5; turn += 1) statuses.push((await call(simulator.url, 'Converse', MODEL)).status)
    expect(statuses).toEqual([503, 500, 503, 200, 200])
  })

  test('until it is cleared by its id', async () => {
    const id = simulator.fault(MODEL, fail)
    expect((await call(simulator.url, 'Converse', MODEL)).status).toBe(500)
    simulator.clearFaults(id)
    expect((await call(simulator.url, 'Converse', MODEL)).status).toBe(200)
  })

  test('those whose model id ends in the name of one', async () => {
    expect((await call(simulator.url, 'Converse', 'anthropic.claude:fault-ModelTimeoutException')).status).toBe(408)
    const cut = await call(simulator.url, 'ConverseStream', 'anthropic.claude.fault-cut')
    expect(cut).toMatchObject({ status: 200, whole: false })
    expect((await call(simulator.url, 'Converse', 'anthropic.claude:fault-unheard-of')).status).toBe(200)
  })

  test('no request that is refused for its credential, and such a one does not use it up', async () => {
    simulator.fault(MODEL, fail, { times: 1 })
    expect((await call(simulator.url, 'Converse', MODEL, { headers: { authorization: '' } })).status).toBe(403)
    expect((await call(simulator.url, 'Converse', MODEL)).status).toBe(500)
  })
})

describe('instead of an answer comes', () => {
  test('status 200 with UnknownOperationException', async () => {
    simulator.fault(MODEL, { unknownOperation: true })
    const answer = await call(simulator.url, 'ConverseStream', MODEL)
    expect(answer.status).toBe(200)
    expect(json(answer)).toEqual({
      Output: { __type: 'com.amazon.coral.service#UnknownOperationException' },
      Version: '1.0',
    })
  })

  test('an HTML page with status 503', async () => {
    simulator.fault(MODEL, { html: true })
    const answer = await call(simulator.url, 'Converse', MODEL)
    expect(answer.status).toBe(503)
    expect(answer.headers['content-type']).toBe('text/html')
    expect(answer.body.toString()).toMatch(/^<html>/)
  })

  test('exactly the status, headers and bytes given', async () => {
    const bytes = Buffer.from([0, 255, 13, 10, 128])
    simulator.fault(MODEL, { raw: { status: 299, headers: { 'x-odd': 'yes' }, bodyBase64: bytes.toString('base64') } })
    const answer = await call(simulator.url, 'Converse', MODEL)
    expect(answer.status).toBe(299)
    expect(answer.headers['x-odd']).toBe('yes')
    expect(answer.headers['x-amzn-requestid']).toBeUndefined()
    expect(answer.body.equals(bytes)).toBe(true)
  })

  test('nothing: the connection is reset before a status line', async () => {
    simulator.fault(MODEL, { resetBeforeHeaders: true })
    const answer = await call(simulator.url, 'Converse', MODEL)
    expect(answer).toMatchObject({ status: null, whole: false })
    expect(simulator.requests()[0]?.outcome).toBe('reset')
  })
})

describe('the usage', () => {
  const cached = {
    inputTokens: 3,
    outputTokens: 227,
    cacheReadInputTokens: 10,
    cacheWriteInputTokens: 1712,
    cacheDetails: [
      { ttl: '5m', inputTokens: 1200 },
      { ttl: '1h', inputTokens: 512 },
    ],
  }

  test('given with cache reads and writes stands in Converse with their sum and the undocumented twins', async () => {
    simulator.fault(MODEL, { usage: cached })
    const twins = { cacheReadInputTokenCount: 10, cacheWriteInputTokenCount: 1712 }
    const expected = { ...cached, ...twins, totalTokens: 1952 }
    expect(json(await call(simulator.url, 'Converse', MODEL)).usage).toEqual(expected)
    const frames = decodeFrames((await call(simulator.url, 'ConverseStream', MODEL)).body)
    expect(frames.at(-1)?.headers[':event-type']).toBe('metadata')
    expect(frames.at(-1)?.payload.usage).toEqual(expected)
  })

  test('given stands in the headers, the body and the chunks of InvokeModel, the split by lifetime in the body only', async () => {
    simulator.fault(MODEL, { usage: cached })
    const invoke = await call(simulator.url, 'InvokeModel', MODEL, { body: CLAUDE_BODY })
    expect(invoke.headers).toMatchObject({
      'x-amzn-bedrock-input-token-count': '3',
      'x-amzn-bedrock-output-token-count': '227',
      'x-amzn-bedrock-cache-read-input-token-count': '10',
      'x-amzn-bedrock-cache-write-input-token-count': '1712',
    })
    const inBody = {
      input_tokens: 3,
      cache_read_input_tokens: 10,
      cache_creation_input_tokens: 1712,
      cache_creation: { ephemeral_5m_input_tokens: 1200, ephemeral_1h_input_tokens: 512 },
    }
    expect(json(invoke).usage).toEqual({ ...inBody, output_tokens: 227 })
    const chunks = decodeChunks(
      (await call(simulator.url, 'InvokeModelWithResponseStream', MODEL, { body: CLAUDE_BODY })).body,
    )
    expect(chunks[0]).toMatchObject({ type: 'message_start', message: { usage: inBody } })
    expect(chunks.at(-1)).toMatchObject({
      'amazon-bedrock-invocationMetrics': {
        inputTokenCount: 3,
        outputTokenCount: 227,
        cacheReadInputTokenCount: 10,
        cacheWriteInputTokenCount: 1712,
      },
    })
  })

  test('comes without its sum', async () => {
    simulator.fault(MODEL, { omitTotals: true })
    expect(Object.keys(json(await call(simulator.url, 'Converse', MODEL)).usage as object)).toEqual([
      'inputTokens',
      'outputTokens',
    ])
  })

  test('is missing everywhere when it is left out: no metadata event, no metrics, no headers', async () => {
    simulator.fault({}, { omitUsage: true })
    const frames = decodeFrames((await call(simulator.url, 'ConverseStream', MODEL)).body)
    expect(frames.at(-1)?.headers[':event-type']).toBe('messageStop')
    expect(json(await call(simulator.url, 'Converse', MODEL))).not.toHaveProperty('usage')
    const invoke = await call(simulator.url, 'InvokeModel', MODEL, { body: CLAUDE_BODY })
    expect(invoke.headers['x-amzn-bedrock-input-token-count']).toBeUndefined()
    expect(invoke.body.toString()).not.toMatch(/tokens/)
    for (const model of [MODEL, 'amazon.nova-micro-v1:0', 'meta.llama3', 'amazon.titan-text-lite-v1']) {
      const stream = await call(simulator.url, 'InvokeModelWithResponseStream', model, { body: CLAUDE_BODY })
      expect(JSON.stringify(decodeChunks(stream.body))).not.toMatch(
        /invocationMetrics|[tT]oken[a-z_]*[cC]ount":\d|_tokens":\d/,
      )
    }
  })
})

describe('the answer', () => {
  test('names the tier and the latency that served, whatever was asked for', async () => {
    simulator.fault(MODEL, { serviceTier: 'default', performanceLatency: 'standard' })
    const body = { ...HELLO, serviceTier: { type: 'priority' } }
    expect(json(await call(simulator.url, 'Converse', MODEL, { body }))).toMatchObject({
      serviceTier: { type: 'default' },
      performanceConfig: { latency: 'standard' },
    })
    const invoke = await call(simulator.url, 'InvokeModel', MODEL, { body: CLAUDE_BODY })
    expect(invoke.headers).toMatchObject({
      'x-amzn-bedrock-service-tier': 'default',
      'x-amzn-bedrock-performanceconfig-latency': 'standard',
    })
  })

  test('has the text that was given', async () => {
    simulator.fault(MODEL, { text: 'Grüße aus 東京' })
    expect(json(await call(simulator.url, 'Converse', MODEL))).toMatchObject({
      output: { message: { content: [{ text: 'Grüße aus 東京' }] } },
    })
  })

  test('that is not streamed has as many bytes as asked for, and arrives whole', async () => {
    simulator.fault(MODEL, { bodyBytes: 5_000_000 })
    const answer = await call(simulator.url, 'Converse', MODEL)
    expect(answer.body.byteLength).toBeGreaterThanOrEqual(5_000_000)
    expect(Number(answer.headers['content-length'])).toBe(answer.body.byteLength)
    expect(json(answer)).toMatchObject({ stopReason: 'end_turn' })
  })

  test('has ten thousand frames, or large ones, when they are asked for', async () => {
    simulator.fault(MODEL, { frames: 10_000 }, { times: 1 })
    simulator.fault(MODEL, { frames: 3, frameChars: 200_000 }, { times: 1 })
    const many = decodeFrames((await call(simulator.url, 'ConverseStream', MODEL)).body)
    expect(many.filter(({ headers }) => headers[':event-type'] === 'contentBlockDelta')).toHaveLength(10_000)
    expect(many.at(-1)?.payload.usage).toMatchObject({ outputTokens: 10_000 })
    const large = await call(simulator.url, 'ConverseStream', MODEL)
    expect(large.body.byteLength).toBeGreaterThan(600_000)
    expect(decodeFrames(large.body)).toHaveLength(7)
  })
})
