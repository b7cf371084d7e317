/**
 * An upstream lost at any byte of a stream, or at its end too early at any frame, and what two decoders that share no code make
 * of what the gateway then sends: an error each time, never a stream that just ends.
 */
import { ConverseStreamCommand, ModelStreamErrorException } from '@aws-sdk/client-bedrock-runtime'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Fault } from '../simulator/faults.ts'
import { splitFrames } from '../simulator/frames.ts'
import { call, callPath } from '../simulator/raw-client.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { MESSAGES, modelIdOf } from './cases.ts'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from './harness.ts'
import { jsClient, readEvents } from './js-client.ts'
import { BOTO3_VERSIONS, nameOf, pythonOf, startDriver } from './python.ts'

/** Calls under way at once. Each lane has a model of its own, because faults are set by model. */
const LANES = Array.from({ length: 4 }, (_, at) => `lane-${at}`)

/** messageStart, one contentBlockDelta, contentBlockStop, messageStop, metadata. */
const SHORT: Fault = { frames: 1, frameChars: 12 }

let simulator: Simulator
let gateway: RunningGateway
/** The whole answer of the upstream. */
let stream: Uint8Array
/** Offsets at which a frame ends. */
let boundaries: number[]

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1'] })
  const model_list = LANES.map((lane) => deploymentOf(simulator, lane, modelIdOf(lane), 'us-east-1'))
  const general_settings = { master_key: MASTER_KEY }
  // Every call of this file fails, and none shall be refused for it.
  const router_settings = { cooldown_time: 0, num_retries: 0 }
  gateway = await startGateway({ config: { model_list, general_settings, router_settings } })

  simulator.fault('sample', SHORT)
  stream = (await call(simulator.url, 'ConverseStream', 'sample')).body
  let end = 0
  boundaries = Array.from(splitFrames(stream), (frame) => (end += frame.byteLength))
})

afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

/** Runs one call for each fault, a few at once, and gives the results in the order of the faults. */
async function throughLanes<Result>(faults: readonly Fault[], ask: (lane: string) => Promise<Result>) {
  const results: Result[] = []
  const queue = faults.entries()
  const work = LANES.map(async (lane) => {
    for (const [at, fault] of queue) {
      const armed = simulator.fault(modelIdOf(lane), { ...SHORT, ...fault })
      results[at] = await ask(lane)
      simulator.clearFaults(armed)
    }
  })
  await Promise.all(work)
  return results
}

function askRaw(lane: string) {
  const headers = { authorization: `Bearer ${MASTER_KEY}` }
  return callPath(gateway.url, `/bedrock/model/${lane}/converse-stream`, { headers, body: { messages: MESSAGES } })
}

