/** Streams that go well, and exceptions that the upstream itself puts into them. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { type Fault, STREAM_EXCEPTIONS } from '../simulator/faults.ts'
import { decodeFrames, call as directCall } from '../simulator/raw-client.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { call, callIdOf, estimatedTokens, HELLO, lineOf, novaMicroNanoUsd, rowOf, send } from './calls.ts'

const NOVA = 'amazon.nova-micro-v1:0'
const ACTION = {
  ConverseStream: 'converse-stream',
  InvokeModelWithResponseStream: 'invoke-with-response-stream',
} as const
type Streaming = keyof typeof ACTION
const STREAMING = Object.keys(ACTION) as Streaming[]

let simulator: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1'], recordings: null })
  // One attempt and no cool-down: what the upstream says is what the client shall see.
  const router_settings = { num_retries: 0, cooldown_time: 0 }
  const model_list = [deploymentOf(simulator, 'nova', NOVA, 'us-east-1')]
  gateway = await startGateway({
    config: { model_list, router_settings, general_settings: { master_key: MASTER_KEY } },
  })
})
beforeEach(() => simulator.reset())
afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

/** The bytes that a client without a gateway gets. */
async function directBytes(operation: Streaming, fault: Fault = {}, body: unknown = HELLO): Promise<Buffer> {
  simulator.fault(NOVA, fault, { times: 1 })
  const { body: bytes } = await directCall(simulator.url, operation, NOVA, { body })
  simulator.reset()
  return bytes
}

const last = <Item>(items: readonly Item[]): Item | undefined => items.at(-1)

describe('a stream that goes well', () => {
  test.each(STREAMING)('%s: the first frame arrives while the upstream holds the second', async (operation) => {
    const whole = await directBytes(operation, { frames: 3 })
    simulator.fault(NOVA, { frames: 3, hold: { at: 1 } })
    const response = await send(gateway, `/bedrock/model/nova/${ACTION[operation]}`)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const first = (await reader.read()).value ?? new Uint8Array()
    expect(simulator.requests()[0]).toMatchObject({ held: true, outcome: 'open' })
    expect(decodeFrames(first)).toHaveLength(1)
    simulator.release()
    const chunks = [first]
    for (let next = await reader.read(); next.value !== undefined; next = await reader.read()) chunks.push(next.value)
    expect(Buffer.concat(chunks).equals(whole)).toBe(true)
  })

  test('each further frame arrives while the next one is not written yet', async () => {
    simulator.fault(NOVA, { frames: 5, hold: { at: 4 } })
    const response = await send(gateway, '/bedrock/model/nova/converse-stream')
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    let bytes = Buffer.alloc(0)
    while (bytes.length === 0 || decodeFrames(bytes).length < 4)
      bytes = Buffer.concat([bytes, (await reader.read()).value ?? new Uint8Array()])
    expect(simulator.requests()[0]).toMatchObject({ held: true, bytesSent: bytes.length })
    simulator.release()
    while (!(await reader.read()).done);
  })

  test.each(STREAMING)('%s in writes of one byte passes byte for byte and is priced', async (operation) => {
    const whole = await directBytes(operation)
    simulator.fault(NOVA, { bytesPerWrite: 1 })
    const answer = await call(gateway, 'nova', ACTION[operation])
    expect(Buffer.from(answer.bytes).equals(whole)).toBe(true)
    const line = await lineOf(gateway, callIdOf(answer))
    expect(line).toMatchObject({ verdict: 'complete', status: 'success', http_status: 200, cost_state: 'priced' })
  })

  test('two at once do not mix, neither in their bytes nor in their books', async () => {
    const texts = ['a', 'b', 'c', 'd'].map((letter) => `${letter.repeat(7)} `.repeat(60))
    const bodies = texts.map((text) => ({ messages: [{ role: 'user', content: [{ text }] }] }))
    const wholes: Buffer[] = []
    for (const body of bodies) wholes.push(await directBytes('ConverseStream', {}, body))
    simulator.fault(NOVA, { msBetweenFrames: 5 })
    const answers = await Promise.all(bodies.map((body) => call(gateway, 'nova', 'converse-stream', { body })))
    for (const [index, answer] of answers.entries()) {
      expect(Buffer.from(answer.bytes).equals(wholes[index] ?? Buffer.alloc(0))).toBe(true)
      const { usage } = last(decodeFrames(answer.bytes))?.payload ?? {}
      expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({ usage, cost_state: 'priced' })
    }
  })

  test('an event of a type that nobody knows passes', async () => {
    const fault: Fault = { unknownEventAfterFrames: 2 }
    const whole = await directBytes('ConverseStream', fault)
    simulator.fault(NOVA, fault)
    const answer = await call(gateway, 'nova', 'converse-stream')
    expect(Buffer.from(answer.bytes).equals(whole)).toBe(true)
    expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({ verdict: 'complete', cost_state: 'priced' })
  })

  test.each(STREAMING)('%s without usage is estimated from what was seen, never 0', async (operation) => {
    simulator.fault(NOVA, { omitUsage: true, frames: 20 })
    const answer = await call(gateway, 'nova', ACTION[operation])
    const line = await lineOf(gateway, callIdOf(answer))
    expect(line).toMatchObject({ verdict: 'complete', status: 'success', cost_state: 'estimated' })
    expect(line).toMatchObject({ prompt_tokens: estimatedTokens(HELLO), cost_nano_usd: novaMicroNanoUsd(line) })
    expect(line.cost_reason).toMatch(/output from \d+ frames seen$/)
    expect(line.completion_tokens).toBeGreaterThanOrEqual(20)
  })
})

