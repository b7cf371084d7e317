/** Streams that the upstream leaves unfinished or damaged: every client must raise, and the books must say so. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import type { Fault } from '../simulator/faults.ts'
import { splitFrames } from '../simulator/frames.ts'
import { decodeFrames, call as directCall } from '../simulator/raw-client.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { type Answer, call, callIdOf, estimatedTokens, HELLO, lineOf, novaMicroNanoUsd } from './calls.ts'

const NOVA = 'amazon.nova-micro-v1:0'
const ACTION = {
  ConverseStream: 'converse-stream',
  InvokeModelWithResponseStream: 'invoke-with-response-stream',
} as const
type Streaming = keyof typeof ACTION
const STREAMING = Object.keys(ACTION) as Streaming[]

let simulator: Simulator
let gateway: RunningGateway
/** Bytes of the stream without a fault. */
const sound = {} as Record<Streaming, Buffer>

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1'], recordings: null })
  const router_settings = { num_retries: 0, cooldown_time: 0 }
  const model_list = [deploymentOf(simulator, 'nova', NOVA, 'us-east-1')]
  gateway = await startGateway({
    config: { model_list, router_settings, general_settings: { master_key: MASTER_KEY } },
  })
  for (const operation of STREAMING) sound[operation] = (await directCall(simulator.url, operation, NOVA)).body
})
beforeEach(() => simulator.reset())
afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

async function callWith(operation: Streaming, fault: Fault): Promise<Answer> {
  simulator.fault(NOVA, fault)
  return call(gateway, 'nova', ACTION[operation])
}

/** Where frame `number` begins. */
const startOf = (operation: Streaming, number: number): number =>
  Buffer.concat(Array.from(splitFrames(sound[operation])).slice(0, number)).length

/** Of a frame that broke off behind these bytes the rest can still be chosen. */
const PRELUDE_BYTES = 12

/**
 * What came is untouched. Behind a whole frame and inside a prelude stands the exception that no client retries or drops; any
 * other frame is filled up to what it announced, with a wrong checksum. Then a clean end, or reading would have failed.
 */
function expectEnded(operation: Streaming, answer: Answer, sentBytes: number, wholeFrames: number): void {
  expect(answer.status).toBe(200)
  const passed = Buffer.from(answer.bytes.subarray(0, sentBytes))
  expect(passed.equals(sound[operation].subarray(0, sentBytes))).toBe(true)
  if (sentBytes - startOf(operation, wholeFrames) > PRELUDE_BYTES) {
    expect(answer.bytes.length).toBe(startOf(operation, wholeFrames + 1))
    expect(() => decodeFrames(answer.bytes)).toThrow(/message checksum/)
    return
  }
  const frames = decodeFrames(answer.bytes)
  expect(frames).toHaveLength(wholeFrames + 1)
  expect(frames.at(-1)).toMatchObject({
    headers: { ':message-type': 'exception', ':exception-type': 'modelStreamErrorException' },
    payload: { message: expect.stringMatching(/./) },
  })
}

async function expectCut(answer: Answer): Promise<void> {
  const line = await lineOf(gateway, callIdOf(answer))
  expect(line).toMatchObject({
    verdict: 'cut',
    status: 'failure',
    http_status: 200,
    cost_state: 'estimated',
    attempts: 1,
  })
  expect(line).toMatchObject({ prompt_tokens: estimatedTokens(HELLO), cost_nano_usd: novaMicroNanoUsd(line) })
}

const half = (operation: Streaming, number: number): number =>
  startOf(operation, number) + Math.floor((startOf(operation, number + 1) - startOf(operation, number)) / 2)

