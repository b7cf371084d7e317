/** Every client and every way of writing a model id in a path: one deployment, one path upstream, nothing of the client's own. */
import { Agent, request } from 'node:http'
import { AnthropicBedrock } from '@anthropic-ai/bedrock-sdk'
import { ConverseCommand } from '@aws-sdk/client-bedrock-runtime'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { SIMULATOR_ACCESS_KEY_ID } from '../simulator/auth.ts'
import { callPath } from '../simulator/raw-client.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { CLAUDE_REQUEST, MESSAGES } from './cases.ts'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from './harness.ts'
import { jsClient } from './js-client.ts'
import { BOTO3_VERSIONS, type Driver, nameOf, pythonOf, startDriver } from './python.ts'

const PROFILE_ARN = 'arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/a1b2c3d4e5f6'

/** What a client may ask for, and where that must lead: `id` is sent upstream, in `region`. */
const TARGETS = [
  { asked: 'fast', id: 'anthropic.claude-3-haiku-20240307-v1:0', region: 'us-east-1' },
  { asked: 'team/fast', id: 'anthropic.claude-3-opus-20240229-v1:0', region: 'us-west-2' },
  {
    asked: 'anthropic.claude-3-5-sonnet-20241022-v2:0',
    id: 'anthropic.claude-3-5-sonnet-20241022-v2:0',
    region: 'us-west-2',
  },
  {
    asked: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    id: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0',
    region: 'us-east-1',
  },
  { asked: PROFILE_ARN, id: PROFILE_ARN, region: 'us-west-2' },
] as const

type Target = (typeof TARGETS)[number]

/**
 * Headers that may go upstream beside `x-amzn-bedrock-*`. `accept-encoding`, `connection` and `content-length` are the gateway's own transfer;
 * `cf-worker` the platform adds to every request of a Worker, https://developers.cloudflare.com/fundamentals/reference/http-headers/
 */
const UPSTREAM_HEADERS = new Set([
  'accept',
  'accept-encoding',
  'authorization',
  'cf-worker',
  'connection',
  'content-length',
  'content-type',
  'host',
  'x-amz-content-sha256',
  'x-amz-date',
])

const mayGoUpstream = (name: string) => UPSTREAM_HEADERS.has(name) || name.startsWith('x-amzn-bedrock-')

let simulator: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1', 'us-west-2'] })
  const [fast, team, dotted, geo, profile] = TARGETS
  const model_list = [
    deploymentOf(simulator, fast.asked, fast.id, fast.region),
    deploymentOf(simulator, team.asked, team.id, team.region),
    deploymentOf(simulator, 'dotted', dotted.id, dotted.region),
    deploymentOf(simulator, 'geo', geo.id, geo.region),
    deploymentOf(simulator, 'profile', 'anthropic.claude-3-5-haiku-20241022-v1:0', profile.region, {
      model_id: profile.id,
    }),
  ]
  gateway = await startGateway({ config: { model_list, general_settings: { master_key: MASTER_KEY } } })
})

afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

beforeEach(() => simulator.reset())

/** Holds after every test of this file. */
afterEach(() => {
  for (const { headers, auth } of simulator.requests()) {
    expect(auth).toMatchObject({ ok: true, how: 'sigv4', accessKeyId: SIMULATOR_ACCESS_KEY_ID })
    expect(Object.keys(headers).filter((name) => !mayGoUpstream(name))).toEqual([])
    expect(JSON.stringify(headers)).not.toContain(MASTER_KEY)
  }
})

function expectOneCall({ id, region }: Target, action: 'converse' | 'invoke'): void {
  const seen = simulator.requests().map(({ rawUrl, region, model }) => ({ rawUrl, region, model }))
  expect(seen).toEqual([{ rawUrl: `/model/${encodeURIComponent(id)}/${action}`, region, model: id }])
  const [request] = simulator.requests()
  expect(request?.auth).toEqual({ ok: true, how: 'sigv4', accessKeyId: SIMULATOR_ACCESS_KEY_ID, region })
  expect(request).toMatchObject({ status: 200, outcome: 'complete' })
}

for (const boto3 of BOTO3_VERSIONS) {
  const python = pythonOf(boto3)
  describe.skipIf(python === undefined)(nameOf(boto3), () => {
    let driver: Driver

    beforeAll(() => {
      driver = startDriver(python ?? '')
    })

    afterAll(() => driver?.stop())

    test.each(TARGETS)('$asked leads to its deployment', async (target) => {
      const spec = { endpoint: `${gateway.url}/bedrock`, accessKeyId: MASTER_KEY, maxAttempts: 1 }
      const { raised } = await driver.call(spec, 'converse', { modelId: target.asked, messages: MESSAGES })
      expect(raised).toBeNull()
      expectOneCall(target, 'converse')
    })
  })
}

describe('the AWS SDK for JavaScript', () => {
  test.each(TARGETS)('$asked leads to its deployment', async (target) => {
    const client = jsClient(gateway.url, { accessKeyId: MASTER_KEY }, 1)
    await client.send(new ConverseCommand({ modelId: target.asked, messages: MESSAGES }))
    expectOneCall(target, 'converse')
  })
})

