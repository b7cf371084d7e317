import { BedrockRuntimeClient, ConverseStreamCommand } from '@aws-sdk/client-bedrock-runtime'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { SIMULATOR_ACCESS_KEY_ID, SIMULATOR_SECRET_ACCESS_KEY } from './auth.ts'
import { type Fault, STREAM_EXCEPTIONS } from './faults.ts'
import { splitFrames } from './frames.ts'
import { bareBytes, call, collect, decodeFrames, HELLO, pathOf } from './raw-client.ts'
import { type Simulator, startSimulator } from './server.ts'

const MODEL = 'amazon.nova-micro-v1:0'

let simulator: Simulator
/** Bytes and frames of the stream without a fault. */
let sound: Buffer
let soundFrames: Uint8Array[]

beforeAll(async () => {
  simulator = await startSimulator({ recordings: null })
  sound = (await stream()).body
  soundFrames = Array.from(splitFrames(sound))
})
beforeEach(() => simulator.reset())
afterAll(() => simulator.close())

const stream = () => call(simulator.url, 'ConverseStream', MODEL)
const outcome = () => simulator.requests().at(-1)?.outcome
const halfOfFrame3 = (): number => bytesOf(3) + Math.floor((soundFrames[3]?.byteLength ?? 0) / 2)
const bytesOf = (frames: number): number => Buffer.concat(soundFrames.slice(0, frames)).byteLength

describe('an exception in the stream', () => {
  test.each(STREAM_EXCEPTIONS)('%s as the first frame follows a status of 200', async (name) => {
    simulator.fault(MODEL, { exception: { name, message: 'because' } })
    const answer = await stream()
    expect(answer).toMatchObject({ status: 200, whole: true })
    expect(decodeFrames(answer.body)).toEqual([
      {
        headers: { ':exception-type': name, ':content-type': 'application/json', ':message-type': 'exception' },
        payload: { message: 'because' },
      },
    ])
  })

  test('comes after so many sound frames and ends the stream', async () => {
    const exception = {
      name: 'modelStreamErrorException',
      afterFrames: 4,
      originalStatusCode: 500,
      originalMessage: 'inner',
      message: 'outer',
    }
    simulator.fault(MODEL, { exception })
    const answer = await stream()
    expect(answer.whole).toBe(true)
    expect(answer.body.subarray(0, bytesOf(4)).equals(sound.subarray(0, bytesOf(4)))).toBe(true)
    const frames = decodeFrames(answer.body)
    expect(frames).toHaveLength(5)
    expect(frames[4]?.payload).toEqual({ message: 'outer', originalStatusCode: 500, originalMessage: 'inner' })
  })

  test('is raised by the AWS SDK for JavaScript under its name', async () => {
    simulator.fault(MODEL, { exception: { name: 'validationException', afterFrames: 2 } })
    const client = new BedrockRuntimeClient({
      endpoint: simulator.url,
      region: 'us-east-1',
      requestHandler: new NodeHttpHandler(),
      credentials: { accessKeyId: SIMULATOR_ACCESS_KEY_ID, secretAccessKey: SIMULATOR_SECRET_ACCESS_KEY },
    })
    const messages = [{ role: 'user' as const, content: [{ text: 'Hi' }] }]
    const answer = await client.send(new ConverseStreamCommand({ modelId: MODEL, messages }))
    await expect(collect(answer.stream)).rejects.toMatchObject({ name: 'ValidationException' })
    client.destroy()
  })

  test('that is not modelled has its code and text in the headers of an error frame', async () => {
    simulator.fault(MODEL, { errorFrame: { code: 'InternalFailure', message: 'broke', afterFrames: 1 } })
    const frames = decodeFrames((await stream()).body)
    expect(frames).toHaveLength(2)
    expect(frames[1]).toEqual({
      headers: { ':error-code': 'InternalFailure', ':error-message': 'broke', ':message-type': 'error' },
      payload: {},
    })
  })
})

test('an event of an unknown type stands between sound frames', async () => {
  simulator.fault(MODEL, { unknownEventAfterFrames: 2 })
  const answer = await stream()
  const frames = decodeFrames(answer.body)
  expect(frames).toHaveLength(soundFrames.length + 1)
  expect(frames[2]?.headers[':event-type']).toBe('somethingNewEvent')
  expect(answer.body.subarray(-bytesOf(1)).equals(sound.subarray(-bytesOf(1)))).toBe(true)
})

test.each(['prelude', 'message'] as const)(
  'a wrong checksum of the %s differs from the sound stream in that checksum only',
  async (checksum) => {
    simulator.fault(MODEL, { wrongCrc: { frame: 2, checksum } })
    const answer = await stream()
    expect(() => decodeFrames(answer.body)).toThrow(/checksum/)
    const differing = [...answer.body.keys()].filter((at) => answer.body[at] !== sound[at])
    expect(differing).toEqual([checksum === 'prelude' ? bytesOf(2) + 11 : bytesOf(3) - 1])
  },
)

