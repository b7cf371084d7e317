/** No call fails while a deployment could have answered it; what cannot be mended reaches the client as AWS would say it. */
import {
  ConverseCommand,
  ConverseStreamCommand,
  ModelStreamErrorException,
  ThrottlingException,
} from '@aws-sdk/client-bedrock-runtime'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Answer, callIdOf, rowOf } from '../relay/calls.ts'
import type { Fault } from '../simulator/faults.ts'
import { call as directCall } from '../simulator/raw-client.ts'
import { MESSAGES, modelIdOf } from './cases.ts'
import { type Bench, FIRST, namedWaitMs, ordered, SECOND, startBench } from './failover-bench.ts'
import { MASTER_KEY } from './harness.ts'
import { jsClient, readEvents } from './js-client.ts'

const CALLS = 200
/** Calls under way at a time. */
const ABREAST = 10
/** Cool-downs grow from about 1 s, so in the seconds that 200 calls take few of them meet the throttled deployment. */
const THROTTLED_MAX = 30

const THROTTLED: Fault = { error: { name: 'ThrottlingException' } }
const THROTTLED_IN_FIRST_FRAME: Fault = { exception: { name: 'throttlingException' } }

/** Wait of the deployments that fall silent, seconds. */
const SILENCE_S = 0.3

/** What a stream may meet before its first frame is whole; no byte of it has reached the client then. */
const BEFORE_CONTENT: readonly { title: string; fault: Fault; error: string }[] = [
  { title: 'a throttle in the first frame', fault: THROTTLED_IN_FIRST_FRAME, error: 'ThrottlingException' },
  {
    title: 'a 503 in the first frame',
    fault: { exception: { name: 'serviceUnavailableException' } },
    error: 'ServiceUnavailableException',
  },
  {
    title: 'an error frame first',
    fault: { errorFrame: { code: 'InternalFailure', message: 'x' } },
    error: 'InternalFailure',
  },
  {
    title: 'a 503 in place of a stream',
    fault: { error: { name: 'ServiceUnavailableException' } },
    error: 'ServiceUnavailableException',
  },
  { title: 'silence instead of headers', fault: { hold: { at: 'headers' } }, error: 'timeout' },
  { title: 'silence behind the headers', fault: { hold: { at: 0 } }, error: 'timeout' },
  { title: 'a reset instead of headers', fault: { resetBeforeHeaders: true }, error: 'network' },
  { title: 'a cut behind the headers', fault: { cutAfterFrames: 0 }, error: 'cut' },
  { title: 'a cut inside the first frame', fault: { cutInsideFrame: 0 }, error: 'cut' },
  { title: 'an end behind the headers', fault: { endAfterFrames: 0 }, error: 'cut' },
  { title: 'an end inside the first frame', fault: { endInsideFrame: 0 }, error: 'cut' },
  { title: 'a damaged first frame', fault: { wrongCrc: { frame: 0, checksum: 'message' } }, error: 'cut' },
]

/** What a stream may meet once content has gone out, and the exception that the SDK makes of it. */
const AFTER_CONTENT: readonly { title: string; fault: Fault; raised: unknown; verdict: string }[] = [
  {
    title: 'an exception frame of AWS',
    fault: { frames: 6, exception: { name: 'throttlingException', afterFrames: 3 } },
    raised: ThrottlingException,
    verdict: 'exception',
  },
  {
    title: 'a cut between frames',
    fault: { frames: 6, cutAfterFrames: 3 },
    raised: ModelStreamErrorException,
    verdict: 'cut',
  },
  {
    title: 'a cut inside a frame',
    fault: { frames: 6, cutInsideFrame: 3 },
    // The SDK's own word for a damaged frame; it has no class of AWS.
    raised: Error,
    verdict: 'cut',
  },
  { title: 'an early end', fault: { frames: 6, endAfterFrames: 3 }, raised: ModelStreamErrorException, verdict: 'cut' },
]

