/** The AWS SDK for JavaScript over a real socket: calls, credentials and errors. Streams' ends are in js-sdk-streams.node.test.ts. */
import * as sdk from '@aws-sdk/client-bedrock-runtime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { awkwardMessage, CLAUDE_REQUEST, MESSAGES, modelIdOf, modelsOf, UPSTREAM_ERRORS } from './cases.ts'
import { MASTER_KEY, startPair } from './harness.ts'
import { errorOf, type JsCredential, jsClient, readEvents } from './js-client.ts'

const SOUND = 'fast'
const HALF = 'half-throttled'
const LOST = 'unknown-operation'

const own = (name: string) => name.toLowerCase()
const NAMES = [SOUND, HALF, LOST, ...UPSTREAM_ERRORS.map(({ name }) => own(name))]

let pair: Awaited<ReturnType<typeof startPair>>

beforeAll(async () => {
  pair = await startPair(modelsOf(NAMES))
})

afterAll(async () => {
  await pair?.stop()
})

const received = (model: string) => pair.simulator.requests(modelIdOf(model))
const signed = (maxAttempts?: number) => jsClient(pair.gateway.url, { accessKeyId: MASTER_KEY }, maxAttempts)

const CREDENTIALS: { title: string; credential: JsCredential }[] = [
  { title: 'the key as access key id', credential: { accessKeyId: MASTER_KEY } },
  { title: '"Bearer <key>" as access key id', credential: { accessKeyId: `Bearer ${MASTER_KEY}` } },
  { title: 'the key as bearer token', credential: { bearer: MASTER_KEY } },
]

describe.each(CREDENTIALS)('the AWS SDK for JavaScript with $title', ({ credential }) => {
  const client = () => jsClient(pair.gateway.url, credential, 1)

  test('Converse gives the text, the usage and the request id of the upstream', async () => {
    pair.simulator.reset()
    const answer = await client().send(new sdk.ConverseCommand({ modelId: SOUND, messages: MESSAGES }))
    expect(answer).toMatchObject({
      output: { message: { role: 'assistant', content: [{ text: expect.stringContaining('this is a test') }] } },
      stopReason: 'end_turn',
      usage: { inputTokens: 5, totalTokens: expect.any(Number) },
      $metadata: { httpStatusCode: 200, requestId: received(SOUND)[0]?.requestId, attempts: 1 },
    })
  })

  test('ConverseStream gives the events in order, with the usage in the last one', async () => {
    const { stream } = await client().send(new sdk.ConverseStreamCommand({ modelId: SOUND, messages: MESSAGES }))
    const { events, error } = await readEvents(stream)
    expect(error).toBeNull()
    const types = events.flatMap((event) => Object.keys(event))
    expect(types[0]).toBe('messageStart')
    expect(types.slice(1, -3).every((type) => type === 'contentBlockDelta')).toBe(true)
    expect(types.slice(-3)).toEqual(['contentBlockStop', 'messageStop', 'metadata'])
    expect(textOf(events)).toContain('this is a test')
    expect(events.at(-1)).toMatchObject({ metadata: { usage: { inputTokens: 5 } } })
  })

  test('InvokeModel without contentType sends what the SDK chose and gives the body of the family', async () => {
    pair.simulator.reset()
    const answer = await client().send(new sdk.InvokeModelCommand({ modelId: SOUND, body: CLAUDE_REQUEST }))
    expect(JSON.parse(answer.body.transformToString())).toMatchObject({ type: 'message', stop_reason: 'end_turn' })
    expect(answer.contentType).toBe('application/json')
    const [request] = received(SOUND)
    expect(request?.headers['content-type']).toBe('application/octet-stream')
    expect(Buffer.from(request?.body ?? []).toString()).toBe(CLAUDE_REQUEST)
  })

  test('InvokeModel with contentType, accept and a trace sends all three upstream', async () => {
    pair.simulator.reset()
    const json = 'application/json'
    const input = { modelId: SOUND, body: CLAUDE_REQUEST, contentType: json, accept: json, trace: 'ENABLED' as const }
    await client().send(new sdk.InvokeModelCommand(input))
    const sent = { 'content-type': json, accept: json, 'x-amzn-bedrock-trace': 'ENABLED' }
    expect(received(SOUND)[0]?.headers).toMatchObject(sent)
  })

  test('InvokeModelWithResponseStream gives every chunk, with the metrics of the call in the last one', async () => {
    const input = { modelId: SOUND, body: CLAUDE_REQUEST }
    const { body, contentType } = await client().send(new sdk.InvokeModelWithResponseStreamCommand(input))
    expect(contentType).toBe('application/json')
    const { events, error } = await readEvents(body)
    expect(error).toBeNull()
    const chunks = events.map((event) => JSON.parse(Buffer.from(event.chunk?.bytes ?? []).toString()))
    expect(chunks[0]).toMatchObject({ type: 'message_start' })
    const metrics = { 'amazon-bedrock-invocationMetrics': { inputTokenCount: 5 } }
    expect(chunks.at(-1)).toMatchObject({ type: 'message_stop', ...metrics })
  })

  test('CountTokens gives the number', async () => {
    const input = { modelId: SOUND, input: { converse: { messages: MESSAGES } } }
    expect(await client().send(new sdk.CountTokensCommand(input))).toMatchObject({ inputTokens: 5 })
  })
})

