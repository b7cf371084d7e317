/** What crosses the gateway on the wire: bytes untouched both ways, headers by allow-list, ours beside AWS's. */
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { decodeFrames, call as directCall, HELLO } from '../simulator/raw-client.ts'
import type { ReceivedRequest } from '../simulator/received.ts'
import { loadRecordings, RECORDINGS_FOLDER } from '../simulator/recordings.ts'
import { route } from '../simulator/route.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { call, callIdOf, readAnswer, rowOf, send } from './calls.ts'

const NOVA = 'amazon.nova-micro-v1:0'
const recordings = loadRecordings()
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

let simulator: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1'] })
  const recorded = new Set(recordings.map(({ rawUrl }) => route('POST', rawUrl)?.model ?? ''))
  recorded.delete(NOVA)
  const model_list = [
    deploymentOf(simulator, 'nova', NOVA, 'us-east-1'),
    ...[...recorded].map((id) => deploymentOf(simulator, `recorded/${id}`, id, 'us-east-1')),
  ]
  // One attempt and no cool-down: what the upstream says is what the client shall see.
  const router_settings = { num_retries: 0, cooldown_time: 0 }
  gateway = await startGateway({
    config: { model_list, router_settings, general_settings: { master_key: MASTER_KEY } },
  })
})
beforeEach(() => simulator.reset())
afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

/** The one request that reached the upstream. */
function received(): ReceivedRequest {
  const requests = simulator.requests()
  expect(requests).toHaveLength(1)
  return requests[0] as ReceivedRequest
}

const bytesOf = (bytes: Uint8Array | null): Buffer => Buffer.from(bytes ?? [])

describe('request bytes reach the upstream untouched', () => {
  test.each([
    ['white space and key order', 'converse', '{ "b" : 1,\n\t"messages" :[ ] , "a":1 }\r\n'],
    [
      'unicode escapes',
      'converse',
      '{"messages":[{"role":"user","content":[{"text":"\\u00e9 \\ud83d\\ude00 é 😀 \\/"}]}]}',
    ],
    ['unknown fields and doubled keys', 'converse', '{"x-new":{"deep":[null,1e400]},"messages":[],"messages":[]}'],
    ['numbers beyond a double', 'converse', '{"messages":[],"n":123456789012345678901234567890.10}'],
    ['a byte order mark', 'converse', '\ufeff{"messages":[]}'],
    ['no JSON at all', 'invoke', 'plain text'],
    ['nothing', 'invoke', ''],
  ])('%s', async (_what, action, body) => {
    simulator.fault(NOVA, { raw: { status: 200, headers: { 'content-type': 'application/json' }, bodyBase64: 'e30=' } })
    const answer = await call(gateway, 'nova', action, { body: new TextEncoder().encode(body) })
    expect(answer).toMatchObject({ status: 200, text: '{}' })
    expect(bytesOf(received().body).toString('utf8')).toBe(body)
  })

  test('bytes that are no text, every value of them', async () => {
    const body = Uint8Array.from({ length: 1024 }, (_, index) => (index < 256 ? 0xff : index % 256))
    simulator.fault(NOVA, { raw: { status: 200, bodyBase64: Buffer.from(body).toString('base64') } })
    const answer = await call(gateway, 'nova', 'invoke', { body })
    expect(bytesOf(received().body).equals(body)).toBe(true)
    expect(Buffer.from(answer.bytes).equals(body)).toBe(true)
  })

  test('a chunked upload without a length arrives whole, and with a length', async () => {
    const pieces = ['{"messages":', '[]', '}'].map((text) => new TextEncoder().encode(text))
    const response = await fetch(`${gateway.url}/bedrock/model/nova/converse`, {
      method: 'POST',
      headers: { authorization: `Bearer ${MASTER_KEY}` },
      body: new ReadableStream({
        start(controller) {
          for (const piece of pieces) controller.enqueue(piece)
          controller.close()
        },
      }),
      duplex: 'half',
    } as RequestInit)
    expect(response.status).toBe(200)
    expect(bytesOf(received().body).toString()).toBe('{"messages":[]}')
    expect(received().headers).toMatchObject({ 'content-length': '15' })
  })
})

