/**
 * A new operation is one entry of the table. Three that AWS does not have travel through the whole Worker here: recognised, signed,
 * routed, judged by their first frame, tapped, repaired, counted and priced, with nothing else in the code that knows of them.
 */
import { request } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { jsonReply, streamReply } from '../simulator/answers/answer.ts'
import { eventFrame } from '../simulator/frames.ts'
import { SIMULATED_OPERATIONS, type SimulatedOperation } from '../simulator/operations.ts'
import { decodeFrames } from '../simulator/raw-client.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { type Answer, callIdOf, lineOf, readAnswer, rowOf } from './calls.ts'

const MODEL = 'amazon.nova-micro-v1:0'
const REGIONS = ['us-east-1', 'us-west-2']

const PAINTED = { painted: { wordsIn: 30, wordsOut: 7 }, picture: 'a thousand words' }
const TOLL = { usage: { inputTokens: 11, outputTokens: 5, totalTokens: 16 } }

function* humming(): Generator<Uint8Array> {
  yield eventFrame('tone', { pitch: 'a' })
  yield eventFrame('chord', { pitches: ['a', 'c', 'e'] })
  yield eventFrame('breath', {})
  yield eventFrame('tone', { pitch: 'b' })
  yield eventFrame('toll', TOLL)
  yield eventFrame('silence', {})
}

const SIMULATED: readonly SimulatedOperation[] = [
  {
    name: 'PaintWords',
    method: 'PUT',
    path: '/easels/{modelId}/words/',
    answer: () => ({ ...jsonReply(PAINTED), status: 201 }),
  },
  { name: 'HumAlong', method: 'POST', path: '/choirs/{modelId}/hum', answer: () => streamReply(humming()) },
  { name: 'ShowEasel', method: 'GET', path: '/easels/{modelId}', answer: () => jsonReply({ words: 7 }) },
]

let simulator: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  simulator = await startSimulator({
    regions: REGIONS,
    recordings: null,
    operations: [...SIMULATED_OPERATIONS, ...SIMULATED],
  })
  // Digits that make every cost readable: a dollar and two dollars a million tokens.
  const prices = { input_cost_per_token: '0.000001', output_cost_per_token: '0.000002' }
  const served = (group: string, id: string) => REGIONS.map((at) => deploymentOf(simulator, group, id, at, prices))
  gateway = await startGateway({
    main: 'test/relay/made-up-worker.ts',
    config: {
      model_list: [...served('brush', MODEL), ...served('spare', 'amazon.nova-lite-v1:0')],
      router_settings: { num_retries: 1, cooldown_time: 0, fallbacks: [{ brush: ['spare'] }] },
      general_settings: { master_key: MASTER_KEY },
    },
  })
})
beforeEach(() => simulator.reset())
afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