const earlyGroup = (at: number) => `before-content-${at}`
const lateGroup = (at: number) => `after-content-${at}`
const SILENT = { timeout: SILENCE_S, stream_timeout: SILENCE_S }
const pairOf = (name: string) => ({ name, regions: [FIRST, SECOND] })
const soleOf = (name: string) => ({ name, regions: [FIRST] })

let bench: Bench

beforeAll(async () => {
  bench = await startBench([
    ...['converse-429', 'stream-429', 'first-frame-429', 'bad-request', 'all-throttled'].map(pairOf),
    ...BEFORE_CONTENT.map(({ error }, at) => ordered(earlyGroup(at), error === 'timeout' ? SILENT : {})),
    ...AFTER_CONTENT.map((_, at) => ordered(lateGroup(at))),
    ordered('one-cools'),
    ...['named-wait', 'probed', 'unreachable', 'slips', 'not-ready'].map(soleOf),
  ])
})

afterAll(() => bench?.stop())

/** The SDK without tries of its own, which would hide a failure. */
const client = () => jsClient(bench.gateway.url, { accessKeyId: MASTER_KEY }, 1)

const converse = (modelId: string) => client().send(new ConverseCommand({ modelId, messages: MESSAGES }))

async function converseStream(modelId: string) {
  const { stream } = await client().send(new ConverseStreamCommand({ modelId, messages: MESSAGES }))
  return readEvents(stream)
}

/** How many of the calls succeeded. */
async function successes(isSuccess: () => Promise<boolean>): Promise<number> {
  let left = CALLS
  let succeeded = 0
  const lane = async () => {
    while (left-- > 0) if (await isSuccess().catch(() => false)) succeeded++
  }
  await Promise.all(Array.from({ length: ABREAST }, lane))
  return succeeded
}

describe('of two deployments one always throttles', () => {
  const streamEnds = async (model: string) => {
    const { events, error } = await converseStream(model)
    return error === null && events.at(-1)?.metadata !== undefined
  }

  test.each([
    {
      title: 'Converse',
      group: 'converse-429',
      fault: THROTTLED,
      isSuccess: async (model: string) => (await converse(model)).stopReason === 'end_turn',
    },
    { title: 'ConverseStream', group: 'stream-429', fault: THROTTLED, isSuccess: streamEnds },
    {
      title: 'ConverseStream, throttled in the first frame',
      group: 'first-frame-429',
      fault: THROTTLED_IN_FIRST_FRAME,
      isSuccess: streamEnds,
    },
  ])(`${CALLS} of ${CALLS} calls of $title succeed`, async ({ group, fault, isSuccess }) => {
    bench.simulator.fault({ model: modelIdOf(group), region: FIRST }, fault)
    expect(await successes(() => isSuccess(group))).toBe(CALLS)
    const received = bench.received(group)
    expect(received[SECOND]).toBe(CALLS)
    expect(received[FIRST]).toBeGreaterThan(0)
    expect(received[FIRST]).toBeLessThan(THROTTLED_MAX)
  })
})

test('a 400 reaches exactly one upstream once, and the client as it came', async () => {
  bench.simulator.fault(modelIdOf('bad-request'), { error: { name: 'ValidationException', message: 'No such thing.' } })
  const answer = await bench.ask('bad-request', 'converse')
  expect(answer.status).toBe(400)
  expect(answer.text).toBe('{"message":"No such thing."}')
  expect(answer.headers.get('x-litellm-attempted-retries')).toBe('0')
  expect(answer.headers.get('x-amz-retry-after')).toBeNull()
  expect(bench.simulator.count(modelIdOf('bad-request'))).toBe(1)
})