describe.each(STREAMING)('%s', (operation) => {
  test('lost in the middle of a frame: the frame is filled up so that nobody believes it', async () => {
    const answer = await callWith(operation, { cutInsideFrame: 3 })
    expectEnded(operation, answer, half(operation, 3), 3)
    await expectCut(answer)
  })

  test('lost at the end of a frame: the exception follows', async () => {
    const answer = await callWith(operation, { cutAfterFrames: 3 })
    expectEnded(operation, answer, startOf(operation, 3), 3)
    await expectCut(answer)
  })

  test('ended properly but too early, in a frame: the frame is filled up so that nobody believes it', async () => {
    const answer = await callWith(operation, { endInsideFrame: 3 })
    expectEnded(operation, answer, half(operation, 3), 3)
    await expectCut(answer)
  })

  test('ended properly but too early, at the end of a frame: the exception follows', async () => {
    const answer = await callWith(operation, { endAfterFrames: 3 })
    expectEnded(operation, answer, startOf(operation, 3), 3)
    await expectCut(answer)
  })

  test.each([1, 3, 4, 7, 8, 11, 12, 13, 30, -5, -4, -1])('lost %i bytes from a boundary', async (offset) => {
    const bytes = startOf(operation, offset > 0 ? 4 : 5) + offset
    const answer = await callWith(operation, { cutAfterBytes: bytes })
    expectEnded(operation, answer, bytes, 4)
    await expectCut(answer)
  })

  test.each(['message', 'prelude'] as const)(
    'with a wrong checksum of a %s: the client is told by an exception, the books say cut',
    async (checksum) => {
      const answer = await callWith(operation, { wrongCrc: { frame: 3, checksum } })
      expect(answer.status).toBe(200)
      const frames = Array.from(splitFrames(answer.bytes))
      const end = decodeFrames(frames.at(-1) ?? new Uint8Array())
      expect(end[0]?.headers).toMatchObject({
        ':message-type': 'exception',
        ':exception-type': 'modelStreamErrorException',
      })
      const line = await lineOf(gateway, callIdOf(answer))
      expect(line).toMatchObject({ verdict: 'cut', status: 'failure', http_status: 200 })
      expect(line.cost_nano_usd).not.toBe('0')
    },
  )

  test.each([
    ['lost inside it', { cutInsideFrame: 0 }],
    ['ended inside it', { endInsideFrame: 0 }],
    ['ended before it', { endAfterFrames: 0 }],
    ['damaged', { wrongCrc: { frame: 0, checksum: 'message' } }],
  ] satisfies [string, Fault][])(
    'whose first frame is never whole (%s) is an error in AWS form, and what it cost is not known',
    async (_what, fault) => {
      const answer = await callWith(operation, fault)
      expect(answer.status).toBe(503)
      expect(answer.headers.get('x-amzn-errortype')).toBe('ServiceUnavailableException')
      expect(JSON.parse(answer.text)).toEqual({ message: expect.stringMatching(/nova/) })
      const line = await lineOf(gateway, callIdOf(answer))
      expect(line).toMatchObject({
        verdict: 'cut',
        status: 'failure',
        http_status: 503,
        attempt_log: [{ error_type: 'cut' }],
      })
      expect(line).toMatchObject({
        cost_state: 'unpriced',
        cost_nano_usd: null,
        cost_reason: expect.stringMatching(/./),
      })
    },
  )
})

test('a stream that ends after messageStop without its metadata is whole for the client', async () => {
  const frames = Array.from(splitFrames(sound.ConverseStream))
  const answer = await callWith('ConverseStream', { endAfterFrames: frames.length - 1 })
  expect(Buffer.from(answer.bytes).equals(Buffer.concat(frames.slice(0, -1)))).toBe(true)
  expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({ verdict: 'complete', cost_state: 'estimated' })
})

test('a body that is not streamed and is cut short is an error in AWS form, or a broken body, but no success', async () => {
  simulator.fault(NOVA, { cutAfterBytes: 50 })
  const answer = await call(gateway, 'nova', 'converse')
  expect(answer.status).toBe(503)
  expect(JSON.parse(answer.text)).toEqual({ message: expect.stringMatching(/nova/) })
  const line = await lineOf(gateway, callIdOf(answer))
  expect(line).toMatchObject({ verdict: 'cut', status: 'failure', cost_state: 'unpriced', cost_nano_usd: null })
})
