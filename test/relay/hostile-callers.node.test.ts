/**
 * Callers that mean harm, over raw sockets: no answer that is not declared, a row for every call that reached an upstream, and nothing
 * taken from others. `npm run fuzz` does the first part at length.
 */
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { runCampaign } from '../fuzz/campaign.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { type Answer, call, callIdOf, getJson, lineOf, rowOf } from './calls.ts'

const NOVA = 'amazon.nova-micro-v1:0'
const GOOD_CALLERS = 10

let simulator: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1', 'us-west-2'], recordings: null })
  const model_list = [
    deploymentOf(simulator, 'sole', NOVA, 'us-east-1'),
    deploymentOf(simulator, 'pair', 'amazon.nova-lite-v1:0', 'us-east-1'),
    deploymentOf(simulator, 'pair', 'amazon.nova-lite-v1:0', 'us-west-2'),
  ]
  gateway = await startGateway({ config: { model_list, general_settings: { master_key: MASTER_KEY } } })
})
beforeEach(() => simulator.reset())
afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

type Passive = { group: string; state: string; inFlight: number }

/** What calls have shown of the deployments of a model. */
async function passiveHealth(model: string): Promise<Passive[]> {
  const health = (await getJson(gateway, `/health?model=${model}`)) as { passive: Passive[] }
  return health.passive.filter(({ group }) => group === model)
}

test('500 hostile requests of all kinds: nothing came of them that must not', async () => {
  const report = await runCampaign({ requests: 500, seed: 20_261_125, atOnce: 16 })
  expect(report.faults).toEqual([])
  expect(report.askedUpstream).toBeGreaterThan(100)
  expect(report.rows).toBeGreaterThan(100)
  expect(Object.keys(report.statuses).length).toBeGreaterThan(20)
})

describe('beside an attacker at every turn good callers lose nothing', () => {
  const goodCalls = (model: string) =>
    Promise.all(Array.from({ length: GOOD_CALLERS }, () => call(gateway, model, 'converse')))

  async function alternate(model: string, attack: () => Promise<unknown>): Promise<void> {
    for (let turn = 0; turn < 5; turn++) {
      await attack()
      expect((await goodCalls(model)).map(({ status }) => status)).toEqual(Array(GOOD_CALLERS).fill(200))
    }
    expect((await passiveHealth(model)).map(({ state }) => state)).toEqual(
      model === 'sole' ? ['healthy'] : ['healthy', 'healthy'],
    )
  }

  const REFUSED_COUNTS = [
    { error: { name: 'AccessDeniedException' } },
    { error: { name: 'ResourceNotFoundException' } },
    { error: { name: 'ThrottlingException' } },
    { error: { name: 'ServiceUnavailableException' } },
    { error: { name: 'ValidationException', message: 'The provided model identifier is invalid.' } },
  ] as const

  test.each(['sole', 'pair'])('who counts tokens where that is refused, on %s', async (model) => {
    for (const fault of REFUSED_COUNTS) {
      simulator.reset()
      simulator.fault({ operation: 'CountTokens' }, fault)
      await alternate(model, () =>
        call(gateway, model, 'count-tokens', { body: '{"input":{"converse":{"messages":[]}}}' }),
      )
    }
  })

  const BY_THE_REQUEST = [
    [
      'names a guardrail that is forbidden',
      { name: 'AccessDeniedException', message: 'not authorized to perform: bedrock:ApplyGuardrail' },
    ],
    ['has a signature refused', { name: 'InvalidSignatureException' }],
    ['asks the model for what it fails at', { name: 'ModelErrorException' }],
    ['makes the model time out', { name: 'ModelTimeoutException' }],
    ['breaks a rule', { name: 'ValidationException' }],
  ] as const

  test.each(BY_THE_REQUEST)('who %s', async (_what, error) => {
    for (const model of ['sole', 'pair']) {
      simulator.reset()
      await call(gateway, model, 'converse')
      await alternate(model, async () => {
        const id = simulator.fault({ operation: 'ConverseStream' }, { error })
        for (let n = 0; n < 4; n++) await call(gateway, model, 'converse-stream')
        simulator.clearFaults(id)
      })
    }
  })
})

describe('metadata', () => {
  test.each([
    ['nested 1,000 deep', `${'{"a":'.repeat(1_000)}1${'}'.repeat(1_000)}`],
    ['nested 4,000 deep', `${'{"a":'.repeat(4_000)}1${'}'.repeat(4_000)}`],
    ['of 20 KB', JSON.stringify({ a: 'x'.repeat(20_000) })],
  ])('%s costs no row: what is kept is bounded, and the row says so', async (_what, text) => {
    const answers = [
      await call(gateway, 'sole', 'converse', { headers: { 'x-litellm-spend-logs-metadata': text } }),
      await call(gateway, 'sole', 'converse', { body: `{"messages":[],"requestMetadata":{"deep":${text}}}` }),
    ]
    for (const answer of answers) {
      const row = await rowOf(gateway, answer)
      expect(row).toMatchObject({ metadata_truncated: true })
      expect(JSON.stringify(row).length).toBeLessThan(40_000)
      expect(JSON.stringify(await lineOf(gateway, callIdOf(answer))).length).toBeLessThan(70_000)
    }
  })

  test('within bounds is kept whole, and nothing is said to be cut', async () => {
    const headers = { 'x-litellm-spend-logs-metadata': '{"a":{"b":[1]}}' }
    const row = await rowOf(gateway, await call(gateway, 'sole', 'converse', { headers }))
    expect(row).toMatchObject({ metadata: { a: { b: [1] } }, metadata_truncated: false })
  })
})