async function askWithSdk(lane: string) {
  const client = jsClient(gateway.url, { accessKeyId: MASTER_KEY }, 1)
  const command = new ConverseStreamCommand({ modelId: lane, messages: MESSAGES })
  try {
    return await readEvents((await client.send(command)).stream)
  } catch (error) {
    return { events: [], error }
  } finally {
    client.destroy()
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at)

describe('a stream that goes well', () => {
  test('arrives byte for byte, which is what the cut ones are measured by', async () => {
    const [answer] = await throughLanes([{}], askRaw)
    expect(answer?.whole).toBe(true)
    expect(Buffer.compare(answer?.body ?? Buffer.alloc(0), stream)).toBe(0)
    expect(boundaries).toHaveLength(5)
  })
})

type Broken = { fault: Fault; sentBytes: number }

/** Cut at every byte. Also behind messageStop: what is lost then is the usage. */
const cuts = (): Broken[] => range(0, stream.byteLength).map((at) => ({ fault: { cutAfterBytes: at }, sentBytes: at }))

/** Ended at every boundary before messageStop; behind that the message is whole, and AWS itself may leave the usage out. */
const earlyEnds = (): Broken[] =>
  [0, ...boundaries.slice(0, 3)].map((at) => ({ fault: { endAfterBytes: at }, sentBytes: at }))

describe('an upstream lost at each byte of a stream, or ending it too early at each frame', () => {
  let broken: Broken[]
  let answers: Awaited<ReturnType<typeof askRaw>>[]

  beforeAll(async () => {
    broken = [...cuts(), ...earlyEnds()]
    answers = await throughLanes(
      broken.map(({ fault }) => fault),
      askRaw,
    )
  })

  test('before its first frame is whole is answered with an HTTP error', () => {
    const [firstFrame = 0] = boundaries
    broken.forEach(({ sentBytes, fault }, at) => {
      if (sentBytes >= firstFrame) return
      const answer = answers[at]
      expect(answer, JSON.stringify(fault)).toMatchObject({ status: 503, whole: true })
      expect(answer?.headers['x-amzn-errortype'], JSON.stringify(fault)).toBe('ServiceUnavailableException')
    })
  })

  test('after that is answered with all its bytes, more behind them, and an end as HTTP wants it', () => {
    const [firstFrame = 0] = boundaries
    broken.forEach(({ sentBytes, fault }, at) => {
      if (sentBytes < firstFrame) return
      const answer = answers[at]
      expect(answer, JSON.stringify(fault)).toMatchObject({ status: 200, whole: true })
      const body = answer?.body ?? Buffer.alloc(0)
      expect(body.byteLength, JSON.stringify(fault)).toBeGreaterThan(sentBytes)
      expect(Buffer.compare(body.subarray(0, sentBytes), stream.subarray(0, sentBytes)), JSON.stringify(fault)).toBe(0)
    })
  })

  test('leaves one row in the books for each call, which says cut', async () => {
    // One call before these went well.
    const rows = await gateway.rows(broken.length + 1)
    expect(new Set(rows.map(({ request_id }) => request_id)).size).toBe(broken.length + 1)
    const verdicts = rows.map(({ verdict }) => verdict)
    expect(verdicts.filter((verdict) => verdict === 'cut')).toHaveLength(broken.length)
    expect(verdicts.filter((verdict) => verdict === 'complete')).toHaveLength(1)
  })

  for (const boto3 of BOTO3_VERSIONS) {
    const python = pythonOf(boto3)
    test.skipIf(python === undefined)(`${nameOf(boto3)}: botocore raises modelStreamErrorException`, async () => {
      const [firstFrame = 0] = boundaries
      const started = broken.map((item, at) => ({ ...item, body: answers[at]?.body ?? Buffer.alloc(0) }))
      const streamed = started.filter(({ sentBytes }) => sentBytes >= firstFrame)
      expect(streamed.length).toBeGreaterThan(500)
      const driver = startDriver(python ?? '')
      try {
        const decoded = await driver.decode(
          'ConverseStream',
          streamed.map(({ body }) => body),
        )
        decoded.forEach(({ events, raised }, at) => {
          const fault = JSON.stringify(streamed[at]?.fault)
          expect(raised, fault).toMatchObject({ class: 'EventStreamError', code: 'modelStreamErrorException' })
          expect(raised?.message, fault).toContain('upstream')
          expect(events[0], fault).toEqual({ messageStart: { role: 'assistant' } })
        })
      } finally {
        await driver.stop()
      }
    })
  }
})

describe('over its socket the AWS SDK for JavaScript throws', () => {
  async function outcomesOf(broken: readonly Broken[]) {
    const outcomes = await throughLanes(
      broken.map(({ fault }) => fault),
      askWithSdk,
    )
    return broken.map((item, at) => ({ ...item, error: outcomes[at]?.error, events: outcomes[at]?.events ?? [] }))
  }

  test('ServiceUnavailableException for a cut at every byte of the first frame', async () => {
    const inFirst = cuts().slice(0, boundaries[0])
    for (const { error, events, fault } of await outcomesOf(inFirst)) {
      expect(error, JSON.stringify(fault)).toMatchObject({ name: 'ServiceUnavailableException' })
      expect(events, JSON.stringify(fault)).toEqual([])
    }
  })

  test('ModelStreamErrorException for a cut at every byte of all frames behind it', async () => {
    const afterFirst = cuts().slice(boundaries[0])
    for (const { error, events, fault } of await outcomesOf(afterFirst)) {
      expect(error, JSON.stringify(fault)).toBeInstanceOf(ModelStreamErrorException)
      expect(events[0], JSON.stringify(fault)).toHaveProperty('messageStart')
    }
  })

  test('for an early end at every frame boundary before messageStop', async () => {
    for (const { error, sentBytes } of await outcomesOf(earlyEnds())) {
      const name = sentBytes === 0 ? 'ServiceUnavailableException' : 'ModelStreamErrorException'
      expect(error, `ended after ${sentBytes} bytes`).toMatchObject({ name })
    }
  })
})