describe('answer bytes reach the client untouched', () => {
  test.each([
    ['odd JSON', '{ "usage" : {"inputTokens":1,"outputTokens":2,"totalTokens":3,"new":[1.0]} ,"z":"\\u00e9" }\n'],
    ['JSON with a name twice', '{"a":1,"a":2}'],
    ['JSON behind a byte order mark', '\ufeff{"a":1}\r\n'],
    ['JSON with broken UTF-16', '{"a":"\\ud83d"}'],
  ])('a body of %s', async (_what, body) => {
    const headers = { 'content-type': 'application/json' }
    simulator.fault(NOVA, { raw: { status: 200, headers, bodyBase64: Buffer.from(body).toString('base64') } })
    const answer = await call(gateway, 'nova', 'converse')
    expect(answer.status).toBe(200)
    expect(Buffer.from(answer.bytes).equals(Buffer.from(body))).toBe(true)
  })

  test.each([
    ['converse-stream', 'ConverseStream'],
    ['invoke-with-response-stream', 'InvokeModelWithResponseStream'],
  ] as const)('an event stream of %s', async (action, operation) => {
    const direct = await directCall(simulator.url, operation, NOVA)
    const answer = await call(gateway, 'nova', action)
    expect(answer.headers.get('content-type')).toBe('application/vnd.amazon.eventstream')
    expect(Buffer.from(answer.bytes).equals(direct.body)).toBe(true)
    expect(decodeFrames(answer.bytes).length).toBeGreaterThan(5)
  })

  test.skipIf(!existsSync(RECORDINGS_FOLDER))(
    'all recorded exchanges of ../shared/recordings, request and answer (skipped where the folder is absent)',
    async () => {
      expect(recordings.length).toBeGreaterThan(50)
      for (const recording of recordings) {
        simulator.reset()
        simulator.fault({}, { recording: recording.name })
        const path = `/bedrock${recording.rawUrl}`
        const response = await send(gateway, path, {
          body: recording.requestBody,
          headers: { 'content-type': 'application/json' },
        })
        const answer = await readAnswer(response)
        const upstream = received()
        expect(bytesOf(upstream.body).toString('utf8'), recording.name).toBe(recording.requestBody)
        expect(upstream.auth, recording.name).toMatchObject({ ok: true })
        expect(answer.status, recording.name).toBe(recording.status)
        expect(Buffer.from(answer.bytes).equals(recording.body), recording.name).toBe(true)
        const awsHeaders = Object.entries(recording.headers).filter(([name]) => /^(content-type$|x-amz)/.test(name))
        expect(Object.fromEntries(answer.headers), recording.name).toMatchObject(Object.fromEntries(awsHeaders))
      }
    },
  )
})

describe('request headers', () => {
  test('content-type, accept and everything of x-amzn-bedrock-* go up as they came', async () => {
    const headers = {
      'content-type': 'application/x-odd; charset="x"',
      accept: 'application/json, */*;q=0.1',
      'x-amzn-bedrock-trace': 'ENABLED',
      'x-amzn-bedrock-guardrailidentifier': 'gr-1',
      'x-amzn-bedrock-something-new': 'a b',
    }
    await call(gateway, 'nova', 'invoke', { headers })
    expect(received().headers).toMatchObject(headers)
    expect(received().auth).toMatchObject({ ok: true })
  })

  test('a request without content-type goes up without one', async () => {
    await call(gateway, 'nova', 'invoke', { body: new TextEncoder().encode(JSON.stringify(HELLO)) })
    expect(received().headers).not.toHaveProperty('content-type')
  })

  test('nothing of the client, its credential or its proxies goes up', async () => {
    const headers = {
      'x-api-key': MASTER_KEY,
      'x-litellm-api-key': MASTER_KEY,
      'x-litellm-tags': 'secret-marker',
      cookie: 'secret-marker=1',
      'cf-connecting-ip': '203.0.113.1',
      'cf-ray': 'secret-marker',
      'x-forwarded-for': 'secret-marker',
      'x-real-ip': 'secret-marker',
      forwarded: 'for=secret-marker',
      'x-amz-security-token': 'secret-marker',
      'x-amz-date': '20200101T000000Z',
      'amz-sdk-invocation-id': 'secret-marker',
      'user-agent': 'secret-marker',
      referer: 'http://secret-marker/',
      te: 'trailers',
    }
    await call(gateway, 'nova', 'converse', { headers })
    const { rawHeaders, headers: sent, auth } = received()
    expect(auth).toMatchObject({ ok: true })
    expect(rawHeaders.join('\n')).not.toMatch(/secret-marker|203\.0\.113|sk-test|20200101/)
    // cf-worker is put there by the platform itself, on every request that leaves a Worker.
    const names = ['accept', 'accept-encoding', 'authorization', 'cf-worker', 'content-length', 'content-type', 'host']
    expect(Object.keys(sent).sort()).toEqual([...names, 'x-amz-date'])
  })

  test('compression is not asked for, because compressed bytes would not be the bytes of AWS', async () => {
    await call(gateway, 'nova', 'converse', { headers: { 'accept-encoding': 'gzip, br' } })
    expect(received().headers['accept-encoding'] ?? 'identity').toBe('identity')
  })

  test('the query string goes up as it came', async () => {
    const search = '?a=1&b=%20%2F%2B&a=2&empty='
    expect((await send(gateway, `/bedrock/model/nova/converse${search}`)).status).toBe(200)
    expect(received().rawUrl).toBe(`/model/amazon.nova-micro-v1%3A0/converse${search}`)
    expect(received().auth).toMatchObject({ ok: true })
  })
})