describe('Anthropic’s SDK', () => {
  test.each(TARGETS)('$asked leads to its deployment', async (target) => {
    const baseURL = `${gateway.url}/bedrock`
    const client = new AnthropicBedrock({ baseURL, awsRegion: 'us-east-1', apiKey: MASTER_KEY, maxRetries: 0 })
    const messages = [{ role: 'user' as const, content: 'Say this is a test' }]
    await client.messages.create({ model: target.asked, max_tokens: 16, messages })
    expectOneCall(target, 'invoke')
  })
})

/** What a person types into curl, and what clients make of it. */
const ENCODINGS: { title: string; encode(model: string): string }[] = [
  { title: 'nothing encoded', encode: (model) => model },
  { title: 'colons and slashes encoded', encode: (model) => encodeURIComponent(model) },
  { title: 'only slashes encoded', encode: (model) => model.replaceAll('/', '%2F') },
  { title: 'only colons encoded', encode: (model) => model.replaceAll(':', '%3A') },
  { title: 'hexadecimal digits in lower case', encode: (model) => encodeURIComponent(model).toLowerCase() },
  {
    title: 'every character encoded',
    encode: (model) => Array.from(Buffer.from(model), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  },
]

describe.each(ENCODINGS)('a path with $title', ({ encode }) => {
  const authorization = `Bearer ${MASTER_KEY}`

  test.each(TARGETS)('$asked leads to its deployment', async (target) => {
    const path = `/bedrock/model/${encode(target.asked)}/converse`
    const answer = await callPath(gateway.url, path, { headers: { authorization } })
    expect(answer).toMatchObject({ status: 200, whole: true })
    expect(answer.headers['x-litellm-model-region']).toBe(target.region)
    expectOneCall(target, 'converse')
  })
})

describe('of a request', () => {
  /** What browsers, proxies and LiteLLM's clients add. */
  const BAGGAGE = {
    cookie: 'session=secret-of-the-client',
    forwarded: 'for=203.0.113.7',
    'x-forwarded-for': '203.0.113.7',
    'x-forwarded-host': 'gateway.example',
    'x-forwarded-proto': 'https',
    'x-real-ip': '203.0.113.7',
    'cf-connecting-ip': '203.0.113.7',
    'x-litellm-call-id': 'named-by-the-client',
    'x-litellm-tags': 'a,b',
    'x-amz-security-token': 'token-of-the-client',
    'x-amz-user-agent': 'aws-sdk-js/3',
    'amz-sdk-invocation-id': 'c0ffee00-0000-4000-8000-000000000000',
    'anthropic-beta': 'something-2026-01-01',
    'proxy-authorization': 'Basic c2VjcmV0',
    via: '1.1 proxy',
    'user-agent': 'curl/8',
  }

  test.each(['authorization', 'x-api-key', 'x-litellm-api-key'])(
    'the key in %s and what proxies add stay behind, and what Bedrock reads goes on',
    async (header) => {
      const forBedrock = {
        'content-type': 'application/json',
        accept: 'application/json',
        'x-amzn-bedrock-trace': 'ENABLED',
        'x-amzn-bedrock-service-tier': 'flex',
      }
      const key = header === 'authorization' ? `Bearer ${MASTER_KEY}` : MASTER_KEY
      const headers = { ...BAGGAGE, ...forBedrock, [header]: key }
      expect(await post(`${gateway.url}/bedrock/model/fast/invoke`, headers, CLAUDE_REQUEST)).toBe(200)
      const [request] = simulator.requests()
      expect(request?.headers).toMatchObject(forBedrock)
      // Signed on the way, so that nothing between gateway and AWS can change it.
      expect(request?.headers.authorization).toContain('x-amzn-bedrock-service-tier;x-amzn-bedrock-trace')
      for (const value of Object.values(BAGGAGE)) expect(request?.rawHeaders).not.toContain(value)
      expect(Buffer.from(request?.body ?? []).toString()).toBe(CLAUDE_REQUEST)
      expectOneCall(TARGETS[0], 'invoke')
    },
  )

  /** Status of a request with exactly these headers; `fetch` may leave some of them out. */
  function post(url: string, headers: Record<string, string>, body: string): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { method: 'POST', headers, agent: new Agent({ keepAlive: false }) }, (incoming) => {
        incoming.resume().on('end', () => resolve(incoming.statusCode))
      })
      outgoing.on('error', reject).end(body)
    })
  }

  test('the query goes on as it came', async () => {
    const authorization = `Bearer ${MASTER_KEY}`
    const path = '/bedrock/model/fast/converse?b=2&a=%3A%20%2B'
    const answer = await callPath(gateway.url, path, { headers: { authorization } })
    expect(answer.status).toBe(200)
    const [request] = simulator.requests()
    expect(request?.rawUrl).toBe(`/model/${encodeURIComponent(TARGETS[0].id)}/converse?b=2&a=%3A%20%2B`)
  })
})