describe('a stream', () => {
  test.each(BEFORE_CONTENT.map((each, at) => ({ ...each, at })))(
    'fails over unseen on $title',
    async ({ at, fault, error }) => {
      const model = modelIdOf(earlyGroup(at))
      const { body: sound } = await directCall(bench.simulator.endpoint(SECOND), 'ConverseStream', model)
      bench.simulator.fault({ model, region: FIRST }, fault)
      const answer = await bench.ask(earlyGroup(at), 'converse-stream')
      expect(answer.status).toBe(200)
      expect(Buffer.from(answer.bytes).equals(sound)).toBe(true)
      expect(bench.received(earlyGroup(at))).toEqual({ [FIRST]: 1, [SECOND]: 2 })
      expect(answer.headers.get('x-litellm-model-region')).toBe(SECOND)
      expect(answer.headers.get('x-litellm-attempted-retries')).toBe('1')
      if (error === 'timeout') {
        // The silent attempt is not left running beside the one that answers.
        const silent = { model, region: FIRST }
        await bench.simulator.until(() => bench.simulator.requests(silent)[0]?.outcome === 'client-closed')
      }
      const record = await bench.record(answer)
      expect(record).toMatchObject({ status: 'success', verdict: 'complete', attempts: 2, region: SECOND })
      expect(record).toMatchObject({
        attempt_log: [
          { region: FIRST, error_type: error },
          { region: SECOND, status: 200 },
        ],
      })
    },
  )

  test.each(AFTER_CONTENT.map((each, at) => ({ ...each, at })))(
    'is not asked for again on $title behind content: the client gets the exception',
    async ({ at, fault, raised, verdict }) => {
      bench.simulator.fault({ model: modelIdOf(lateGroup(at)), region: FIRST }, fault)
      const { events, error } = await converseStream(lateGroup(at))
      expect(events.length).toBeGreaterThanOrEqual(3)
      expect(error).toBeInstanceOf(raised)
      expect(bench.received(lateGroup(at))).toEqual({ [FIRST]: 1 })
      const line = () => bench.gateway.logs.find((one) => one.event === 'call' && one.model_group === lateGroup(at))
      await vi.waitFor(() =>
        expect(line()).toMatchObject({ status: 'failure', http_status: 200, verdict, attempts: 1 }),
      )
    },
  )
})

test('the spend row says what each attempt met', async () => {
  bench.simulator.fault({ model: modelIdOf('one-cools'), region: FIRST }, THROTTLED)
  const row = await rowOf(bench.gateway, await bench.ask('one-cools', 'converse'))
  const [throttled] = bench.simulator.requests({ model: modelIdOf('one-cools'), region: FIRST })
  const [answered] = bench.simulator.requests({ model: modelIdOf('one-cools'), region: SECOND })
  expect(row).toMatchObject({
    status: 'success',
    attempts: 2,
    model_id: `one-cools/${SECOND}/1`,
    region: SECOND,
    aws_request_id: answered?.requestId,
    attempt_log: [
      {
        deployment: `one-cools/${FIRST}/1`,
        region: FIRST,
        status: 429,
        error_type: 'ThrottlingException',
        aws_request_id: throttled?.requestId,
      },
      { deployment: `one-cools/${SECOND}/1`, region: SECOND, status: 200, error_type: null },
    ],
  })
})