describe('the AWS SDK for JavaScript throws', () => {
  test.each([
    { title: 'access key id', credential: { accessKeyId: 'sk-wrong' } },
    { title: 'bearer token', credential: { bearer: 'sk-wrong' } },
  ])('UnrecognizedClientException for a wrong key as $title, at the first request', async ({ credential }) => {
    pair.simulator.reset()
    const command = new sdk.ConverseCommand({ modelId: SOUND, messages: MESSAGES })
    const error = await errorOf(jsClient(pair.gateway.url, credential).send(command))
    expect(error).toBeInstanceOf(sdk.BedrockRuntimeServiceException)
    const $metadata = { httpStatusCode: 403, attempts: 1, requestId: expect.any(String) }
    expect(error).toMatchObject({ name: 'UnrecognizedClientException', $metadata })
    expect(String(error)).not.toContain('sk-wrong')
    expect(pair.simulator.count()).toBe(0)
  })

  test('ResourceNotFoundException for an unknown model, which names the models there are', async () => {
    pair.simulator.reset()
    const error = await errorOf(signed().send(new sdk.ConverseCommand({ modelId: 'fsat', messages: MESSAGES })))
    expect(error).toBeInstanceOf(sdk.ResourceNotFoundException)
    expect(error).toMatchObject({ message: expect.stringContaining('fsat'), $metadata: { httpStatusCode: 404 } })
    expect((error as Error).message).toContain(NAMES.join(', '))
    expect(pair.simulator.count()).toBe(0)
  })

  test.each(UPSTREAM_ERRORS)(
    '$name of the upstream as its class, with the text unchanged',
    async ({ name, status, operation }) => {
      const model = own(name)
      const message = awkwardMessage(name)
      const details = name === 'ModelErrorException' ? { originalStatusCode: 400, resourceName: 'the model' } : {}
      pair.simulator.fault(modelIdOf(model), { error: { name, message, ...details } })
      const command =
        operation === 'Converse'
          ? new sdk.ConverseCommand({ modelId: model, messages: MESSAGES })
          : new sdk.InvokeModelCommand({ modelId: model, body: CLAUDE_REQUEST })
      // One of the union's commands at a time is what `send` has a signature for.
      const error = await errorOf(signed(1).send(command as sdk.ConverseCommand))
      const errorClass: unknown = Object.entries(sdk).find(([exported]) => exported === name)?.[1]
      expect(error).toBeInstanceOf(errorClass)
      expect(error).toMatchObject({ name, message, ...details, $metadata: { httpStatusCode: status } })
      const ids = received(model).map(({ requestId }) => requestId)
      expect(ids).toContain((error as sdk.BedrockRuntimeServiceException).$metadata.requestId)
    },
  )

  test('InternalServerException where status 200 came with UnknownOperationException in the body', async () => {
    pair.simulator.fault(modelIdOf(LOST), { unknownOperation: true })
    const error = await errorOf(signed(1).send(new sdk.ConverseCommand({ modelId: LOST, messages: MESSAGES })))
    expect(error).toBeInstanceOf(sdk.InternalServerException)
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 500 } })
  })
})

test('no call of the AWS SDK for JavaScript fails while one of two regions throttles', async () => {
  const match = { model: modelIdOf(HALF), region: 'us-east-1' }
  pair.simulator.fault({ ...match, operation: 'Converse' }, { error: { name: 'ThrottlingException' } })
  pair.simulator.fault({ ...match, operation: 'ConverseStream' }, { exception: { name: 'throttlingException' } })
  const input = { modelId: HALF, messages: MESSAGES }
  for (let call = 0; call < 5; call++) {
    expect(await signed(1).send(new sdk.ConverseCommand(input))).toMatchObject({ stopReason: 'end_turn' })
    const { stream } = await signed(1).send(new sdk.ConverseStreamCommand(input))
    const { events, error } = await readEvents(stream)
    expect(error).toBeNull()
    expect(textOf(events)).toContain('this is a test')
  }
})

function textOf(events: readonly sdk.ConverseStreamOutput[]): string {
  return events.map((event) => event.contentBlockDelta?.delta?.text ?? '').join('')
}
