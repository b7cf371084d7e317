import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { eventFrame } from './frames.ts'
import { callPath, decodeFrames } from './raw-client.ts'
import { loadRecordings, RECORDINGS_FOLDER, type Recording } from './recordings.ts'
import { type Simulator, startSimulator } from './server.ts'

const STREAM_PATH = '/model/amazon.nova-micro-v1%3A0/converse-stream'
const REQUEST = '{\n  "messages": [],\n  "inferenceConfig": {"maxTokens": 1}\n}'
const STREAM = Buffer.concat([
  eventFrame('messageStart', { role: 'assistant' }),
  eventFrame('messageStop', { stopReason: 'end_turn' }),
])

function recorded(path: string, status: number, headers: Record<string, string>, body: Buffer) {
  return {
    request: {
      method: 'POST',
      url: `https://bedrock-runtime.us-east-1.amazonaws.com${path}`,
      contentType: null,
      body: REQUEST,
    },
    response: {
      status,
      headers: { date: 'Thu, 06 Feb 2025 05:12:33 GMT', connection: 'keep-alive', ...headers },
      bodyBase64: body.toString('base64'),
    },
  }
}

describe('a request that was recorded', () => {
  let folder: string
  let simulator: Simulator

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'simulator-recordings-'))
    const streaming = { 'content-type': 'application/vnd.amazon.eventstream', 'x-amzn-requestid': 'first' }
    writeFileSync(join(folder, 'a.json'), JSON.stringify([recorded(STREAM_PATH, 200, streaming, STREAM)]))
    const error = { 'content-type': 'application/json', 'x-amzn-requestid': 'second', 'x-amzn-errortype': 'X:y' }
    writeFileSync(
      join(folder, 'b.json'),
      JSON.stringify([recorded(STREAM_PATH, 424, error, Buffer.from('{ "message": "m" }'))]),
    )
    simulator = await startSimulator({ recordings: folder })
  })
  beforeEach(() => simulator.reset())
  afterAll(async () => {
    await simulator.close()
    rmSync(folder, { recursive: true })
  })

  const send = (body = REQUEST, path = STREAM_PATH) => callPath(simulator.url, path, { body })

  test('gets the recorded status, headers and bytes, but the date of today', async () => {
    const answer = await send()
    expect(answer.status).toBe(200)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/vnd.amazon.eventstream',
      'x-amzn-requestid': 'first',
    })
    expect(answer.headers.date).not.toContain('2025')
    expect(answer.body.equals(STREAM)).toBe(true)
    expect(simulator.requests()[0]).toMatchObject({ recording: 'a#0', requestId: 'first' })
  })

  test('several times gets its answers in turn', async () => {
    const statuses = [await send(), await send(), await send()].map(({ status }) => status)
    expect(statuses).toEqual([200, 424, 200])
  })

  test('is recognised with a raw colon, other white space and another order of keys', async () => {
    await send('{"inferenceConfig":{"maxTokens":1},"messages":[]}', '/model/amazon.nova-micro-v1:0/converse-stream')
    expect(simulator.requests()[0]?.recording).toBe('a#0')
  })

  test('in another body or to another operation is answered afresh', async () => {
    await send('{"inferenceConfig":{"maxTokens":2},"messages":[]}')
    await send(REQUEST, '/model/amazon.nova-micro-v1%3A0/converse')
    expect(simulator.requests().map(({ recording }) => recording)).toEqual([null, null])
  })

  test('can be pinned by name, and takes the faults of streams', async () => {
    simulator.fault({}, { recording: 'b#0' }, { times: 1 })
    simulator.fault({}, { recording: 'a#0', exception: { name: 'throttlingException', afterFrames: 1 } })
    expect((await send('{}')).body.toString()).toBe('{ "message": "m" }')
    const frames = decodeFrames((await send('{}')).body)
    expect(frames.map(({ headers }) => headers[':event-type'] ?? headers[':exception-type'])).toEqual([
      'messageStart',
      'throttlingException',
    ])
  })
})

test('a folder that is not there replays nothing', () => {
  expect(loadRecordings(join(tmpdir(), 'no-such-folder-of-recordings'))).toEqual([])
})

describe.skipIf(!existsSync(RECORDINGS_FOLDER))(
  'the shared recordings (skipped where ../shared/recordings is absent)',
  () => {
    let simulator: Simulator
    beforeAll(async () => {
      simulator = await startSimulator()
    })
    afterAll(() => simulator.close())

    test('come back byte for byte, each with its status and headers, when they are asked in the order of their names', async () => {
      const recordings = loadRecordings()
      expect(recordings.length).toBeGreaterThanOrEqual(74)
      for (const recording of recordings) {
        const answer = await callPath(simulator.url, recording.rawUrl, { body: recording.requestBody })
        expect(answer.status, recording.name).toBe(recording.status)
        expect(answer.body.equals(recording.body), recording.name).toBe(true)
        expect(answer.headers, recording.name).toMatchObject(lasting(recording))
      }
      expect(simulator.requests().map(({ recording }) => recording)).toEqual(recordings.map(({ name }) => name))
    })
  },
)

function lasting(recording: Recording): Record<string, string> {
  const { date: _date, connection: _connection, ...headers } = recording.headers
  return headers
}