describe('while all deployments cool', () => {
  test('the last error goes to the client with the wait until one comes back', async () => {
    bench.simulator.fault(modelIdOf('all-throttled'), THROTTLED)
    const answer = await bench.ask('all-throttled', 'converse')
    expect(answer.status).toBe(429)
    expect(bench.received('all-throttled')).toEqual({ [FIRST]: 1, [SECOND]: 1 })
    const wait = namedWaitMs(answer)
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(1000)
  })

  test('the next call is refused at once with 429 and a wait that agrees, and no upstream is asked', async () => {
    const answer = await bench.ask('all-throttled', 'converse')
    expect(answer.status).toBe(429)
    expect(answer.headers.get('x-amzn-errortype')).toBe('ThrottlingException')
    expect(answer.headers.get('x-amzn-requestid')).toBe(callIdOf(answer))
    expect(JSON.parse(answer.text)).toEqual({ message: expect.stringContaining('all-throttled') })
    const wait = namedWaitMs(answer)
    expect(wait).toBeGreaterThan(0)
    expect(wait).toBeLessThanOrEqual(1000)
    expect(bench.simulator.count(modelIdOf('all-throttled'))).toBe(2)
  })

  test('a wait that AWS named is what the client is told', async () => {
    const headers = { 'x-amz-retry-after': '2500' }
    bench.simulator.fault(modelIdOf('named-wait'), { error: { name: 'ThrottlingException', headers } })
    for (let call = 0; call < 2; call++) {
      const wait = namedWaitMs(await bench.ask('named-wait', 'converse'))
      expect(wait).toBeGreaterThan(1500)
      expect(wait).toBeLessThanOrEqual(2500)
    }
    expect(bench.simulator.count(modelIdOf('named-wait'))).toBe(1)
  })

  test('a sole deployment that cannot be reached is 503, first after an attempt and then without one', async () => {
    bench.simulator.fault(modelIdOf('unreachable'), { resetBeforeHeaders: true })
    const errors = []
    for (let call = 0; call < 5; call++) errors.push(await bench.ask('unreachable', 'converse'))
    for (const error of errors) {
      expect(error.status).toBe(503)
      expect(error.headers.get('x-amzn-errortype')).toBe('ServiceUnavailableException')
      expect(namedWaitMs(error)).toBeGreaterThan(0)
    }
    // `allowed_fails` is 3: the fourth failure in a row takes it out.
    expect(bench.simulator.count(modelIdOf('unreachable'))).toBe(4)
  })

  test('at the end of the cool-down exactly one call probes, and its answer brings the deployment back', async () => {
    const model = modelIdOf('probed')
    bench.simulator.fault(model, THROTTLED, { times: 1 })
    bench.simulator.fault(model, { hold: { at: 'headers' } }, { times: 1 })
    const wait = namedWaitMs(await bench.ask('probed', 'converse')) ?? 0
    // The client does what it was told: this is the wait under test.
    await new Promise((resolve) => setTimeout(resolve, wait))
    const calls = Array.from({ length: 6 }, () => bench.ask('probed', 'converse'))
    await bench.simulator.until((requests) => requests.some((one) => one.model === model && one.held))
    const others = await firstSettled(calls, 5)
    for (const answer of others) {
      expect(answer.status).toBe(429)
      expect(namedWaitMs(answer)).toBeGreaterThan(0)
    }
    expect(bench.simulator.count(model)).toBe(2)
    bench.simulator.release(model)
    const statuses = (await Promise.all(calls)).map(({ status }) => status)
    expect(statuses.toSorted()).toEqual([200, 429, 429, 429, 429, 429])
    expect((await bench.ask('probed', 'converse')).status).toBe(200)
    const kinds = bench.gateway.logs.flatMap((line) => (line.group === 'probed' ? [line.kind] : []))
    expect(kinds).toEqual(['cooling', 'recovered'])
  })
})

/** The answers that come first; it never resolves where fewer come. */
function firstSettled(calls: readonly Promise<Answer>[], count: number): Promise<Answer[]> {
  return new Promise((resolve, reject) => {
    const answers: Answer[] = []
    for (const call of calls) {
      call.then((answer) => {
        answers.push(answer)
        if (answers.length === count) resolve([...answers])
      }, reject)
    }
  })
}

describe('a sole deployment', () => {
  test.each([
    { group: 'slips', name: 'ServiceUnavailableException' },
    { group: 'not-ready', name: 'ModelNotReadyException' },
  ] as const)('is asked again after $name, unseen by the client', async ({ group, name }) => {
    bench.simulator.fault(modelIdOf(group), { error: { name } }, { times: 1 })
    const answer = await bench.ask(group, 'converse')
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-litellm-attempted-retries')).toBe('1')
    expect(bench.received(group)).toEqual({ [FIRST]: 2 })
  })
})