describe('a stream that breaks off', () => {
  test('by a cut after any byte of a frame delivers exactly these bytes and no proper end', async () => {
    for (let bytes = bytesOf(1); bytes <= bytesOf(2); bytes += 1) {
      simulator.reset()
      simulator.fault(MODEL, { cutAfterBytes: bytes })
      const answer = await stream()
      expect(answer).toMatchObject({ status: 200, whole: false })
      expect(answer.body.equals(sound.subarray(0, bytes))).toBe(true)
      expect(simulator.requests()[0]).toMatchObject({ outcome: 'cut', bytesSent: bytes })
    }
  })

  const cuts: [string, () => Fault, () => number][] = [
    ['before any byte', () => ({ cutAfterBytes: 0 }), () => 0],
    ['at a frame boundary', () => ({ cutAfterFrames: 3 }), () => bytesOf(3)],
    ['inside a frame', () => ({ cutInsideFrame: 3 }), () => halfOfFrame3()],
    ['after the last frame', () => ({ cutAfterFrames: soundFrames.length }), () => sound.byteLength],
  ]
  test.each(cuts)('by a cut %s', async (_where, fault, bytes) => {
    simulator.fault(MODEL, fault())
    const answer = await stream()
    expect(answer).toMatchObject({ status: 200, whole: false })
    expect(answer.body.equals(sound.subarray(0, bytes()))).toBe(true)
  })

  const ends: [string, Fault, () => number][] = [
    ['at a frame boundary', { endAfterFrames: 3 }, () => bytesOf(3)],
    ['inside a frame', { endInsideFrame: 3 }, () => halfOfFrame3()],
    ['after so many bytes', { endAfterBytes: 101 }, () => 101],
  ]
  test.each(ends)('by a clean end %s is whole for HTTP', async (_where, fault, bytes) => {
    simulator.fault(MODEL, fault)
    const answer = await stream()
    expect(answer).toMatchObject({ status: 200, whole: true })
    expect(answer.body.equals(sound.subarray(0, bytes()))).toBe(true)
    expect(outcome()).toBe('ended-early')
  })

  test('is also a body with a known length, cut or ended before it', async () => {
    const whole = (await call(simulator.url, 'Converse', MODEL)).body
    simulator.fault(MODEL, { cutAfterBytes: 20 }, { times: 1 })
    simulator.fault(MODEL, { endAfterBytes: 20 }, { times: 1 })
    const cut = await call(simulator.url, 'Converse', MODEL)
    expect(cut.headers['content-length']).toBe(String(whole.byteLength))
    expect(cut).toMatchObject({ whole: false, body: whole.subarray(0, 20) })
    expect(await call(simulator.url, 'Converse', MODEL)).toMatchObject({ whole: true, body: whole.subarray(0, 20) })
  })
})

describe('the pace', () => {
  test('of one byte per write gives every byte a chunk of its own', async () => {
    simulator.fault(MODEL, { bytesPerWrite: 1, endAfterBytes: 150 })
    const received = await bareBytes(simulator.port, pathOf('ConverseStream', MODEL), JSON.stringify(HELLO))
    const body = received.subarray(received.indexOf('\r\n\r\n') + 4)
    const chunks = Array.from({ length: 150 }, (_, index) => body.subarray(index * 6, index * 6 + 6))
    for (const chunk of chunks) expect(chunk.toString('latin1')).toMatch(/^1\r\n[\s\S]\r\n$/)
    expect(Buffer.concat(chunks.map((chunk) => chunk.subarray(3, 4))).equals(sound.subarray(0, 150))).toBe(true)
    expect(body.subarray(150 * 6).toString()).toBe('0\r\n\r\n')
  })

  test('of a drip waits between the frames and changes no byte', async () => {
    simulator.fault(MODEL, { msBetweenFrames: 10 })
    const start = performance.now()
    const answer = await stream()
    expect(answer.body.equals(sound)).toBe(true)
    expect(performance.now() - start).toBeGreaterThan(10 * (soundFrames.length - 2))
  })

  test('of silence before the status line lasts until it is released', async () => {
    simulator.fault(MODEL, { hold: { at: 'headers' } })
    let arrived = false
    const pending = stream().then((answer) => {
      arrived = true
      return answer
    })
    const [waiting] = await simulator.until((requests) => requests.some(({ held }) => held))
    expect(waiting?.status).toBeNull()
    expect(arrived).toBe(false)
    expect(simulator.release({ model: 'another' })).toBe(0)
    expect(simulator.release(MODEL)).toBe(1)
    expect((await pending).body.equals(sound)).toBe(true)
  })

  test('of silence before the first frame has sent the headers, and after some frames exactly these', async () => {
    for (const frames of [0, 2]) {
      simulator.reset()
      simulator.fault(MODEL, { hold: { at: frames } })
      const pending = stream()
      const [waiting] = await simulator.until((requests) => requests.some(({ held }) => held))
      expect(waiting).toMatchObject({ status: 200, bytesSent: bytesOf(frames) })
      simulator.release()
      expect((await pending).body.equals(sound)).toBe(true)
    }
  })

  test('of silence for a time goes on by itself', async () => {
    simulator.fault(MODEL, { hold: { at: 'headers', ms: 30 } })
    const start = performance.now()
    expect((await stream()).body.equals(sound)).toBe(true)
    expect(performance.now() - start).toBeGreaterThanOrEqual(29)
  })
})

test('faults combine: ten thousand frames in pieces of 7 bytes, cut after an exact byte', async () => {
  simulator.fault(MODEL, { frames: 10_000, bytesPerWrite: 7, cutAfterBytes: 5003 })
  const answer = await stream()
  expect(answer).toMatchObject({ whole: false })
  expect(answer.body.byteLength).toBe(5003)
})
