/** boto3 over a real socket: calls, credentials and errors. How streams end is in boto3-streams.node.test.ts. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { awkwardMessage, CLAUDE_REQUEST, MESSAGES, modelIdOf, modelsOf, UPSTREAM_ERRORS } from './cases.ts'
import { MASTER_KEY, startPair } from './harness.ts'
import { BOTO3_VERSIONS, type ClientSpec, type Driver, nameOf, pythonOf, startDriver } from './python.ts'

type Pair = Awaited<ReturnType<typeof startPair>>

/** A name without its version belongs to tests that fail nothing. */
const SOUND = 'fast'
const HALF = 'half-throttled'
const LOST = 'unknown-operation'
const EMPTY = 'empty-quota'

/** Model of one case with one boto3: no test meets what another has taught the router. */
const own = (name: string, version: string) => `${name.toLowerCase()}-${version.replace('.', '')}`

const NAMES = BOTO3_VERSIONS.flatMap(({ version }) =>
  [HALF, LOST, EMPTY, ...UPSTREAM_ERRORS.map(({ name }) => name)].map((name) => own(name, version)),
)

/** One boto3 after the other, so that requests can be counted. */
for (const boto3 of BOTO3_VERSIONS) {
  const python = pythonOf(boto3)
  describe.skipIf(python === undefined)(nameOf(boto3), () => {
    let pair: Pair
    let driver: Driver

    beforeAll(async () => {
      driver = startDriver(python ?? '')
      pair = await startPair(modelsOf([SOUND, ...NAMES]))
    })

    afterAll(async () => {
      await driver?.stop()
      await pair?.stop()
    })

    const endpoint = () => `${pair.gateway.url}/bedrock`
    const signed = (): ClientSpec => ({ endpoint: endpoint(), accessKeyId: MASTER_KEY, maxAttempts: 1 })
    const received = (model: string) => pair.simulator.requests(modelIdOf(model))

    test('the Python has the version that its variable promises', async () => {
      expect((await driver.versions()).boto3).toMatch(new RegExp(`^${boto3.version.replace('.', '\\.')}\\.`))
    })

    describe.each([
      { title: 'the key as access key id', accessKeyId: MASTER_KEY },
      { title: '"Bearer <key>" as access key id', accessKeyId: `Bearer ${MASTER_KEY}` },
    ])('with $title', ({ accessKeyId }) => {
      const spec = (): ClientSpec => ({ endpoint: endpoint(), accessKeyId, maxAttempts: 1 })

      test('converse gives the text, the usage and the request id of the upstream', async () => {
        pair.simulator.reset()
        const { value, raised } = await driver.call(spec(), 'converse', { modelId: SOUND, messages: MESSAGES })
        expect(raised).toBeNull()
        expect(value).toMatchObject({
          output: { message: { role: 'assistant', content: [{ text: expect.stringContaining('this is a test') }] } },
          stopReason: 'end_turn',
          usage: { inputTokens: 5, totalTokens: expect.any(Number) },
          ResponseMetadata: { HTTPStatusCode: 200, RequestId: received(SOUND)[0]?.requestId, RetryAttempts: 0 },
        })
      })

      test('converse_stream gives the events in order, with the usage in the last one', async () => {
        const { events, raised } = await driver.call(spec(), 'converse_stream', { modelId: SOUND, messages: MESSAGES })
        expect(raised).toBeNull()
        const types = events.flatMap((event) => Object.keys(event))
        expect(types[0]).toBe('messageStart')
        expect(types.slice(1, -3).every((type) => type === 'contentBlockDelta')).toBe(true)
        expect(types.slice(-3)).toEqual(['contentBlockStop', 'messageStop', 'metadata'])
        expect(textOf(events)).toContain('this is a test')
        expect(events.at(-1)).toMatchObject({ metadata: { usage: { inputTokens: 5 } } })
      })

      test('invoke_model without contentType sends none upstream and reads the body of the family', async () => {
        pair.simulator.reset()
        const { value, raised } = await driver.call(spec(), 'invoke_model', { modelId: SOUND, body: CLAUDE_REQUEST })
        expect(raised).toBeNull()
        expect(JSON.parse(String(value?.body))).toMatchObject({ type: 'message', stop_reason: 'end_turn' })
        expect(value).toMatchObject({ contentType: 'application/json' })
        const [request] = received(SOUND)
        expect(request?.headers).not.toHaveProperty('content-type')
        expect(Buffer.from(request?.body ?? []).toString()).toBe(CLAUDE_REQUEST)
      })

      test('invoke_model with contentType, accept and a trace sends all three upstream', async () => {
        pair.simulator.reset()
        const { value, raised } = await driver.call(spec(), 'invoke_model', {
          modelId: SOUND,
          body: CLAUDE_REQUEST,
          contentType: 'application/json',
          accept: 'application/json',
          trace: 'ENABLED',
        })
        expect(raised).toBeNull()
        expect(JSON.parse(String(value?.body))).toMatchObject({ type: 'message' })
        expect(received(SOUND)[0]?.headers).toMatchObject({
          'content-type': 'application/json',
          accept: 'application/json',
          'x-amzn-bedrock-trace': 'ENABLED',
        })
      })

      test('invoke_model_with_response_stream gives every chunk, with the metrics of the call in the last one', async () => {
        const args = { modelId: SOUND, body: CLAUDE_REQUEST }
        const { events, raised } = await driver.call(spec(), 'invoke_model_with_response_stream', args)
        expect(raised).toBeNull()
        const chunks = events.map((event) => JSON.parse((event.chunk as { bytes: string }).bytes))
        expect(chunks[0]).toMatchObject({ type: 'message_start' })
        expect(chunks.at(-1)).toMatchObject({
          type: 'message_stop',
          'amazon-bedrock-invocationMetrics': { inputTokenCount: 5 },
        })
      })

      test('count_tokens gives the number', async () => {
        const args = { modelId: SOUND, input: { converse: { messages: MESSAGES } } }
        const { value, raised } = await driver.call(spec(), 'count_tokens', args)
        expect(raised).toBeNull()
        expect(value).toMatchObject({ inputTokens: 5 })
      })
    })

    const bearer = (): ClientSpec => ({ endpoint: endpoint(), bearer: MASTER_KEY, maxAttempts: 1 })
    if (boto3.version === '1.43') {
      test('a bearer key in the environment is taken over http', async () => {
        const whole = await driver.call(bearer(), 'converse', { modelId: SOUND, messages: MESSAGES })
        expect(whole.raised).toBeNull()
        expect(whole.value).toMatchObject({ stopReason: 'end_turn' })
        const streamed = await driver.call(bearer(), 'converse_stream', { modelId: SOUND, messages: MESSAGES })
        expect(streamed.raised).toBeNull()
        expect(streamed.events.at(-1)).toHaveProperty('metadata')
      })
    } else {
      test('a bearer key over http is refused by boto3 itself', async () => {
        pair.simulator.reset()
        const { raised } = await driver.call(bearer(), 'converse', { modelId: SOUND, messages: MESSAGES })
        expect(raised?.message).toContain('requires an HTTPS endpoint')
        expect(pair.simulator.count()).toBe(0)
      })
    }

    test('a wrong key raises UnrecognizedClientException at the first request, and nothing goes upstream', async () => {
      pair.simulator.reset()
      const spec = { endpoint: endpoint(), accessKeyId: 'sk-wrong' }
      const { raised } = await driver.call(spec, 'converse', { modelId: SOUND, messages: MESSAGES })
      expect(raised).toMatchObject({ code: 'UnrecognizedClientException', status: 403, retries: 0 })
      expect(raised?.bases).toContain('ClientError')
      expect(raised?.message).not.toContain('sk-wrong')
      expect(pair.simulator.count()).toBe(0)
    })

    test('an unknown model raises ResourceNotFoundException, which names the models there are', async () => {
      pair.simulator.reset()
      const { raised } = await driver.call(signed(), 'converse', { modelId: 'fsat', messages: MESSAGES })
      expect(raised).toMatchObject({ class: 'ResourceNotFoundException', status: 404 })
      expect(raised?.message).toContain('fsat')
      expect(raised?.message).toContain(`${SOUND}, ${NAMES[0]}, ${NAMES[1]}`)
      expect(raised?.headers['x-amzn-requestid']).toBe(raised?.headers['x-litellm-call-id'])
      expect(pair.simulator.count()).toBe(0)
    })

    test.each(UPSTREAM_ERRORS)('$name of the upstream raises its class with the text unchanged', async (error) => {
      const model = own(error.name, boto3.version)
      const details = error.name === 'ModelErrorException' ? { originalStatusCode: 400, resourceName: 'the model' } : {}
      const message = awkwardMessage(error.name)
      pair.simulator.fault(modelIdOf(model), { error: { name: error.name, message, ...details } })
      const { raised } =
        error.operation === 'Converse'
          ? await driver.call(signed(), 'converse', { modelId: model, messages: MESSAGES })
          : await driver.call(signed(), 'invoke_model', { modelId: model, body: CLAUDE_REQUEST })
      expect(raised).toMatchObject({ class: error.name, code: error.name, status: error.status, message })
      expect(raised?.bases).toContain('ClientError')
      expect(raised?.fields).toMatchObject(details)
      const ids = received(model).map(({ requestId }) => requestId)
      expect(ids).toContain(raised?.headers['x-amzn-requestid'])
    })

    test('a throttle of all deployments says how long to wait, alike in both headers', async () => {
      const model = own(EMPTY, boto3.version)
      pair.simulator.fault(modelIdOf(model), { error: { name: 'ThrottlingException' } })
      const { raised } = await driver.call(signed(), 'converse', { modelId: model, messages: MESSAGES })
      expect(raised).toMatchObject({ class: 'ThrottlingException', status: 429 })
      const waitMs = Number(raised?.headers['x-amz-retry-after'])
      expect(waitMs).toBeGreaterThan(0)
      expect(raised?.headers['retry-after']).toBe(String(Math.ceil(waitMs / 1000)))
    })

    test('status 200 with UnknownOperationException in the body raises', async () => {
      const model = own(LOST, boto3.version)
      pair.simulator.fault(modelIdOf(model), { unknownOperation: true })
      const { raised } = await driver.call(signed(), 'converse', { modelId: model, messages: MESSAGES })
      expect(raised).toMatchObject({ class: 'InternalServerException', status: 500 })
    })

    test('no call fails while one of two regions throttles, in a status or in a first frame', async () => {
      const model = own(HALF, boto3.version)
      const match = { model: modelIdOf(model), region: 'us-east-1' }
      pair.simulator.fault({ ...match, operation: 'Converse' }, { error: { name: 'ThrottlingException' } })
      pair.simulator.fault({ ...match, operation: 'ConverseStream' }, { exception: { name: 'throttlingException' } })
      for (let call = 0; call < 5; call++) {
        const whole = await driver.call(signed(), 'converse', { modelId: model, messages: MESSAGES })
        expect(whole.raised).toBeNull()
        const streamed = await driver.call(signed(), 'converse_stream', { modelId: model, messages: MESSAGES })
        expect(streamed.raised).toBeNull()
        expect(textOf(streamed.events)).toContain('this is a test')
      }
    })
  })
}

function textOf(events: readonly Record<string, unknown>[]): string {
  const deltas = events.map((event) => event.contentBlockDelta as { delta: { text: string } } | undefined)
  return deltas.map((delta) => delta?.delta.text ?? '').join('')
}