describe('uploads that stop', () => {
  const ANNOUNCED = 25_000_000

  function stalled(sent: number): Socket {
    const { hostname, port } = new URL(gateway.url)
    const socket = connect(Number(port), hostname)
    const head = `POST /bedrock/model/sole/converse HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${MASTER_KEY}\r\ncontent-length: ${ANNOUNCED}\r\n\r\n`
    socket.on('error', () => undefined)
    socket.write(Buffer.concat([Buffer.from(head), Buffer.alloc(sent, 0x20)]))
    return socket
  }

  test('three of them lock nobody out: small and large bodies of others pass while they hang', async () => {
    const sockets = [stalled(0), stalled(1), stalled(1_000_000)]
    await Promise.all(
      sockets.map(
        (socket) => new Promise((resolve) => (socket.connecting ? socket.once('connect', resolve) : resolve(null))),
      ),
    )
    const padding = ' '.repeat(8_000_000)
    const large = () => call(gateway, 'sole', 'converse', { body: `{"messages":[]}${padding}` })
    const answers = await Promise.all([
      ...Array.from({ length: 5 }, () => call(gateway, 'sole', 'converse')),
      large(),
      large(),
      large(),
    ])
    expect(answers.map(({ status }: Answer) => status)).not.toContain(503)
    expect(answers.slice(0, 5).map(({ status }) => status)).toEqual(Array(5).fill(200))
    for (const socket of sockets) socket.destroy()
  })

  test('a refused one that stops gets its refusal, and no fault of the gateway', async () => {
    const { hostname, port } = new URL(gateway.url)
    const socket = connect(Number(port), hostname)
    socket.write(
      `POST /bedrock/model/nobody/converse/x HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${MASTER_KEY}\r\nconnection: close\r\ncontent-length: 100000\r\n\r\n{`,
    )
    const text = await new Promise<string>((resolve, reject) => {
      let got = ''
      socket.setEncoding('latin1')
      socket.on('data', (chunk) => {
        got += chunk
        if (got.includes('"message"')) resolve(got)
      })
      socket.on('error', reject)
    })
    socket.destroy()
    expect(text).toMatch(/^HTTP\/1\.1 404 /)
    expect(text).toContain('UnknownOperationException')
  })
})

test('500 clients that reset their streams leave a row each', async () => {
  const { hostname, port } = new URL(gateway.url)
  simulator.fault(NOVA, { frames: 50, frameChars: 1_000 })
  const before = gateway.logs.filter(({ event }) => event === 'call').length
  const body = '{"messages":[{"role":"user","content":[{"text":"hi"}]}]}'
  const head = `POST /bedrock/model/sole/converse-stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${MASTER_KEY}\r\ncontent-length: ${body.length}\r\n\r\n`
  const rude = (n: number) =>
    new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
      socket.write(head + body, () => setTimeout(() => socket.resetAndDestroy(), n % 40))
    })
  for (let n = 0; n < 500; n += 10) await Promise.all(Array.from({ length: 10 }, (_, at) => rude(n + at)))
  const lines = () => gateway.logs.filter(({ event }) => event === 'call').slice(before)
  const isBooked = () => lines().length === simulator.count() && lines().length > 400
  await expect.poll(isBooked, { timeout: 40_000, interval: 50 }).toBe(true)
  const verdicts = new Set(lines().map(({ verdict }) => verdict))
  expect(verdicts).toContain('abandoned')
  expect([...verdicts].filter((verdict) => verdict !== 'abandoned' && verdict !== 'complete')).toEqual([])
})

test('after all of this nothing is in flight, nobody is ill for Converse, and the gateway has not failed', async () => {
  for (const model of ['sole', 'pair']) {
    for (const { inFlight, state } of await passiveHealth(model))
      expect({ inFlight, state }).toEqual({ inFlight: 0, state: 'healthy' })
  }
  expect(gateway.logs.filter(({ event }) => event === 'fault')).toEqual([])
  expect(gateway.logs.filter(({ event, operation }) => event === 'health' && operation === undefined)).toEqual([])
})

describe('beside one who asks for more output than the quota ever holds', () => {
  const GREEDY = JSON.stringify({ messages: [], inferenceConfig: { maxTokens: 1_000_000 } })
  const HIDDEN = JSON.stringify({ messages: [], additionalModelRequestFields: { max_tokens: 1_000_000 } })
  const error = { name: 'ThrottlingException', message: 'Too many tokens, please wait before trying again.' } as const

  test.each([
    ['sole', { error }],
    ['pair', { error }],
    ['sole', { exception: { name: 'throttlingException', message: error.message } }],
  ])('good callers of %s are answered, and the greedy one is told to wait (%j)', async (model, fault) => {
    for (const body of [GREEDY, HIDDEN]) {
      const id = simulator.fault({ operation: 'ConverseStream' }, fault)
      const refused = await call(gateway, model, 'converse-stream', { body })
      expect(refused.status).toBe(429)
      const good = Array.from({ length: GOOD_CALLERS }, () => call(gateway, model, 'converse'))
      expect((await Promise.all(good)).map(({ status }) => status)).toEqual(Array(GOOD_CALLERS).fill(200))
      const again = await call(gateway, model, 'converse-stream', { body })
      expect(again.status).toBe(429)
      for (const { headers } of [refused, again]) {
        expect(Number(headers.get('x-amz-retry-after'))).toBeGreaterThan(0)
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
      }
      simulator.clearFaults(id)
    }
  })
})