describe('an exception after the first content', () => {
  test.each(STREAMING)('of %s passes byte for byte and is the verdict', async (operation) => {
    const exception = { name: 'modelStreamErrorException', afterFrames: 3, message: 'inner', originalStatusCode: 500 }
    const whole = await directBytes(operation, { exception })
    simulator.fault(NOVA, { exception })
    const answer = await call(gateway, 'nova', ACTION[operation])
    expect(answer.status).toBe(200)
    expect(Buffer.from(answer.bytes).equals(whole)).toBe(true)
    const line = await lineOf(gateway, callIdOf(answer))
    expect(line).toMatchObject({
      verdict: 'exception',
      status: 'failure',
      http_status: 200,
      cost_state: 'estimated',
      attempts: 1,
    })
    expect(line).toMatchObject({ prompt_tokens: estimatedTokens(HELLO), cost_nano_usd: novaMicroNanoUsd(line) })
  })

  test('of no model, a frame of type error, passes likewise', async () => {
    const errorFrame = { code: 'InternalFailure', message: 'unmodelled', afterFrames: 3 }
    const whole = await directBytes('ConverseStream', { errorFrame })
    simulator.fault(NOVA, { errorFrame })
    const answer = await call(gateway, 'nova', 'converse-stream')
    expect(Buffer.from(answer.bytes).equals(whole)).toBe(true)
    expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({ verdict: 'exception', status: 'failure' })
  })

  test('is not tried again, because the client has begun to read', async () => {
    simulator.fault(NOVA, { exception: { name: 'throttlingException', afterFrames: 2 } })
    await call(gateway, 'nova', 'converse-stream')
    expect(simulator.count()).toBe(1)
  })
})

describe('an exception as the first frame is the HTTP error of its name', () => {
  /** Statuses of AWS's service model, but for 408, which no client gets. */
  const STATUS: Record<(typeof STREAM_EXCEPTIONS)[number], number> = {
    internalServerException: 500,
    modelStreamErrorException: 424,
    validationException: 400,
    throttlingException: 429,
    serviceUnavailableException: 503,
    modelTimeoutException: 424,
  }
  const cases = STREAM_EXCEPTIONS.flatMap((name) =>
    STREAMING.filter((operation) => name !== 'modelTimeoutException' || operation !== 'ConverseStream').map(
      (operation) => [name, operation] as const,
    ),
  )

  test.each(cases)('%s of %s', async (name, operation) => {
    simulator.fault(NOVA, { exception: { name, message: `because of ${name}` } })
    const answer = await call(gateway, 'nova', ACTION[operation])
    const type = name.charAt(0).toUpperCase() + name.slice(1)
    expect({ status: answer.status, type: answer.headers.get('x-amzn-errortype') }).toEqual({
      status: STATUS[name],
      type,
    })
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('x-amzn-requestid')).toBe(simulator.requests()[0]?.requestId)
    expect(JSON.parse(answer.text)).toMatchObject({ message: `because of ${name}` })
    expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({
      verdict: 'exception',
      status: 'failure',
      http_status: STATUS[name],
      cost_state: 'failed',
      cost_nano_usd: '0',
      usage: null,
      attempts: 1,
      attempt_log: [{ error_type: type, aws_request_id: simulator.requests()[0]?.requestId }],
    })
  })

  test('what the model behind it answered is kept', async () => {
    const exception = {
      name: 'modelStreamErrorException',
      message: 'outer',
      originalStatusCode: 529,
      originalMessage: 'inner',
    }
    simulator.fault(NOVA, { exception })
    const { text } = await call(gateway, 'nova', 'invoke-with-response-stream')
    expect(JSON.parse(text)).toEqual({ message: 'outer', originalStatusCode: 529, originalMessage: 'inner' })
  })

  test('of type error too', async () => {
    simulator.fault(NOVA, { errorFrame: { code: 'InternalFailure', message: 'unmodelled' } })
    const answer = await call(gateway, 'nova', 'converse-stream')
    expect(answer).toMatchObject({ status: 500, text: JSON.stringify({ message: 'unmodelled' }) })
    expect(answer.headers.get('x-amzn-errortype')).toBe('InternalFailure')
  })
})

test('the row of a stream says what its log line says', async () => {
  const answer = await call(gateway, 'nova', 'converse-stream')
  const { spend, ...row } = await rowOf(gateway, answer)
  const { event: _event, ...line } = await lineOf(gateway, callIdOf(answer))
  expect(row).toEqual(line)
  expect(spend).toBe(Number(line.cost_nano_usd) / 1e9)
})
