/**
 * Whatever a caller writes into a header or a query that goes to AWS, the request that arrives there bears a signature that two
 * verifiers agree with, Smithy's in the simulator and botocore's here; or the caller is told what cannot be signed, and nothing
 * goes upstream. A signature of ours that AWS refuses would be blamed on the deployment.
 */
import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { SIMULATOR_SECRET_ACCESS_KEY } from '../simulator/auth.ts'
import type { ReceivedRequest } from '../simulator/received.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from './harness.ts'
import { BOTO3_VERSIONS, lineByLine, nameOf, pythonOf, startPython, stopPython } from './python.ts'

const MODEL = 'amazon.nova-micro-v1:0'
const BODY = '{"messages":[]}'
/** Nothing, spaces alone, inner and quoted ones, JSON, and a long value. */
const AWKWARD_VALUES = [
  '',
  ' \t  ',
  'a \t b\t\tc   d',
  '"a  b"; q="  "',
  '{"cost centre": "42", "x": "\\u00e9  "}',
  'x'.repeat(4_000),
]
const EVERY_BYTE = Array.from({ length: 256 }, (_, byte) => byte)

let simulator: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1'], recordings: null })
  gateway = await startGateway({
    config: {
      model_list: [deploymentOf(simulator, 'nova', MODEL, 'us-east-1')],
      general_settings: { master_key: MASTER_KEY },
    },
  })
})
beforeEach(() => simulator.reset())
afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

type Heard = {
  status: number
  errorType: string | null
  body: string
  /** What arrived upstream; null for nothing. */
  received: ReceivedRequest | null
}

/** One request over a bare socket, which sends any byte anywhere. Text is Latin-1: a character a byte. */
async function ask({ query = '', headers = '' }: { query?: string; headers?: string }): Promise<Heard> {
  const before = simulator.count()
  const head = [
    `POST /bedrock/model/nova/converse${query} HTTP/1.1`,
    'host: gateway',
    'connection: close',
    `authorization: Bearer ${MASTER_KEY}`,
    `content-length: ${BODY.length}`,
  ]
  const chunks: Buffer[] = []
  await new Promise<void>((resolve, reject) => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1', () => {
      socket.write(Buffer.from(`${head.join('\r\n')}\r\n${headers}\r\n${BODY}`, 'latin1'))
    })
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve())
  })
  const [answerHead = '', ...rest] = Buffer.concat(chunks).toString('utf8').split('\r\n\r\n')
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(answerHead)?.[1]),
    errorType: /^x-amzn-errortype: (.*)$/im.exec(answerHead)?.[1] ?? null,
    body: rest.join('\r\n\r\n'),
    received: simulator.count() === before ? null : (simulator.requests().at(-1) ?? null),
  }
}

function expectSigned({ status, received }: Heard, title: string): void {
  expect(received?.auth, title).toMatchObject({ ok: true, how: 'sigv4' })
  expect(status, title).toBe(200)
}

function expectRefused({ status, errorType, body, received }: Heard, named: string, title: string): void {
  expect(received, title).toBeNull()
  expect({ status, errorType }, title).toEqual({ status: 400, errorType: 'ValidationException' })
  expect(body, title).toContain(JSON.stringify(JSON.stringify(named)).slice(1, -1))
}

/** workerd itself takes no such byte off the wire, so the Worker never sees it. */
function expectNotTaken({ status, errorType, received }: Heard, title: string): void {
  expect(received, title).toBeNull()
  expect({ status, errorType }, title).toEqual({ status: 400, errorType: null })
}

const isPrintable = (byte: number): boolean => byte >= 0x20 && byte <= 0x7e

