/**
 * An upstream lost at any byte of a stream, or ending it too early at any frame, and what clients that share no code make of
 * what the gateway then sends: an error each time, and before it exactly the events of the frames that came whole.
 */
import { AnthropicBedrock } from '@anthropic-ai/bedrock-sdk'
import {
  type BedrockRuntimeClient,
  ConverseStreamCommand,
  InvokeModelWithResponseStreamCommand,
  ModelStreamErrorException,
} from '@aws-sdk/client-bedrock-runtime'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
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

/** Of a frame that broke off behind these bytes the rest can still be chosen, so that it becomes a typed exception. */
const PRELUDE_BYTES = 12

let simulator: Simulator
let gateway: RunningGateway
let awsSdk: BedrockRuntimeClient

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1'] })
  const model_list = LANES.map((lane) => deploymentOf(simulator, lane, modelIdOf(lane), 'us-east-1'))
  const general_settings = { master_key: MASTER_KEY }
  // Nearly every call of this file fails, and none shall be refused for what the others met.
  const router_settings = { cooldown_time: 0, num_retries: 0 }
  gateway = await startGateway({ config: { model_list, general_settings, router_settings } })
  awsSdk = jsClient(gateway.url, { accessKeyId: MASTER_KEY }, 1)
})

afterAll(async () => {
  awsSdk?.destroy()
  await gateway?.stop()
  await simulator?.close()
})

/** The whole answer of each lane; Claude's names its model, in as many bytes. */
async function soundAnswers(streaming: Streaming): Promise<Map<string, Sound>> {
  const answers = await onEachLane((lane) =>
    call(simulator.url, streaming.operation, modelIdOf(lane), { body: streaming.body }),
  )
  const sounds = Array.from(answers, ([lane, { body }]): [string, Sound] => {
    let end = 0
    return [lane, { stream: body, boundaries: Array.from(splitFrames(body), (frame) => (end += frame.byteLength)) }]
  })
  return new Map(sounds)
}

/** Asks once on each lane while its upstream is well. */
async function onEachLane<Result>(ask: (lane: string) => Promise<Result>): Promise<Map<string, Result>> {
  const results = new Map<string, Result>()
  for (const lane of LANES) {
    const armed = simulator.fault(modelIdOf(lane), SHORT)
    results.set(lane, await ask(lane))
    simulator.clearFaults(armed)
  }
  return results
}

/** `sentBytes` of the stream came, the last `begunBytes` of them of a frame that is not whole; before it `frames` are. */
type Broken = { fault: Fault; sentBytes: number; frames: number; begunBytes: number; title: string }

function brokenAt(fault: Fault, sentBytes: number, { boundaries }: Sound): Broken {
  const frames = boundaries.filter((end) => end <= sentBytes).length
  const begunBytes = sentBytes - (boundaries[frames - 1] ?? 0)
  return { fault, sentBytes, frames, begunBytes, title: JSON.stringify(fault) }
}

/** Lost at each byte, and ended at each frame before the one that says that the answer is whole. */
function everyBreak(sound: Sound, lastFrame: number): Broken[] {
  const cuts = Array.from(sound.stream, (_, at) => brokenAt({ cutAfterBytes: at }, at, sound))
  const ends = [0, ...sound.boundaries.slice(0, lastFrame)].map((at) => brokenAt({ endAfterBytes: at }, at, sound))
  return [...cuts, ...ends]
}

type Answered<Result> = Broken & { lane: string; result: Result }