describe('response headers', () => {
  test("AWS's come as they are, what belongs to the connection or to others does not", async () => {
    const aws = {
      'content-type': 'application/x-odd',
      'x-amzn-requestid': 'aws-1',
      'x-amzn-bedrock-input-token-count': '7',
      'x-amz-something': 'new',
    }
    const others = {
      'set-cookie': 'a=b',
      server: 'odd',
      'access-control-allow-origin': '*',
      'x-litellm-call-id': 'forged',
    }
    simulator.fault(NOVA, { raw: { status: 200, headers: { ...aws, ...others }, bodyBase64: 'e30=' } })
    const answer = await call(gateway, 'nova', 'invoke')
    expect(Object.fromEntries(answer.headers)).toMatchObject(aws)
    for (const name of ['set-cookie', 'server', 'access-control-allow-origin'])
      expect(answer.headers.has(name)).toBe(false)
    expect(callIdOf(answer)).toMatch(UUID_V7)
  })

  test('ours stand on a non-streaming answer, with the cost as a plain decimal', async () => {
    const answer = await call(gateway, 'nova', 'converse')
    const row = await rowOf(gateway, answer)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-litellm-call-id': expect.stringMatching(UUID_V7),
      'x-litellm-model-id': 'nova/us-east-1/1',
      'x-litellm-model-group': 'nova',
      'x-litellm-model-region': 'us-east-1',
      'x-litellm-response-cost': expect.stringMatching(/^0\.\d+$/),
      'x-litellm-attempted-retries': '0',
      'x-litellm-attempted-fallbacks': '0',
      'x-litellm-overhead-duration-ms': expect.stringMatching(/^\d+$/),
    })
    expect(row).toMatchObject({ request_id: callIdOf(answer), model_id: 'nova/us-east-1/1' })
    expect(BigInt(Math.round(Number(answer.headers.get('x-litellm-response-cost')) * 1e9))).toBe(
      BigInt(row.cost_nano_usd ?? -1),
    )
  })

  test('a stream has all of ours but the cost, which is not known yet', async () => {
    const { headers } = await call(gateway, 'nova', 'converse-stream')
    expect(headers.has('x-litellm-response-cost')).toBe(false)
    for (const name of [
      'call-id',
      'model-id',
      'model-group',
      'model-region',
      'attempted-retries',
      'attempted-fallbacks',
    ]) {
      expect(headers.get(`x-litellm-${name}`), name).not.toBeNull()
    }
  })

  test.each(['converse-stream', 'converse'])(
    'time that the upstream takes to say its first word is no overhead of %s',
    async (action) => {
      simulator.fault(NOVA, { hold: { at: 0, ms: 700 } })
      const { headers } = await call(gateway, 'nova', action)
      expect(Number(headers.get('x-litellm-overhead-duration-ms'))).toBeLessThan(500)
    },
  )

  test("the call id is ours, and the client's is kept in the row", async () => {
    const answer = await call(gateway, 'nova', 'converse', {
      headers: { 'x-litellm-call-id': 'my-own-id', 'amz-sdk-invocation-id': 'sdk-id' },
    })
    expect(callIdOf(answer)).toMatch(UUID_V7)
    expect(await rowOf(gateway, answer)).toMatchObject({ client_call_id: 'my-own-id', client_invocation_id: 'sdk-id' })
  })

  test('a model that is asked for by its id is named by that id', async () => {
    const { headers } = await call(gateway, NOVA, 'converse')
    expect(headers.get('x-litellm-model-id')).toBe('nova/us-east-1/1')
    expect(received().rawUrl).toBe('/model/amazon.nova-micro-v1%3A0/converse')
  })
})
