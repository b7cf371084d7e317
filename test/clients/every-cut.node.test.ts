/**
 * An upstream lost at any byte of a stream, or ending it too early at any frame, and what decoders that share no code make of
 * what the gateway then sends: an error each time, never a stream that just ends.
 */
import { AnthropicBedrock } from '@anthropic-ai/bedrock-sdk'
import {
  ConverseStreamCommand,
  InvokeModelWithResponseStreamCommand,
  ModelStreamErrorException,
} from '@aws-sdk/client-bedrock-runtime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Fault } from '../simulator/faults.ts'
import { splitFrames } from '../simulator/frames.ts'
import { type CallOptions, call, callPath, type RawAnswer } from '../simulator/raw-client.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { CLAUDE_REQUEST, MESSAGES, modelIdOf } from './cases.ts'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from './harness.ts'
import { jsClient, type Read, readEvents } from './js-client.ts'
import { BOTO3_VERSIONS, nameOf, pythonOf, startDriver } from './python.ts'

/** Calls under way at once. Each lane has a model of its own, because faults are set by model. */
const LANES = Array.from({ length: 4 }, (_, at) => `lane-${at}`)

/** One text frame between those that open and close a message. */
const SHORT: Fault = { frames: 1, frameChars: 12 }

const CONVERSE = { operation: 'ConverseStream', action: 'converse-stream', body: { messages: MESSAGES } } as const
const INVOKE = {
  operation: 'InvokeModelWithResponseStream',
  action: 'invoke-with-response-stream',
  body: CLAUDE_REQUEST,
} as const

type Streaming = typeof CONVERSE | typeof INVOKE

/** A whole answer of the upstream, and the offsets at which its frames end. */
type Sound = { stream: Uint8Array; boundaries: readonly number[] }

let simulator: Simulator
let gateway: RunningGateway
let converse: Sound
let invoke: Sound

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1'] })
  const model_list = LANES.map((lane) => deploymentOf(simulator, lane, modelIdOf(lane), 'us-east-1'))
  const general_settings = { master_key: MASTER_KEY }
  // Nearly every call of this file fails, and none shall be refused for what the others met.
  const router_settings = { cooldown_time: 0, num_retries: 0 }
  gateway = await startGateway({ config: { model_list, general_settings, router_settings } })
  converse = await soundAnswer(CONVERSE)
  invoke = await soundAnswer(INVOKE)
})

afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

async function soundAnswer({ operation, body }: Streaming): Promise<Sound> {
  // As long as those of the lanes, because Claude's answers name their model.
  const sample = modelIdOf('lane-x')
  const armed = simulator.fault(sample, SHORT)
  const stream = (await call(simulator.url, operation, sample, { body })).body
  simulator.clearFaults(armed)
  let end = 0
  return { stream, boundaries: Array.from(splitFrames(stream), (frame) => (end += frame.byteLength)) }
}

type Broken = { fault: Fault; sentBytes: number }

const cutsBetween = (from: number, to: number): Broken[] =>
  Array.from({ length: to - from }, (_, at) => ({ fault: { cutAfterBytes: from + at }, sentBytes: from + at }))

/** Makes one call for each, a few at once. */
async function eachOf<Result>(all: readonly Broken[], ask: (lane: string) => Promise<Result>) {
  const results: (Broken & { result: Result; title: string })[] = []
  const queue = all.entries()
  const work = LANES.map(async (lane) => {
    for (const [at, broken] of queue) {
      const armed = simulator.fault(modelIdOf(lane), { ...SHORT, ...broken.fault })
      results[at] = { ...broken, result: await ask(lane), title: JSON.stringify(broken.fault) }
      simulator.clearFaults(armed)
    }
  })
  await Promise.all(work)
  return results
}

function askRaw(lane: string, { action, body }: Streaming): Promise<RawAnswer> {
  const options: CallOptions = { headers: { authorization: `Bearer ${MASTER_KEY}` }, body }
  return callPath(gateway.url, `/bedrock/model/${lane}/${action}`, options)
}

async function askWithAwsSdk(lane: string, { operation }: Streaming): Promise<Read<object>> {
  const client = jsClient(gateway.url, { accessKeyId: MASTER_KEY }, 1)
  try {
    if (operation === 'ConverseStream') {
      const command = new ConverseStreamCommand({ modelId: lane, messages: MESSAGES })
      return await readEvents((await client.send(command)).stream)
    }
    const command = new InvokeModelWithResponseStreamCommand({ modelId: lane, body: CLAUDE_REQUEST })
    return await readEvents((await client.send(command)).body)
  } catch (error) {
    return { events: [], error }
  } finally {
    client.destroy()
  }
}

async function askWithAnthropicSdk(lane: string): Promise<Read<object>> {
  const baseURL = `${gateway.url}/bedrock`
  const client = new AnthropicBedrock({ baseURL, awsRegion: 'us-east-1', apiKey: MASTER_KEY, maxRetries: 0 })
  const messages = [{ role: 'user' as const, content: 'Say this is a test' }]
  return readEvents(await client.messages.create({ model: lane, max_tokens: 64, messages, stream: true }))
}

