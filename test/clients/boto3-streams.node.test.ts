/** How boto3 sees the end of a stream: an exception frame, an upstream that breaks off, one that throttles in its first frame. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
import { BOTO3_VERSIONS, type Driver, nameOf, pythonOf, startDriver } from './python.ts'

type Pair = Awaited<ReturnType<typeof startPair>>

const FIRST = 'first'
const MIDDLE = 'middle'
const ERROR_FRAME = 'error-frame'
const CONVERSE = 'converse'
const INVOKE = 'invoke'

/** Frames of messageStart and text before the one that fails. */
const FRAMES_BEFORE = 3

const NAMES = [
  ...CONVERSE_STREAM_EXCEPTIONS.flatMap(({ error }) => [`${FIRST}-${error}`, `${MIDDLE}-${error}`]),
  ...BROKEN_STREAMS.flatMap((_, at) => [`${CONVERSE}-${at}`, `${INVOKE}-${at}`]),
  ERROR_FRAME,
].map((name) => name.toLowerCase())

const raisedFor = ({ typed }: BrokenStream) =>
  typed ? { class: 'EventStreamError', code: 'modelStreamErrorException' } : { class: 'ChecksumMismatch' }

for (const boto3 of BOTO3_VERSIONS) {
  const python = pythonOf(boto3)
  describe.skipIf(python === undefined)(nameOf(boto3), () => {
    let pair: Pair
    let driver: Driver

    beforeAll(async () => {
      driver = startDriver(python ?? '')
      pair = await startPair(modelsOf(NAMES))
    })

    afterAll(async () => {
      await driver?.stop()
      await pair?.stop()
    })

    const spec = () => ({ endpoint: `${pair.gateway.url}/bedrock`, accessKeyId: MASTER_KEY, maxAttempts: 1 })
    const converseStream = (modelId: string) => driver.call(spec(), 'converse_stream', { modelId, messages: MESSAGES })
    const invokeStream = (modelId: string) =>
      driver.call(spec(), 'invoke_model_with_response_stream', { modelId, body: CLAUDE_REQUEST })

    test.each(CONVERSE_STREAM_EXCEPTIONS)(
      '$member in the first frame of every deployment raises $error as for a refused call',
      async ({ member, error, status }) => {
        const model = `${FIRST}-${error}`.toLowerCase()
        const message = awkwardMessage(member)
        pair.simulator.fault(modelIdOf(model), { exception: { name: member, message } })
        const { raised, events } = await converseStream(model)
        expect(raised).toMatchObject({ code: error, status, message })
        expect(raised?.bases).toContain('ClientError')
        expect(raised?.class).not.toBe('EventStreamError')
        expect(events).toEqual([])
      },
    )

    test.each(CONVERSE_STREAM_EXCEPTIONS)(
      '$member after content raises EventStreamError with its code and text, behind what had come',
      async ({ member, error }) => {
        const model = `${MIDDLE}-${error}`.toLowerCase()
        const message = awkwardMessage(member)
        pair.simulator.fault(modelIdOf(model), { exception: { name: member, message, afterFrames: FRAMES_BEFORE } })
        const { raised, events } = await converseStream(model)
        expect(raised).toMatchObject({ class: 'EventStreamError', code: member, message })
        expect(events).toHaveLength(FRAMES_BEFORE)
        expect(pair.simulator.count(modelIdOf(model))).toBe(1)
      },
    )

    test('an error frame after content raises EventStreamError with its code and text', async () => {
      const errorFrame = { code: 'SomethingNew', message: 'of a kind not modelled', afterFrames: FRAMES_BEFORE }
      pair.simulator.fault(modelIdOf(ERROR_FRAME), { errorFrame })
      const { raised } = await converseStream(ERROR_FRAME)
      expect(raised).toMatchObject({ class: 'EventStreamError', code: errorFrame.code, message: errorFrame.message })
    })

    test.each(BROKEN_STREAMS.map((broken, at) => ({ ...broken, at })))(
      'converse_stream raises behind the whole events where the upstream $title',
      async ({ at, ...broken }) => {
        const model = `${CONVERSE}-${at}`
        await breakStream(pair.simulator, 'ConverseStream', modelIdOf(model), broken)
        const { raised, events } = await converseStream(model)
        expect(raised).toMatchObject(raisedFor(broken))
        expect(raised?.message).not.toBe('')
        expect(events).toHaveLength(broken.frames)
        expect(events[0]).toHaveProperty('messageStart')
      },
    )

    test.each(BROKEN_STREAMS.map((broken, at) => ({ ...broken, at })))(
      'invoke_model_with_response_stream raises behind the whole events where the upstream $title',
      async ({ at, ...broken }) => {
        const model = `${INVOKE}-${at}`
        await breakStream(pair.simulator, 'InvokeModelWithResponseStream', modelIdOf(model), broken)
        const { raised, events } = await invokeStream(model)
        expect(raised).toMatchObject(raisedFor(broken))
        expect(events).toHaveLength(broken.frames)
        expect(events[0]).toHaveProperty('chunk')
      },
    )
  })
}