describe.each(['accept', 'x-amzn-bedrock-trace', 'x-amzn-bedrock-new-thing', 'content-type'])('in %s', (name) => {
  test('every byte at the start, in the middle, doubled and at the end is signed as it is sent, or refused', async () => {
    for (const byte of EVERY_BYTE) {
      const char = String.fromCharCode(byte)
      const title = `byte ${byte}`
      const heard = await ask({ headers: `${name}: ${char}a${char}b${char}${char}c${char}\r\n` })
      if (isPrintable(byte) || char === '\t') {
        expectSigned(heard, title)
        const sent = char === '\t' ? 'a b  c' : `${char}a${char}b${char}${char}c${char}`.trim()
        expect(heard.received?.headers[name], title).toBe(sent)
      } else if ('\0\r\n'.includes(char)) expectNotTaken(heard, title)
      else expectRefused(heard, name, title)
    }
  })

  test.each(AWKWARD_VALUES)('the value %j is signed as it is sent', async (value) => {
    expectSigned(await ask({ headers: `${name}: ${value}\r\n` }), name)
  })

  test('a repeated header is sent as one', async () => {
    const heard = await ask({ headers: `${name}: a\r\n${name}:  b \r\n${name}: \r\n` })
    expectSigned(heard, name)
    expect(heard.received?.headers[name]).toMatch(/^a, b/)
  })

  test.each(['é', '漢', '\u00a0', '\u2028', '😀'])('%j in UTF-8 is refused', async (text) => {
    const utf8 = Buffer.from(`a${text}b`).toString('latin1')
    expectRefused(await ask({ headers: `${name}: ${utf8}\r\n` }), name, text)
  })

  test('a folded line is not taken', async () => {
    expectNotTaken(await ask({ headers: `${name}: a\r\n b\r\n` }), name)
  })
})

test('more headers than are ever signed are refused by the name of the one too many', async () => {
  const headers = ['one', 'two'].map((name) => `x-amzn-bedrock-${name}: ${'x'.repeat(6_200)}\r\n`)
  expectRefused(await ask({ headers: headers.join('') }), 'x-amzn-bedrock-two', '')
})

test('names with every character that a name may have are signed', async () => {
  expectSigned(await ask({ headers: "x-amzn-bedrock-!#$%&'*+.^_`|~Z-9: a\r\nx-amzn-bedrock-: b\r\n" }), '')
})

describe('in a query', () => {
  test('every byte as it is, in a name and in a value, is signed as it is sent, or refused', async () => {
    for (const byte of EVERY_BYTE) {
      const char = String.fromCharCode(byte)
      const title = `byte ${byte}`
      const heard = await ask({ query: `?${char}n${char}=${char}v${char}${char}&z=1` })
      if (char === '%') expectRefused(heard, '%n%', title)
      else if (char === '=' || char === '&') expectRefused(heard, '', title)
      else if (isPrintable(byte) && !' "<>'.includes(char)) expectSigned(heard, title)
      else expectNotTaken(heard, title)
    }
  })

  test('every byte with a percent sign, in a name and in a value, is signed as it is sent, or refused', async () => {
    for (const byte of EVERY_BYTE) {
      const hex = byte.toString(16).padStart(2, '0')
      const heard = await ask({ query: `?%${hex}n=%${hex}v%${hex.toUpperCase()}` })
      if (byte >= 0x80) expectRefused(heard, `%${hex}n`, hex)
      else {
        expectSigned(heard, hex)
        const [, value = ''] = heard.received?.rawUrl.split('=') ?? []
        expect(decodeURIComponent(value), hex).toBe(`${String.fromCharCode(byte)}v${String.fromCharCode(byte)}`)
      }
    }
  })

  test.each([
    ['?a=b+c', '?a=b%2Bc'],
    ['?a=b%20c%2Bd', '?a=b%20c%2Bd'],
    ['?a', '?a='],
    ['?a=', '?a='],
    ['?&&a=1&&', '?a=1'],
    ['?', ''],
    ['?b=2&a=2&a=1&a=', '?b=2&a=2&a=1&a='],
    ['?A=1&a=1&a-b=1&a.b=1&a_b=1&a~b=1', '?A=1&a=1&a-b=1&a.b=1&a_b=1&a~b=1'],
    ['?a=1=2?3/4:5@6', '?a=1%3D2%3F3%2F4%3A5%406'],
    ["?a=!'()*", '?a=%21%27%28%29%2A'],
    ['?a=%c3%a9&%e6%bc%a2=%F0%9F%98%80', '?a=%C3%A9&%E6%BC%A2=%F0%9F%98%80'],
    ['?a=%EF%BB%BFx%EF%BF%BD', '?a=%EF%BB%BFx%EF%BF%BD'],
    ['?a=..%2f..&b=%00', '?a=..%2F..&b=%00'],
    ['?a=1#b=2', '?a=1'],
    ['?constructor=1&toString=2', '?constructor=1&toString=2'],
  ])('%s is sent as %s', async (query, sent) => {
    const heard = await ask({ query })
    expectSigned(heard, query)
    expect(heard.received?.rawUrl).toBe(`/model/amazon.nova-micro-v1%3A0/converse${sent}`)
  })

  test('a long one is signed, and a longer one refused by the name of the parameter that is too much', async () => {
    expectSigned(await ask({ query: `?a=1&next=${'x'.repeat(8_180)}` }), '')
    expectRefused(await ask({ query: `?a=1&next=${'x'.repeat(8_192)}` }), 'next', '')
  })

  test.each([
    ['?a=%e9', 'a'],
    ['?x=1&b=%', 'b'],
    ['?x=1&%zz=1', '%zz'],
    ['?a=%c3%28', 'a'],
    ['?a=%ed%a0%80', 'a'],
    ['?X-Amz-Signature=1', 'X-Amz-Signature'],
    ['?a=1&x-amz-security-token=t', 'x-amz-security-token'],
    ['?X%2dAmz-Date=1', 'X%2dAmz-Date'],
    ['?=1', ''],
  ])('%s is refused by the name of the parameter', async (query, name) => {
    expectRefused(await ask({ query }), name, query)
  })
})

