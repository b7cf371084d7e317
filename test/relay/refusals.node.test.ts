/** What the gateway refuses by itself: AWS's form of an error, no upstream call, no row, no secret. */
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { SIMULATOR_SECRET_ACCESS_KEY } from '../simulator/auth.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { type Answer, call, callIdOf, getJson, HELLO, readAnswer, rowOf, rowsWhere } from './calls.ts'

const NOVA = 'amazon.nova-micro-v1:0'

let simulator: Simulator
let gateway: RunningGateway
/** Everything that refused, for the tests at the end. */
const refusals: Answer[] = []

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1'] })
  const model_list = ['zeta', 'alpha', 'team/nova', 'throttled'].map((name) =>
    deploymentOf(simulator, name, name === 'throttled' ? 'amazon.nova-lite-v1:0' : NOVA, 'us-east-1'),
  )
  gateway = await startGateway({
    config: { model_list, router_settings: { num_retries: 0 }, general_settings: { master_key: MASTER_KEY } },
  })
})
beforeEach(() => simulator.reset())
afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

/** Asserts the form of a refusal in full, and that nothing was asked of an upstream. */
function expectRefusal(answer: Answer, status: number, type: string, message: RegExp): void {
  expect({ status: answer.status, type: answer.headers.get('x-amzn-errortype') }).toEqual({ status, type })
  expect(answer.headers.get('content-type')).toBe('application/json')
  expect(callIdOf(answer)).toMatch(/^[0-9a-f-]{36}$/)
  expect(answer.headers.get('x-amzn-requestid')).toBe(callIdOf(answer))
  const body = JSON.parse(answer.text) as { message: string }
  expect(Object.keys(body)).toEqual(['message'])
  expect(body.message).toMatch(message)
  refusals.push(answer)
}

/** The request target goes out as it is written here; every client library would normalise it. */
function rawCall(method: string, target: string): Promise<Answer> {
  const { hostname, port } = new URL(gateway.url)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname, () => {
      const head = [
        `host: ${hostname}`,
        `authorization: Bearer ${MASTER_KEY}`,
        'content-length: 2',
        'connection: close',
      ]
      socket.write(`${method} ${target} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n{}`)
    })
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => {
      const [head = '', ...body] = Buffer.concat(chunks).toString('utf8').split('\r\n\r\n')
      const [statusLine = '', ...lines] = head.split('\r\n')
      const headers = new Headers(
        lines.map((line): [string, string] => [
          line.slice(0, line.indexOf(':')),
          line.slice(line.indexOf(':') + 1).trim(),
        ]),
      )
      resolve({
        status: Number(statusLine.split(' ')[1]),
        headers,
        bytes: new Uint8Array(),
        text: body.join('\r\n\r\n'),
      })
    })
  })
}

const sigV4 = (credential: string, rest = ', SignedHeaders=host, Signature=00') =>
  `AWS4-HMAC-SHA256 Credential=${credential}${rest}`

async function callWith(headers: Record<string, string>): Promise<Answer> {
  const path = `${gateway.url}/bedrock/model/zeta/converse`
  return readAnswer(await fetch(path, { method: 'POST', headers, body: JSON.stringify(HELLO) }))
}

describe('credentials', () => {
  test.each([
    ['none at all', {}],
    ['an empty bearer', { authorization: 'Bearer ' }],
    ['an empty x-api-key', { 'x-api-key': '' }],
  ])('%s is 403 MissingAuthenticationTokenException', async (_what, headers) => {
    expectRefusal(await callWith(headers as Record<string, string>), 403, 'MissingAuthenticationTokenException', /key/)
  })

  test.each([
    ['a bearer', { authorization: 'Bearer sk-wrong-marker' }],
    ['a prefix of the key', { authorization: `Bearer ${MASTER_KEY.slice(0, -1)}` }],
    ['an x-api-key', { 'x-api-key': 'sk-wrong-marker' }],
    ['an access key id', { authorization: sigV4('sk-wrong-marker/20261124/us-east-1/bedrock/aws4_request') }],
    [
      'an x-litellm-api-key that wins over a right bearer',
      { 'x-litellm-api-key': 'sk-wrong-marker', authorization: `Bearer ${MASTER_KEY}` },
    ],
  ])('%s that is not known is 403 UnrecognizedClientException', async (_what, headers) => {
    expectRefusal(await callWith(headers as Record<string, string>), 403, 'UnrecognizedClientException', /not known/)
  })

  test.each([
    ['a scheme that is none', 'Basic sk-wrong-marker'],
    ['no signature', sigV4('sk-wrong-marker/20261124/us-east-1/bedrock/aws4_request', '')],
    ['a scope that is too short', sigV4('sk-wrong-marker/20261124')],
  ])('%s is 400 IncompleteSignatureException', async (_what, authorization) => {
    expectRefusal(await callWith({ authorization }), 400, 'IncompleteSignatureException', /./)
  })

  test.each([
    ['bearer', { authorization: `bearer ${MASTER_KEY}` }],
    ['x-api-key', { 'x-api-key': MASTER_KEY }],
    ['x-litellm-api-key', { 'x-litellm-api-key': `Bearer ${MASTER_KEY}`, authorization: 'Bearer sk-wrong-marker' }],
    ['access key id', { authorization: sigV4(`${MASTER_KEY}/20261124/us-east-1/bedrock/aws4_request`) }],
    [
      'access key id with Bearer',
      { authorization: sigV4(`Bearer ${MASTER_KEY}/20261124/us-east-1/bedrock/aws4_request`) },
    ],
  ])('the right key as %s is let in', async (_what, headers) => {
    expect((await callWith(headers as Record<string, string>)).status).toBe(200)
  })
})