/** botocore reads what came over the socket as if its body had ended cleanly there, which by itself it takes for success. */
function testBotocore(streamed: () => { body: Uint8Array; title: string }[], { operation }: Streaming): void {
  for (const boto3 of BOTO3_VERSIONS) {
    const python = pythonOf(boto3)
    test.skipIf(python === undefined)(`raises modelStreamErrorException in botocore: ${nameOf(boto3)}`, async () => {
      const driver = startDriver(python ?? '')
      try {
        const bodies = streamed().map(({ body }) => body)
        expect(bodies.length).toBeGreaterThan(100)
        for (const [at, { events, raised }] of (await driver.decode(operation, bodies)).entries()) {
          const { title } = streamed()[at] ?? {}
          expect(raised, title).toMatchObject({ class: 'EventStreamError', code: 'modelStreamErrorException' })
          expect(raised?.message, title).toContain('upstream')
          expect(events.length, title).toBeGreaterThan(0)
        }
      } finally {
        await driver.stop()
      }
    })
  }
}

test('a ConverseStream that goes well arrives byte for byte: what the broken ones are measured by', async () => {
  const answer = await eachOf([{ fault: {}, sentBytes: 0 }], (lane) => askRaw(lane, CONVERSE))
  expect(answer[0]?.result.whole).toBe(true)
  expect(Buffer.compare(answer[0]?.result.body ?? Buffer.alloc(0), converse.stream)).toBe(0)
  // messageStart, contentBlockDelta, contentBlockStop, messageStop, metadata
  expect(converse.boundaries).toHaveLength(5)
})

describe('a ConverseStream whose upstream is lost at each byte, or ends too early at each frame,', () => {
  let answers: Awaited<ReturnType<typeof eachOf<RawAnswer>>>
  const firstFrameBytes = () => converse.boundaries[0] ?? 0
  /** Ended at every boundary before messageStop; behind that the message is whole, and AWS itself may leave the usage out. */
  const earlyEnds = () =>
    [0, ...converse.boundaries.slice(0, 3)].map((at) => ({ fault: { endAfterBytes: at }, sentBytes: at }))
  const begun = () => answers.filter(({ sentBytes }) => sentBytes >= firstFrameBytes())

  beforeAll(async () => {
    const broken = [...cutsBetween(0, converse.stream.byteLength), ...earlyEnds()]
    answers = await eachOf(broken, (lane) => askRaw(lane, CONVERSE))
  })

  test('is answered with an HTTP error where its first frame was not whole', () => {
    for (const { result, sentBytes, title } of answers) {
      if (sentBytes >= firstFrameBytes()) continue
      expect(result, title).toMatchObject({ status: 503, whole: true })
      expect(result.headers['x-amzn-errortype'], title).toBe('ServiceUnavailableException')
    }
  })

  test('else arrives with all its bytes, more behind them, and an end as HTTP wants it', () => {
    for (const { result, sentBytes, title } of begun()) {
      expect(result, title).toMatchObject({ status: 200, whole: true })
      expect(result.body.byteLength, title).toBeGreaterThan(sentBytes)
      const sent = converse.stream.subarray(0, sentBytes)
      expect(Buffer.compare(result.body.subarray(0, sentBytes), sent), title).toBe(0)
    }
  })

  test('leaves one row in the books, which says cut', async () => {
    // One call before these went well.
    const rows = await gateway.rows(answers.length + 1)
    expect(new Set(rows.map(({ request_id }) => request_id)).size).toBe(answers.length + 1)
    expect(rows.filter(({ verdict }) => verdict === 'cut')).toHaveLength(answers.length)
    expect(rows.filter(({ verdict }) => verdict === 'complete')).toHaveLength(1)
  })

  testBotocore(() => begun().map(({ result, title }) => ({ body: result.body, title })), CONVERSE)

  test('throws in the AWS SDK for JavaScript over its socket', async () => {
    const broken = [...cutsBetween(0, converse.stream.byteLength), ...earlyEnds()]
    for (const { result, sentBytes, title } of await eachOf(broken, (lane) => askWithAwsSdk(lane, CONVERSE))) {
      if (sentBytes < firstFrameBytes()) {
        expect(result.error, title).toMatchObject({ name: 'ServiceUnavailableException' })
        expect(result.events, title).toEqual([])
      } else {
        expect(result.error, title).toBeInstanceOf(ModelStreamErrorException)
        expect(result.events[0], title).toHaveProperty('messageStart')
      }
    }
  })
})

describe('an InvokeModelWithResponseStream whose upstream is lost at each byte of a chunk', () => {
  let answers: Awaited<ReturnType<typeof eachOf<RawAnswer>>>
  /** The chunk with text, the third. */
  const cuts = () => cutsBetween(invoke.boundaries[1] ?? 0, invoke.boundaries[2] ?? 0)

  beforeAll(async () => {
    answers = await eachOf(cuts(), (lane) => askRaw(lane, INVOKE))
  })

  test('arrives with all its bytes, more behind them, and an end as HTTP wants it', () => {
    for (const { result, sentBytes, title } of answers) {
      expect(result, title).toMatchObject({ status: 200, whole: true })
      expect(result.body.byteLength, title).toBeGreaterThan(sentBytes)
    }
  })

  testBotocore(() => answers.map(({ result, title }) => ({ body: result.body, title })), INVOKE)

  test('throws in the AWS SDK for JavaScript over its socket', async () => {
    for (const { result, title } of await eachOf(cuts(), (lane) => askWithAwsSdk(lane, INVOKE))) {
      expect(result.error, title).toBeInstanceOf(ModelStreamErrorException)
      expect(result.events.length, title).toBeGreaterThanOrEqual(2)
    }
  })

  test('throws in Anthropic’s SDK over its socket, with the name of the exception', async () => {
    for (const { result, title } of await eachOf(cuts(), askWithAnthropicSdk)) {
      expect(result.error, title).toMatchObject({ error: { error: { type: 'modelStreamErrorException' } } })
    }
  })
})