for (const boto3 of BOTO3_VERSIONS) {
  const python = pythonOf(boto3)
  test.skipIf(python === undefined)(`botocore computes the same signatures: ${nameOf(boto3)}`, async () => {
    for (const byte of EVERY_BYTE) {
      const char = String.fromCharCode(byte)
      const hex = byte.toString(16).padStart(2, '0')
      const headers = ['accept', 'x-amzn-bedrock-trace'].map(
        (name) => `${name}: ${char}a${char}b${char}${char}c${char}\r\n`,
      )
      await ask({ headers: headers.join('') })
      await ask({ query: `?${char}n${char}=${char}v${char}${char}&z=1&N=+&a-b=2&a=3&a=2` })
      await ask({ query: `?%${hex}n=%${hex}v%${hex.toUpperCase()}` })
    }
    for (const value of AWKWARD_VALUES) await ask({ headers: `accept: ${value}\r\nx-amzn-bedrock-trace: ${value}\r\n` })
    const received = simulator.requests()
    // In headers what is printable and the tab; in a query as it is, all of that but nine; with a percent sign, ASCII.
    expect(received).toHaveLength(96 + 88 + 128 + AWKWARD_VALUES.length)
    const child = startPython(python ?? '', 'verify_sigv4.py')
    try {
      const requests = received.map(({ method, rawUrl, rawHeaders, body }) => ({
        method,
        rawUrl,
        rawHeaders,
        body: Buffer.from(body ?? []).toString('base64'),
        secretAccessKey: SIMULATOR_SECRET_ACCESS_KEY,
      }))
      const verified = (await lineByLine(child)({ requests })) as {
        claimed: string
        computed: string
        canonical: string
      }[]
      expect(verified).toHaveLength(received.length)
      for (const { claimed, computed, canonical } of verified) expect(claimed, canonical).toBe(computed)
    } finally {
      await stopPython(child)
    }
  })
}

test('after all that the deployment serves as before', async () => {
  expectSigned(await ask({}), '')
  const health = gateway.logs.filter(({ event }) => event === 'health')
  expect(health).toEqual([])
})
