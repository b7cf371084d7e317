/** How the AWS SDK for JavaScript sees the end of a stream. Its decoder types every exception of the stream's union. */
import * as sdk from '@aws-sdk/client-bedrock-runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  awkwardMessage,
  BROKEN_STREAMS,
  type BrokenStream,
  breakStream,
  CLAUDE_REQUEST,
  CONVERSE_STREAM_EXCEPTIONS,
  MESSAGES,
  modelIdOf,
  modelsOf,
} from './cases.ts'
import { MASTER_KEY, startPair } from './harness.ts'
import { errorOf, jsClient, readEvents } from './js-client.ts'

const FIRST = 'first'
const MIDDLE = 'middle'
const CONVERSE = 'converse'
const INVOKE = 'invoke'
const INVOKE_MIDDLE = 'invoke-middle'

/** Frames of messageStart and text before the one that fails. */
const FRAMES_BEFORE = 3

const NAMES = [
  ...CONVERSE_STREAM_EXCEPTIONS.flatMap(({ error }) => [`${FIRST}-${error}`, `${MIDDLE}-${error}`]),
  ...BROKEN_STREAMS.flatMap((_, at) => [`${CONVERSE}-${at}`, `${INVOKE}-${at}`]),
  INVOKE_MIDDLE,
].map((name) => name.toLowerCase())

const BROKEN = BROKEN_STREAMS.map((broken, at) => ({ ...broken, at }))

let pair: Awaited<ReturnType<typeof startPair>>

beforeAll(async () => {
  pair = await startPair(modelsOf(NAMES))
})

afterAll(async () => {
  await pair?.stop()
})

const client = () => jsClient(pair.gateway.url, { accessKeyId: MASTER_KEY }, 1)
const classOf = (name: string): unknown => Object.entries(sdk).find(([exported]) => exported === name)?.[1]

async function converseStream(modelId: string) {
  const { stream } = await client().send(new sdk.ConverseStreamCommand({ modelId, messages: MESSAGES }))
  return readEvents(stream)
}

async function invokeStream(modelId: string) {
  const input = { modelId, body: CLAUDE_REQUEST }
  const { body } = await client().send(new sdk.InvokeModelWithResponseStreamCommand(input))
  return readEvents(body)
}

function expectBroken(error: unknown, { typed }: BrokenStream): void {
  if (typed) expect(error).toBeInstanceOf(sdk.ModelStreamErrorException)
  else expect(String(error)).toMatch(/message checksum .* did not match/)
}

test.each(CONVERSE_STREAM_EXCEPTIONS)(
  '$member in the first frame of every deployment throws $error as for a refused call',
  async ({ member, error: name, status }) => {
    const model = `${FIRST}-${name}`.toLowerCase()
    const message = awkwardMessage(member)
    pair.simulator.fault(modelIdOf(model), { exception: { name: member, message } })
    const error = await errorOf(converseStream(model))
    expect(error).toBeInstanceOf(classOf(name))
    expect(error).toMatchObject({ message, $metadata: { httpStatusCode: status, attempts: 1 } })
  },
)

test.each(CONVERSE_STREAM_EXCEPTIONS)(
  '$member after content throws $error with its text, behind what had come',
  async ({ member, error: name }) => {
    const model = `${MIDDLE}-${name}`.toLowerCase()
    const message = awkwardMessage(member)
    pair.simulator.fault(modelIdOf(model), { exception: { name: member, message, afterFrames: FRAMES_BEFORE } })
    const { events, error } = await converseStream(model)
    expect(error).toBeInstanceOf(classOf(name))
    expect(error).toMatchObject({ message })
    expect(events).toHaveLength(FRAMES_BEFORE)
    expect(pair.simulator.count(modelIdOf(model))).toBe(1)
  },
)

test('modelTimeoutException after chunks of InvokeModelWithResponseStream throws ModelTimeoutException', async () => {
  const message = awkwardMessage(INVOKE_MIDDLE)
  const exception = { name: 'modelTimeoutException', message, afterFrames: FRAMES_BEFORE }
  pair.simulator.fault(modelIdOf(INVOKE_MIDDLE), { exception })
  const { events, error } = await invokeStream(INVOKE_MIDDLE)
  expect(error).toBeInstanceOf(sdk.ModelTimeoutException)
  expect(error).toMatchObject({ message })
  expect(events).toHaveLength(FRAMES_BEFORE)
})

test.each(BROKEN)(
  'ConverseStream throws behind the whole events where the upstream $title',
  async ({ at, ...broken }) => {
    const model = `${CONVERSE}-${at}`
    await breakStream(pair.simulator, 'ConverseStream', modelIdOf(model), broken)
    const { events, error } = await converseStream(model)
    expectBroken(error, broken)
    expect(events).toHaveLength(broken.frames)
    expect(events[0]).toHaveProperty('messageStart')
  },
)

test.each(BROKEN)(
  'InvokeModelWithResponseStream throws behind the whole events where the upstream $title',
  async ({ at, ...broken }) => {
    const model = `${INVOKE}-${at}`
    await breakStream(pair.simulator, 'InvokeModelWithResponseStream', modelIdOf(model), broken)
    const { events, error } = await invokeStream(model)
    expectBroken(error, broken)
    expect(events).toHaveLength(broken.frames)
    expect(events[0]).toHaveProperty('chunk')
  },
)
