import {
  BedrockRuntimeClient,
  ConverseCommand,
  ConverseStreamCommand,
  CountTokensCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
} from '@aws-sdk/client-bedrock-runtime'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OPERATIONS } from '../../src/bedrock/operations/table.ts'
import { SIMULATOR_ACCESS_KEY_ID, SIMULATOR_SECRET_ACCESS_KEY } from './auth.ts'
import { SIMULATED_OPERATIONS } from './operations.ts'
import { call, callPath, collect, decodeChunks, decodeFrames, HELLO, json } from './raw-client.ts'
import { type Simulator, startSimulator } from './server.ts'

const CLAUDE = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
const PROFILE_ARN = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123'

let simulator: Simulator
let client: BedrockRuntimeClient

beforeAll(async () => {
  simulator = await startSimulator({ recordings: null })
  client = new BedrockRuntimeClient({
    endpoint: simulator.url,
    region: 'eu-west-1',
    requestHandler: new NodeHttpHandler(),
    credentials: { accessKeyId: SIMULATOR_ACCESS_KEY_ID, secretAccessKey: SIMULATOR_SECRET_ACCESS_KEY },
  })
})
afterAll(async () => {
  client.destroy()
  await simulator.close()
})

const messages = [{ role: 'user' as const, content: [{ text: 'Say this is a test' }] }]
const claudeBody = {
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Hello there' }],
}