describe('paths', () => {
  test.each([
    '/bedrock/model/../spend/logs',
    '/bedrock/model/zeta/../../../spend/logs',
    '/bedrock/model/%2e%2e/converse',
    '/bedrock/model/%2E./converse',
    '/bedrock/model/team%2F..%2Fnova/converse',
    '/bedrock/model/./converse',
    '/bedrock/model//converse',
    '/bedrock//model/zeta/converse',
    '/bedrock/model/zeta%00/converse',
    '/bedrock/model/zeta%0d%0ax:1/converse',
    '/bedrock/model/ze%ta/converse',
    '/bedrock/model/%ff/converse',
    '/bedrock/../spend/logs',
    '/bedrock/',
    '/bedrock',
  ])('POST %s is 400 ValidationException', async (target) => {
    expectRefusal(await rawCall('POST', target), 400, 'ValidationException', /path/)
  })

  test.each([
    ['POST', '/bedrock/model/zeta/unheard-of'],
    ['POST', '/bedrock/model/zeta'],
    ['POST', '/bedrock/unheard-of'],
    ['GET', '/bedrock/model/zeta/converse'],
    ['POST', '/bedrock/model'],
  ])('%s %s is 404 UnknownOperationException', async (method, target) => {
    expectRefusal(await rawCall(method, target), 404, 'UnknownOperationException', /./)
  })

  test('nothing of it has reached an upstream', async () => {
    expectRefusal(await rawCall('POST', '/bedrock/model/zeta/../converse'), 400, 'ValidationException', /path/)
    expect(simulator.count()).toBe(0)
  })
})

describe('models', () => {
  test('an unknown model is 404 ResourceNotFoundException and names those that exist, in config order', async () => {
    const answer = await call(gateway, 'zeta-2', 'converse')
    expectRefusal(answer, 404, 'ResourceNotFoundException', /"zeta-2".*: zeta, alpha, team\/nova, throttled\.$/)
  })

  test.each(['zet', 'amazon.nova-micro-v1', 'ZETA', 'us.amazon.nova-micro-v1:0'])(
    '%s is not taken for a model it resembles',
    async (model) => {
      expectRefusal(await call(gateway, model, 'converse'), 404, 'ResourceNotFoundException', /not known/)
      expect(simulator.count()).toBe(0)
    },
  )

  test('when all deployments cool down it is 429 ThrottlingException with both retry headers', async () => {
    const error = { name: 'ThrottlingException', headers: { 'retry-after': '30' } } as const
    simulator.fault('amazon.nova-lite-v1:0', { error }, { times: 1 })
    const first = await call(gateway, 'throttled', 'converse')
    expect(first.status).toBe(429)
    const answer = await call(gateway, 'throttled', 'converse')
    expectRefusal(answer, 429, 'ThrottlingException', /throttled/)
    const ms = Number(answer.headers.get('x-amz-retry-after'))
    expect(ms).toBeGreaterThan(0)
    expect(ms).toBeLessThanOrEqual(30_000)
    expect(answer.headers.get('retry-after')).toBe(String(Math.ceil(ms / 1000)))
    expect(simulator.count()).toBe(1)
  })
})

describe('the management API', () => {
  test.each([
    ['no key', {}, 401],
    ['a wrong key', { authorization: 'Bearer sk-wrong-marker' }, 401],
    ['a route that is none', { authorization: `Bearer ${MASTER_KEY}` }, 404],
  ])('answers %s in its own form', async (_what, headers, status) => {
    const response = await fetch(`${gateway.url}/unheard-of`, { headers: headers as Record<string, string> })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    const body = (await response.json()) as { error: Record<string, unknown> }
    expect(Object.keys(body.error).sort()).toEqual(['code', 'message', 'param', 'type'])
  })
})

describe('after all of this', () => {
  test('refusals have left no row, and calls that were let in have', async () => {
    const answer = await call(gateway, 'alpha', 'converse')
    await rowOf(gateway, answer)
    const rows = await rowsWhere(gateway, '', 1)
    const refused = new Set(refusals.map(callIdOf))
    expect(refused.size).toBeGreaterThan(30)
    expect(rows.filter(({ request_id }) => refused.has(request_id))).toEqual([])
    expect(await getJson(gateway, '/spend/logs?model=zeta-2')).toEqual([])
  })

  test('every refusal has one line in the log, under its call id', () => {
    const lines = gateway.logs.filter(({ event }) => event === 'refused').map(({ request_id }) => request_id)
    expect(lines.sort()).toEqual(refusals.map(callIdOf).sort())
  })

  test('no answer and no log line holds a key, a secret or text of a prompt', () => {
    const said = JSON.stringify([gateway.logs, refusals.map(({ text, headers }) => [text, [...headers]])])
    for (const secret of [
      MASTER_KEY,
      MASTER_KEY.slice(0, -1),
      'sk-wrong-marker',
      SIMULATOR_SECRET_ACCESS_KEY,
      'Say this is a test',
    ]) {
      expect(said).not.toContain(secret)
    }
  })
})
