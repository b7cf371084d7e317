/**
 * Anthropic's SDK for Bedrock over a real socket. It is no AWS SDK: it calls InvokeModel only, leaves `:` raw in paths, says
 * `accept: application/json` for streams too, and turns frames into server-sent events itself.
 */
import { AnthropicBedrock } from '@anthropic-ai/bedrock-sdk'
import {
  APIError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from '@anthropic-ai/bedrock-sdk/core/error'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { awkwardMessage, BROKEN_STREAMS, breakStream, modelIdOf, modelsOf } from './cases.ts'
import { MASTER_KEY, startPair } from './harness.ts'
import { errorOf, readEvents } from './js-client.ts'

const SOUND = 'fast'
const MIDDLE = 'middle'
const FIRST = 'first'
/** An id as AWS gives it, with a colon and not behind an alias. */
const RAW_ID = 'anthropic.claude-3-haiku-20240307-v1:0'

const ERRORS = [
  { name: 'ValidationException', status: 400, errorClass: BadRequestError },
  { name: 'AccessDeniedException', status: 403, errorClass: PermissionDeniedError },
  { name: 'ResourceNotFoundException', status: 404, errorClass: NotFoundError },
  { name: 'ModelErrorException', status: 424, errorClass: APIError },
  { name: 'ThrottlingException', status: 429, errorClass: RateLimitError },
  { name: 'ServiceUnavailableException', status: 503, errorClass: InternalServerError },
] as const

const BROKEN = BROKEN_STREAMS.map((broken, at) => ({ ...broken, at }))
const own = (name: string) => name.toLowerCase()
const NAMES = [SOUND, MIDDLE, FIRST, ...ERRORS.map(({ name }) => own(name)), ...BROKEN.map(({ at }) => `broken-${at}`)]

let pair: Awaited<ReturnType<typeof startPair>>

beforeAll(async () => {
  pair = await startPair({ ...modelsOf(NAMES), haiku: RAW_ID })
})

afterAll(async () => {
  await pair?.stop()
})

type Credential = { apiKey: string } | { awsAccessKey: string; awsSecretKey: string }

function clientWith(credential: Credential, sent: string[] = []): AnthropicBedrock {
  const options = {
    baseURL: `${pair.gateway.url}/bedrock`,
    awsRegion: 'us-east-1',
    maxRetries: 0,
    fetch: (url: string | URL | Request, init?: RequestInit) => {
      sent.push(String(url))
      return fetch(url, init)
    },
  }
  return 'apiKey' in credential
    ? new AnthropicBedrock({ ...options, apiKey: credential.apiKey })
    : new AnthropicBedrock({ ...options, apiKey: null, ...credential })
}

const client = () => clientWith({ apiKey: MASTER_KEY })

const ask = (model: string) => ({
  model,
  max_tokens: 64,
  messages: [{ role: 'user' as const, content: 'Say this is a test' }],
})

async function readStream(model: string) {
  return readEvents(await client().messages.create({ ...ask(model), stream: true }))
}

const CREDENTIALS: { title: string; credential: Credential }[] = [
  { title: 'the key as API key', credential: { apiKey: MASTER_KEY } },
  { title: 'the key as access key id', credential: { awsAccessKey: MASTER_KEY, awsSecretKey: 'any secret' } },
]

describe.each(CREDENTIALS)('Anthropic’s SDK with $title', ({ credential }) => {
  test.each([SOUND, RAW_ID])('messages.create with %s gives the message and its usage', async (model) => {
    pair.simulator.reset()
    const sent: string[] = []
    const message = await clientWith(credential, sent).messages.create(ask(model))
    expect(message).toMatchObject({ type: 'message', stop_reason: 'end_turn', usage: { input_tokens: 5 } })
    expect(message.content).toEqual([{ type: 'text', text: expect.stringContaining('this is a test') }])
    expect(sent).toEqual([`${pair.gateway.url}/bedrock/model/${model}/invoke`])
    expect(pair.simulator.count({ operation: 'InvokeModel' })).toBe(1)
  })

  test.each([SOUND, RAW_ID])('a streamed message with %s gives its events in order', async (model) => {
    const sent: string[] = []
    const stream = await clientWith(credential, sent).messages.create({ ...ask(model), stream: true })
    const { events, error } = await readEvents(stream)
    expect(error).toBeNull()
    const types = events.map(({ type }) => type)
    expect(types.slice(0, 2)).toEqual(['message_start', 'content_block_start'])
    expect(types.slice(2, -3).every((type) => type === 'content_block_delta')).toBe(true)
    expect(types.slice(-3)).toEqual(['content_block_stop', 'message_delta', 'message_stop'])
    expect(sent).toEqual([`${pair.gateway.url}/bedrock/model/${model}/invoke-with-response-stream`])
  })

  test('messages.stream puts the message together', async () => {
    const message = await clientWith(credential).messages.stream(ask(SOUND)).finalMessage()
    expect(message.content).toMatchObject([{ type: 'text', text: expect.stringContaining('this is a test') }])
    expect(message.stop_reason).toBe('end_turn')
  })
})

describe('Anthropic’s SDK throws', () => {
  test.each([
    { title: 'API key', credential: { apiKey: 'sk-wrong' } },
    { title: 'access key id', credential: { awsAccessKey: 'sk-wrong', awsSecretKey: 'any secret' } },
  ])('PermissionDeniedError for a wrong key as $title, and nothing goes upstream', async ({ credential }) => {
    pair.simulator.reset()
    const error = await errorOf(clientWith(credential).messages.create(ask(SOUND)))
    expect(error).toBeInstanceOf(PermissionDeniedError)
    expect((error as APIError).headers?.get('x-amzn-errortype')).toBe('UnrecognizedClientException')
    expect(pair.simulator.count()).toBe(0)
  })

  test('NotFoundError for an unknown model, which names the models there are', async () => {
    const error = await errorOf(client().messages.create(ask('fsat')))
    expect(error).toBeInstanceOf(NotFoundError)
    expect(error).toMatchObject({ error: { message: expect.stringContaining(NAMES.join(', ')) } })
  })

  test.each(ERRORS)(
    'for $name of the upstream the class of status $status, with the body unchanged',
    async ({ name, status, errorClass }) => {
      const message = awkwardMessage(name)
      pair.simulator.fault(modelIdOf(own(name)), { error: { name, message } })
      const error = await errorOf(client().messages.create(ask(own(name))))
      expect(error).toBeInstanceOf(errorClass)
      expect(error).toMatchObject({ status, error: { message } })
    },
  )

  test('RateLimitError where every deployment throttles in the first frame', async () => {
    const message = awkwardMessage(FIRST)
    pair.simulator.fault(modelIdOf(FIRST), { exception: { name: 'throttlingException', message } })
    const error = await errorOf(readStream(FIRST))
    expect(error).toBeInstanceOf(RateLimitError)
    expect(error).toMatchObject({ status: 429, error: { message } })
  })

  test('an APIError with the text of an exception frame, behind what had come', async () => {
    const message = 'the model gave up'
    const exception = { name: 'modelStreamErrorException', message, afterFrames: 4 }
    pair.simulator.fault(modelIdOf(MIDDLE), { exception })
    const { events, error } = await readStream(MIDDLE)
    expect(error).toBeInstanceOf(APIError)
    expect(error).toMatchObject({ error: { error: { type: exception.name, message } } })
    expect(events).toHaveLength(4)
  })

  test.each(BROKEN)('behind the whole events where the upstream $title', async ({ at, ...broken }) => {
    const model = `broken-${at}`
    await breakStream(pair.simulator, 'InvokeModelWithResponseStream', modelIdOf(model), broken)
    const { events, error } = await readStream(model)
    if (broken.typed) {
      expect(error).toBeInstanceOf(APIError)
      expect(error).toMatchObject({ error: { error: { type: 'modelStreamErrorException' } } })
    } else expect(String(error)).toMatch(/message checksum .* did not match/)
    expect(events).toHaveLength(broken.frames)
    expect(events[0]).toMatchObject({ type: 'message_start' })
  })
})