describe('the AWS SDK for JavaScript, signing with SigV4,', () => {
  test('gets a Converse answer with text, stop reason and a usage that adds up', async () => {
    const answer = await client.send(new ConverseCommand({ modelId: CLAUDE, messages }))
    expect(answer.output?.message?.content?.[0]?.text).toContain('Say this is a test')
    expect(answer.stopReason).toBe('end_turn')
    expect(answer.usage?.inputTokens).toBe(5)
    expect(answer.usage?.totalTokens).toBe((answer.usage?.inputTokens ?? 0) + (answer.usage?.outputTokens ?? 0))
    expect(answer.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('gets the events of ConverseStream in order, with metadata last', async () => {
    const answer = await client.send(new ConverseStreamCommand({ modelId: PROFILE_ARN, messages }))
    const events = await collect(answer.stream)
    const names = events.map((event) => Object.keys(event)[0])
    expect(names[0]).toBe('messageStart')
    expect(names.slice(-3)).toEqual(['contentBlockStop', 'messageStop', 'metadata'])
    const text = events.map((event) => event.contentBlockDelta?.delta?.text ?? '').join('')
    expect(text).toBe(`This is a simulated answer of ${PROFILE_ARN} to: Say this is a test`)
    expect(events.at(-1)?.metadata?.usage?.inputTokens).toBe(5)
  })

  test('gets an InvokeModel body of the model family', async () => {
    const answer = await client.send(new InvokeModelCommand({ modelId: CLAUDE, body: JSON.stringify(claudeBody) }))
    const body = JSON.parse(answer.body.transformToString()) as { content: { text: string }[]; usage: object }
    expect(body.content[0]?.text).toContain('Hello there')
    expect(body.usage).toMatchObject({ input_tokens: 3 })
  })

  test('gets the chunks of InvokeModelWithResponseStream', async () => {
    const input = { modelId: CLAUDE, body: JSON.stringify(claudeBody) }
    const answer = await client.send(new InvokeModelWithResponseStreamCommand(input))
    const chunks = (await collect(answer.body)).map(
      (event) => JSON.parse(Buffer.from(event.chunk?.bytes ?? []).toString()) as { type: string },
    )
    expect(chunks.map((chunk) => chunk.type).filter((type) => type !== 'content_block_delta')).toEqual([
      'message_start',
      'content_block_start',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
  })

  test('counts the same tokens with CountTokens as the call reports', async () => {
    const converse = await client.send(new CountTokensCommand({ modelId: CLAUDE, input: { converse: { messages } } }))
    expect(converse.inputTokens).toBe(5)
    const blob = Buffer.from(JSON.stringify(claudeBody))
    const invoke = await client.send(
      new CountTokensCommand({ modelId: CLAUDE, input: { invokeModel: { body: blob } } }),
    )
    expect(invoke.inputTokens).toBe(3)
  })
})

describe('the wire', () => {
  test('has every frame with the three headers in the order of Bedrock and padding of varying length', async () => {
    const answer = await call(simulator.url, 'ConverseStream', CLAUDE)
    expect(answer.headers['content-type']).toBe('application/vnd.amazon.eventstream')
    expect(answer.headers['transfer-encoding']).toBe('chunked')
    const frames = decodeFrames(answer.body)
    for (const { headers, payload } of frames) {
      expect(Object.keys(headers)).toEqual([':event-type', ':content-type', ':message-type'])
      expect(headers).toMatchObject({ ':content-type': 'application/json', ':message-type': 'event' })
      expect(payload.p).toMatch(/^ab[a-zA-Z0-9]*$/)
      expect(Object.keys(payload)).toEqual(Object.keys(payload).sort())
    }
    expect(new Set(frames.map(({ payload }) => String(payload.p).length)).size).toBeGreaterThan(frames.length / 2)
  })

  test('has the token counts of InvokeModel in headers, and of no other operation', async () => {
    const invoke = await call(simulator.url, 'InvokeModel', CLAUDE, { body: claudeBody })
    expect(invoke.headers).toMatchObject({
      'content-type': 'application/json',
      'x-amzn-bedrock-input-token-count': '3',
      'x-amzn-bedrock-output-token-count': String((json(invoke).usage as { output_tokens: number }).output_tokens),
    })
    expect(invoke.headers['x-amzn-bedrock-invocation-latency']).toMatch(/^\d+$/)
    expect(invoke.headers.date).toBeDefined()
    const stream = await call(simulator.url, 'InvokeModelWithResponseStream', CLAUDE, { body: claudeBody })
    expect(stream.headers['x-amzn-bedrock-content-type']).toBe('application/json')
    const converse = await call(simulator.url, 'Converse', CLAUDE)
    for (const answer of [stream, converse]) {
      expect(Object.keys(answer.headers).filter((name) => name.endsWith('token-count'))).toEqual([])
    }
  })

  test('gives the same bytes for the same request', async () => {
    const first = await call(simulator.url, 'ConverseStream', CLAUDE)
    const second = await call(simulator.url, 'ConverseStream', CLAUDE)
    expect(second.body.equals(first.body)).toBe(true)
    expect(second.headers['x-amzn-requestid']).not.toBe(first.headers['x-amzn-requestid'])
  })

  test('respects the most tokens and the stop sequences asked for', async () => {
    const short = json(
      await call(simulator.url, 'Converse', CLAUDE, { body: { ...HELLO, inferenceConfig: { maxTokens: 3 } } }),
    )
    expect(short).toMatchObject({ stopReason: 'max_tokens', usage: { outputTokens: 3 } })
    const body = { ...claudeBody, stop_sequences: ['simulated'] }
    const stopped = json(await call(simulator.url, 'InvokeModel', CLAUDE, { body }))
    expect(stopped).toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: 'simulated',
      content: [{ text: 'This is a ' }],
    })
  })

  test('confirms the tier and the latency that were asked for by body or by header', async () => {
    const body = { ...HELLO, serviceTier: { type: 'flex' }, performanceConfig: { latency: 'optimized' } }
    const converse = json(await call(simulator.url, 'Converse', CLAUDE, { body }))
    expect(converse).toMatchObject({ serviceTier: { type: 'flex' }, performanceConfig: { latency: 'optimized' } })
    const headers = { 'x-amzn-bedrock-service-tier': 'priority' }
    const invoke = await call(simulator.url, 'InvokeModel', CLAUDE, { body: claudeBody, headers })
    expect(invoke.headers['x-amzn-bedrock-service-tier']).toBe('priority')
  })

  test('answers with status 200 and UnknownOperationException where a path leads to no operation', async () => {
    const body = '{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}'
    for (const path of [
      `/model/${PROFILE_ARN}/converse`,
      '/model//converse',
      '/model/a/chat',
      '/',
      '/model/a/converse/',
    ]) {
      const answer = await callPath(simulator.url, path)
      expect(answer.status).toBe(200)
      expect(answer.body.toString()).toBe(body)
    }
  })

  test('refuses a body that is no JSON object and one above 25,000,000 bytes', async () => {
    const broken = await call(simulator.url, 'Converse', CLAUDE, { body: '{"messages":' })
    expect(broken.status).toBe(400)
    expect(broken.headers['x-amzn-errortype']).toMatch(/^ValidationException:/)
    const large = await call(simulator.url, 'InvokeModel', CLAUDE, { body: Buffer.alloc(25_000_001, 32) })
    expect(large.status).toBe(400)
    expect(json(large).message).toContain('25000000')
  })
})

describe('InvokeModel of a family answers in the form of that family:', () => {
  const cases = [
    ['amazon.nova-micro-v1:0', { schemaVersion: 'messages-v1', ...HELLO }, ['output', 'stopReason', 'usage']],
    ['amazon.titan-text-lite-v1', { inputText: 'Hi' }, ['inputTextTokenCount', 'results']],
    ['amazon.titan-embed-text-v2:0', { inputText: 'Hi', dimensions: 16 }, ['embedding', 'inputTextTokenCount']],
    [
      'us.meta.llama3-1-70b-instruct-v1:0',
      { prompt: 'Hi' },
      ['generation', 'generation_token_count', 'prompt_token_count', 'stop_reason'],
    ],
    ['mistral.mistral-7b-instruct-v0:2', { prompt: 'Hi' }, ['outputs']],
    ['cohere.command-light-text-v14', { prompt: 'Hi' }, ['generations', 'id', 'prompt']],
    [
      'cohere.command-r-v1:0',
      { message: 'Hi' },
      ['chat_history', 'finish_reason', 'generation_id', 'response_id', 'text'],
    ],
    ['cohere.embed-english-v3', { texts: ['Hi', 'Ho'] }, ['embeddings', 'id', 'response_type', 'texts']],
    ['openai.gpt-oss-120b-1:0', HELLO, ['choices', 'id', 'model', 'object', 'usage']],
    ['anything-else', HELLO, ['choices', 'id', 'model', 'object', 'usage']],
    [PROFILE_ARN, claudeBody, ['content', 'id', 'model', 'role', 'stop_reason', 'stop_sequence', 'type', 'usage']],
  ] as const

  test.each(cases)('%s', async (model, body, keys) => {
    const answer = await call(simulator.url, 'InvokeModel', model, { body })
    expect(answer.status).toBe(200)
    expect(Object.keys(json(answer)).sort()).toEqual(keys)
    expect(answer.headers['x-amzn-bedrock-input-token-count']).toMatch(/^\d+$/)
  })

  test.each(cases.filter(([model]) => !model.includes('embed')))(
    '%s in chunks, with the metrics in the last',
    async (model, body) => {
      const answer = await call(simulator.url, 'InvokeModelWithResponseStream', model, { body })
      const chunks = decodeChunks(answer.body)
      expect(chunks.at(-1)).toHaveProperty(['amazon-bedrock-invocationMetrics', 'inputTokenCount'])
      for (const chunk of chunks.slice(0, -1)) expect(chunk).not.toHaveProperty('amazon-bedrock-invocationMetrics')
    },
  )

  test('an embedding model refuses to stream', async () => {
    const answer = await call(simulator.url, 'InvokeModelWithResponseStream', 'amazon.titan-embed-text-v2:0', {
      body: { inputText: 'Hi' },
    })
    expect(answer.status).toBe(400)
    expect(json(answer).message).toBe('The model is unsupported for streaming.')
  })
})

test('the operations of the simulator are those that the gateway serves, at the same paths', () => {
  const served = OPERATIONS.map(({ name, method, path }) => ({ name, method, path: path.text }))
  expect(SIMULATED_OPERATIONS.map(({ name, method, path }) => ({ name, method, path }))).toEqual(served)
})
