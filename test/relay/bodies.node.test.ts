/** Large request bodies: what fits passes, what does not is refused without a broken pipe, and memory for them is bounded. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { type Answer, call, callIdOf, readAnswer, send } from './calls.ts'

const NOVA = 'amazon.nova-micro-v1:0'
/** Most bytes of a body that Bedrock takes. */
const BODY_MAX_BYTES = 25_000_000
/** A body that the simulator need not understand. */
const raw = { status: 200, headers: { 'content-type': 'application/json' }, bodyBase64: 'e30=' }

let simulator: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  // Hashing such bodies in JavaScript takes seconds; that they are signed rightly is asserted with small ones elsewhere.
  simulator = await startSimulator({ regions: ['us-east-1'], auth: 'off' })
  const model_list = [deploymentOf(simulator, 'nova', NOVA, 'us-east-1')]
  gateway = await startGateway({ config: { model_list, general_settings: { master_key: MASTER_KEY } } })
})
beforeEach(() => simulator.reset())
afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

function expectRefusal(answer: Answer, status: number, type: string, message: RegExp): void {
  expect({ status: answer.status, type: answer.headers.get('x-amzn-errortype') }).toEqual({ status, type })
  expect(answer.headers.get('x-amzn-requestid')).toBe(callIdOf(answer))
  expect(JSON.parse(answer.text)).toEqual({ message: expect.stringMatching(message) })
}

/** Sends so many bytes without their length, piece by piece, as fast as they are taken. */
function uploadOf(sizeBytes: number): { answer: Promise<Answer>; leftBytes(): number } {
  let left = sizeBytes
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const size = Math.min(left, 1_000_000)
      left -= size
      if (size > 0) controller.enqueue(new Uint8Array(size))
      else controller.close()
    },
  })
  const init = { method: 'POST', headers: { authorization: `Bearer ${MASTER_KEY}` }, body, duplex: 'half' }
  const sending = fetch(`${gateway.url}/bedrock/model/nova/invoke`, init as RequestInit)
  return { answer: sending.then(readAnswer), leftBytes: () => left }
}

test('a body of 25,000,000 bytes passes whole', async () => {
  simulator.fault(NOVA, { raw })
  const body = new Uint8Array(BODY_MAX_BYTES).fill(0xff)
  expect(await call(gateway, 'nova', 'invoke', { body })).toMatchObject({ status: 200, text: '{}' })
  const [request] = simulator.requests()
  expect(Buffer.from(request?.body ?? []).equals(body)).toBe(true)
})

test('one byte more is 413 ValidationException, and the upload is taken to its end', async () => {
  // fetch rejects where the server closes before the upload is complete.
  const answer = await call(gateway, 'nova', 'invoke', { body: new Uint8Array(BODY_MAX_BYTES + 1) })
  expectRefusal(answer, 413, 'ValidationException', /25000000|25,000,000/)
  expect(simulator.count()).toBe(0)
})

test('one byte more without a length is refused alike, and the upload is taken to its end', async () => {
  const upload = uploadOf(BODY_MAX_BYTES + 1)
  expectRefusal(await upload.answer, 413, 'ValidationException', /25000000|25,000,000/)
  expect(upload.leftBytes()).toBe(0)
})

test('a large body with a wrong key is refused for the key, and the upload is taken to its end', async () => {
  const init = { body: new Uint8Array(BODY_MAX_BYTES), headers: { authorization: 'Bearer sk-wrong' } }
  expectRefusal(await call(gateway, 'nova', 'invoke', init), 403, 'UnrecognizedClientException', /not known/)
})

test('bodies beyond the memory for them are 503 with both retry headers, and are let in when others are done', async () => {
  simulator.fault(NOVA, { raw, hold: { at: 'headers' } }, { times: 2 })
  simulator.fault(NOVA, { raw })
  const body = new Uint8Array(BODY_MAX_BYTES)
  const held = [1, 2].map(() => send(gateway, '/bedrock/model/nova/invoke', { body }))
  await simulator.until((requests) => requests.filter((request) => request.held).length === 2, 30_000)
  const answer = await call(gateway, 'nova', 'invoke', { body })
  expectRefusal(answer, 503, 'ServiceUnavailableException', /memory/)
  const ms = Number(answer.headers.get('x-amz-retry-after'))
  expect(ms).toBeGreaterThan(0)
  expect(answer.headers.get('retry-after')).toBe(String(Math.ceil(ms / 1000)))
  // It is refused in mid-upload, and what is left of it is taken all the same.
  const upload = uploadOf(BODY_MAX_BYTES)
  expectRefusal(await upload.answer, 503, 'ServiceUnavailableException', /memory/)
  expect(upload.leftBytes()).toBe(0)
  // A small one still fits.
  expect((await call(gateway, 'nova', 'converse')).status).toBe(200)
  simulator.release()
  expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200])
  expect((await call(gateway, 'nova', 'invoke', { body })).status).toBe(200)
})

test('memory for bodies comes back from calls that fail and from clients that leave', async () => {
  simulator.fault(NOVA, { error: { name: 'ValidationException' } }, { times: 2 })
  simulator.fault(NOVA, { raw, hold: { at: 'headers' } }, { times: 2 })
  simulator.fault(NOVA, { raw })
  const body = new Uint8Array(BODY_MAX_BYTES)
  for (const _time of [1, 2]) expect((await call(gateway, 'nova', 'invoke', { body })).status).toBe(400)
  const leaving = new AbortController()
  const left = [1, 2].map(() => send(gateway, '/bedrock/model/nova/invoke', { body, signal: leaving.signal }))
  await simulator.until((requests) => requests.filter((request) => request.held).length === 2, 30_000)
  leaving.abort()
  expect(await Promise.allSettled(left)).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }])
  simulator.release()
  const again = async () => (await call(gateway, 'nova', 'invoke', { body })).status
  await expect.poll(again, { timeout: 10_000, interval: 200 }).toBe(200)
})