/** Makes one call for each, a few at once. */
async function eachOf<Result>(all: readonly Broken[], ask: (lane: string) => Promise<Result>) {
  const results: Answered<Result>[] = []
  const queue = all.entries()
  const work = LANES.map(async (lane) => {
    for (const [at, broken] of queue) {
      const armed = simulator.fault(modelIdOf(lane), { ...SHORT, ...broken.fault })
      results[at] = { ...broken, lane, result: await ask(lane) }
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
  try {
    if (operation === 'ConverseStream') {
      const command = new ConverseStreamCommand({ modelId: lane, messages: MESSAGES })
      return await readEvents((await awsSdk.send(command)).stream)
    }
    const command = new InvokeModelWithResponseStreamCommand({ modelId: lane, body: CLAUDE_REQUEST })
    return await readEvents((await awsSdk.send(command)).body)
  } catch (error) {
    return { events: [], error }
  }
}

async function askWithAnthropicSdk(lane: string): Promise<Read<object>> {
  const baseURL = `${gateway.url}/bedrock`
  const client = new AnthropicBedrock({ baseURL, awsRegion: 'us-east-1', apiKey: MASTER_KEY, maxRetries: 0 })
  const messages = [{ role: 'user' as const, content: 'Say this is a test' }]
  try {
    return await readEvents(await client.messages.create({ model: lane, max_tokens: 64, messages, stream: true }))
  } catch (error) {
    return { events: [], error }
  }
}

/** Request id and verdict of every row of the operation, as soon as there are `count` of them. */
async function verdicts(operation: string, count: number): Promise<Map<unknown, unknown>> {
  const database = await gateway.database()
  const query = database.prepare('SELECT request_id, verdict FROM spend_logs WHERE operation = ?').bind(operation)
  return vi.waitFor(
    async () => {
      const { results } = await query.all<{ request_id: string; verdict: string }>()
      expect(results).toHaveLength(count)
      return new Map(results.map(({ request_id, verdict }) => [request_id, verdict]))
    },
    { timeout: 15_000, interval: 200 },
  )
}

const STREAMS = [
  // messageStart, contentBlockDelta, contentBlockStop, messageStop, metadata. AWS itself may leave the last one out.
  { streaming: CONVERSE, frameCount: 5, lastFrame: 3 },
  // message_start, content_block_start, _delta, _stop, message_delta, message_stop
  { streaming: INVOKE, frameCount: 6, lastFrame: 5 },
]

describe.each(STREAMS)(
  '$streaming.operation whose upstream is lost at each byte, or ends too early at each frame,',
  ({ streaming, frameCount, lastFrame }) => {
    const { operation } = streaming
    let sounds: Map<string, Sound>
    let breaks: Broken[]
    let answers: Answered<RawAnswer>[]

    beforeAll(async () => {
      sounds = await soundAnswers(streaming)
      const [sound] = [...sounds.values()]
      if (sound === undefined) throw new Error('no answer')
      breaks = everyBreak(sound, lastFrame)
      answers = await eachOf(breaks, (lane) => askRaw(lane, streaming))
    })

    test('is measured by a stream that goes well, which arrives byte for byte', async () => {
      for (const [lane, answer] of await onEachLane((lane) => askRaw(lane, streaming))) {
        const { stream, boundaries } = sounds.get(lane) ?? { stream: new Uint8Array(0), boundaries: [] }
        expect(answer.whole).toBe(true)
        expect(Buffer.compare(answer.body, stream)).toBe(0)
        expect(boundaries).toHaveLength(frameCount)
        expect(breaks).toHaveLength(stream.byteLength + lastFrame + 1)
      }
    })

    test('is answered with an HTTP error where its first frame was not whole', () => {
      const early = answers.filter(({ frames }) => frames === 0)
      expect(early.length).toBeGreaterThan(100)
      for (const { result, title } of early) {
        expect(result, title).toMatchObject({ status: 503, whole: true })
        expect(result.headers['x-amzn-errortype'], title).toBe('ServiceUnavailableException')
      }
    })

    test('else arrives with all its bytes, more behind them, and an end as HTTP wants it', () => {
      for (const { lane, result, sentBytes, title } of answers.filter(({ frames }) => frames > 0)) {
        expect(result, title).toMatchObject({ status: 200, whole: true })
        expect(result.body.byteLength, title).toBeGreaterThan(sentBytes)
        const sent = sounds.get(lane)?.stream.subarray(0, sentBytes)
        expect(Buffer.from(sent ?? []).equals(result.body.subarray(0, sentBytes)), title).toBe(true)
      }
    })

    test('leaves one row each in the books, which says cut', async () => {
      // One call of each lane beside these went well.
      const rows = await verdicts(operation, answers.length + LANES.length)
      const ids = answers.map(({ result }) => result.headers['x-litellm-call-id'])
      expect(new Set(ids).size).toBe(answers.length)
      for (const [at, id] of ids.entries()) expect(rows.get(id), answers[at]?.title).toBe('cut')
    })

    for (const boto3 of BOTO3_VERSIONS) {
      const python = pythonOf(boto3)
      test.skipIf(python === undefined)(`raises in botocore behind the whole events: ${nameOf(boto3)}`, async () => {
        // botocore reads what came over the socket as if its body had ended cleanly there, which by itself it takes for success.
        const begun = answers.filter(({ frames }) => frames > 0)
        const driver = startDriver(python ?? '')
        try {
          const whole = await driver.decode(
            operation,
            LANES.map((lane) => sounds.get(lane)?.stream ?? new Uint8Array(0)),
          )
          for (const decoded of whole) expect(decoded).toMatchObject({ raised: null, events: { length: frameCount } })
          const decoded = await driver.decode(
            operation,
            begun.map(({ result }) => result.body),
          )
          expect(decoded).toHaveLength(begun.length)
          for (const [at, { lane, frames, begunBytes, title }] of begun.entries()) {
            expect(decoded[at]?.events, title).toEqual(whole[LANES.indexOf(lane)]?.events.slice(0, frames))
            expect(decoded[at]?.raised, title).toMatchObject(
              begunBytes <= PRELUDE_BYTES
                ? { class: 'EventStreamError', code: 'modelStreamErrorException' }
                : { class: 'ChecksumMismatch' },
            )
          }
        } finally {
          await driver.stop()
        }
      })
    }

    /** Asks once well on each lane, then broken in each way, and compares the events of a client before its error. */
    async function readBroken(ask: (lane: string) => Promise<Read<object>>) {
      const whole = await onEachLane(ask)
      for (const read of whole.values()) expect(read).toMatchObject({ error: null, events: { length: frameCount } })
      const reads = await eachOf(breaks, ask)
      for (const { lane, result, frames, title } of reads) {
        expect(result.events, title).toEqual(whole.get(lane)?.events.slice(0, frames))
      }
      return reads
    }

    test('throws in the AWS SDK for JavaScript behind the whole events, over its socket', async () => {
      const reads = await readBroken((lane) => askWithAwsSdk(lane, streaming))
      for (const { result, frames, begunBytes, title } of reads) {
        if (frames === 0) expect(result.error, title).toMatchObject({ name: 'ServiceUnavailableException' })
        else if (begunBytes <= PRELUDE_BYTES) expect(result.error, title).toBeInstanceOf(ModelStreamErrorException)
        else expect(String(result.error), title).toMatch(/message checksum .* did not match/)
      }
    })

    if (operation === 'ConverseStream') return

    test('throws in Anthropic’s SDK behind the whole events, over its socket', async () => {
      for (const { result, frames, begunBytes, title } of await readBroken(askWithAnthropicSdk)) {
        if (frames === 0) expect(result.error, title).toMatchObject({ status: 503 })
        else if (begunBytes <= PRELUDE_BYTES) {
          expect(result.error, title).toMatchObject({ error: { error: { type: 'modelStreamErrorException' } } })
        } else expect(String(result.error), title).toMatch(/message checksum .* did not match/)
      }
    })
  },
)