async function ask(method: string, path: string, body: object = {}): Promise<Answer> {
  const headers = { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' }
  return readAnswer(await fetch(`${gateway.url}/bedrock${path}`, { method, headers, body: JSON.stringify(body) }))
}

const paint = () => ask('PUT', '/easels/brush/words/?size=2', { notes: { client: { order: '7' } } })
/** `fetch` sends no body with a GET; others do. */
function look(body: string): Promise<{ status: number | undefined; text: string }> {
  const headers = { authorization: `Bearer ${MASTER_KEY}`, 'content-length': String(body.length) }
  return new Promise((resolve, reject) => {
    const asking = request(`${gateway.url}/bedrock/easels/brush`, { headers }, (answer) => {
      answer.setEncoding('utf8')
      let text = ''
      answer.on('data', (piece: string) => {
        text += piece
      })
      answer.on('end', () => resolve({ status: answer.statusCode, text }))
    })
    asking.on('error', reject)
    asking.end(body)
  })
}
const hum = () => ask('POST', '/choirs/brush/hum')
const typesOf = (bytes: Uint8Array) =>
  decodeFrames(bytes).map(({ headers }) => headers[':event-type'] ?? headers[':exception-type'])

describe('a made-up operation with a JSON answer', () => {
  test('is recognised, signed for its own path, answered, counted and priced to the nano-dollar', async () => {
    const answer = await paint()
    expect(answer.status).toBe(201)
    expect(answer.text).toBe(JSON.stringify(PAINTED))
    // 30 × 1 µ$ + 7 × 2 µ$
    expect(answer.headers.get('x-litellm-response-cost')).toBe('0.000044')
    const [asked] = simulator.requests({ operation: 'PaintWords' })
    expect(asked).toMatchObject({
      method: 'PUT',
      rawUrl: '/easels/amazon.nova-micro-v1%3A0/words/?size=2',
      auth: { ok: true, how: 'sigv4' },
    })
    expect(await rowOf(gateway, answer)).toMatchObject({
      operation: 'PaintWords',
      model_group: 'brush',
      model: MODEL,
      status: 'success',
      http_status: 201,
      verdict: 'complete',
      usage: { inputTokens: 30, outputTokens: 7 },
      cost_state: 'priced',
      cost_nano_usd: '44000',
      metadata: { requestMetadata: { order: '7' } },
      attempt_log: [{ status: 201, error_type: null }],
    })
  })

  test('fails over to another deployment, and then to another group, as its entry allows', async () => {
    simulator.fault(MODEL, { error: { name: 'ServiceUnavailableException' } })
    const answer = await paint()
    expect(answer.status).toBe(201)
    expect(answer.headers.get('x-litellm-attempted-fallbacks')).toBe('1')
    expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({
      model: 'amazon.nova-lite-v1:0',
      attempts: 3,
      cost_nano_usd: '44000',
    })
  })

  test.each([
    ['POST', '/easels/brush/words/', 404],
    ['PUT', '/easels/brush/words', 404],
    ['PUT', '/easels/unheard/words/', 404],
  ])('is not what %s %s means', async (method, path, status) => {
    const answer = await ask(method, path)
    expect(answer.status).toBe(status)
    expect(simulator.count()).toBe(0)
  })
})

describe('a made-up operation with a stream', () => {
  test('passes byte for byte, is complete by its own end, counted by its own event and priced', async () => {
    const answer = await hum()
    expect(answer.status).toBe(200)
    expect(Buffer.from(answer.bytes).equals(Buffer.concat([...humming()]))).toBe(true)
    expect(simulator.requests({ operation: 'HumAlong' })[0]).toMatchObject({ auth: { ok: true, how: 'sigv4' } })
    expect(await rowOf(gateway, answer)).toMatchObject({
      operation: 'HumAlong',
      status: 'success',
      verdict: 'complete',
      usage: { inputTokens: 11, outputTokens: 5 },
      cost_state: 'priced',
      // 11 × 1 µ$ + 5 × 2 µ$
      cost_nano_usd: '21000',
    })
  })

  test('throttled in its first frame is answered by another deployment', async () => {
    simulator.fault(MODEL, { exception: { name: 'throttlingException' } }, { times: 1 })
    const answer = await hum()
    expect(typesOf(answer.bytes)).toEqual(['tone', 'chord', 'breath', 'tone', 'toll', 'silence'])
    expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({
      attempts: 2,
      verdict: 'complete',
      attempt_log: [{ status: 429, error_type: 'ThrottlingException' }, { status: 200 }],
    })
  })

  test('throttled in every first frame is the HTTP error of that name, without another group being asked', async () => {
    simulator.fault(MODEL, { exception: { name: 'throttlingException' } })
    const answer = await hum()
    expect([answer.status, answer.headers.get('x-amzn-errortype')]).toEqual([429, 'ThrottlingException'])
    expect(simulator.count()).toBe(2)
  })

  test.each([
    ['the connection closes', { cutAfterFrames: 4 }],
    ['it ends properly, but too early', { endAfterFrames: 4 }],
  ])('is ended by its own exception when %s, and its output is estimated from the events seen', async (_how, fault) => {
    simulator.fault(MODEL, fault)
    const answer = await hum()
    expect(typesOf(answer.bytes)).toEqual(['tone', 'chord', 'breath', 'tone', 'choirBrokeUpException'])
    const line = await lineOf(gateway, callIdOf(answer))
    expect(line).toMatchObject({ verdict: 'cut', status: 'failure', cost_state: 'estimated' })
    expect(line.usage).toMatchObject({ outputTokens: 3 })
  })

  test('is cut although its usage came, where the event that ends it did not', async () => {
    simulator.fault(MODEL, { endAfterFrames: 5 })
    const answer = await hum()
    expect(typesOf(answer.bytes).at(-1)).toBe('choirBrokeUpException')
    expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({ verdict: 'cut', cost_nano_usd: '21000' })
  })
})

describe('a made-up operation that only looks', () => {
  test.each([
    ['without a body', ''],
    ['with a body that its client sent all the same', '{"of":"a"}'],
  ])('%s is signed and sent without one', async (_how, body) => {
    const answer = await look(body)
    expect(answer).toEqual({ status: 200, text: JSON.stringify({ words: 7 }) })
    const [asked] = simulator.requests({ operation: 'ShowEasel' })
    expect(asked).toMatchObject({ method: 'GET', auth: { ok: true, how: 'sigv4' } })
    expect(asked?.bodyBytes).toBe(0)
    expect(Object.keys(asked?.headers ?? {})).not.toContain('transfer-encoding')
    expect(asked?.headers['content-length'] ?? '0').toBe('0')
  })
})

test('the operations that are served without them are served as before', async () => {
  const answer = await ask('POST', '/model/brush/converse', { messages: [{ role: 'user', content: [{ text: 'hi' }] }] })
  expect(answer.status).toBe(200)
  expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({ operation: 'Converse', cost_state: 'priced' })
})
