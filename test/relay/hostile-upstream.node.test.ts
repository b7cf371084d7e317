/**
 * Broken answers over real sockets, byte by byte as an upstream may send them. Whatever comes, the client gets an error that every SDK
 * reads, or the answer itself; one row says the same; and nothing that nobody counted is booked as nothing.
 */
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeFrame, exceptionFrame } from '../../src/bedrock/event-stream/encode.ts'
import { MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { type Answer, call, callIdOf, lineOf, rowsAndLines } from './calls.ts'
import { type Ending, httpAnswer, JSON_TYPE, type RawUpstream, STREAM_TYPE, startRawUpstream } from './raw-upstream.ts'

const CONVERSE = JSON.stringify({
  output: { message: { role: 'assistant', content: [{ text: 'hello' }] } },
  stopReason: 'end_turn',
  usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
})
const ODD = '{"message":"odd"}'
const PAGE = '<!DOCTYPE html><html><body>Bad gateway</body></html>'
const MIB = 1024 * 1024

let upstream: RawUpstream
let gateway: RunningGateway
let calls = 0

beforeAll(async () => {
  upstream = await startRawUpstream()
  gateway = await startGateway({
    config: {
      model_list: [
        {
          model_name: 'nova',
          litellm_params: {
            model: 'bedrock/amazon.nova-micro-v1:0',
            aws_region_name: 'us-east-1',
            aws_bedrock_runtime_endpoint: upstream.url,
            aws_access_key_id: 'AKIDEXAMPLE',
            aws_secret_access_key: 'secret',
          },
        },
      ],
      // One attempt and no cool-down: each case stands for itself.
      router_settings: { num_retries: 0, cooldown_time: 0, timeout: 10 },
      general_settings: { master_key: MASTER_KEY },
    },
  })
})
afterAll(async () => {
  await gateway?.stop()
  await upstream?.stop()
})

async function ask(action: string, bytes: Uint8Array | string, then?: Ending) {
  upstream.answer(bytes, then)
  const answer = await call(gateway, 'nova', action)
  calls += 1
  const line = await lineOf(gateway, callIdOf(answer))
  expect(upstream.count()).toBeGreaterThan(0)
  expect(line.http_status).toBe(answer.status)
  return { answer, line }
}

/** An error as every SDK reads it, and a row that says the same. */
async function expectError(action: string, bytes: Uint8Array | string, then?: Ending) {
  const { answer, line } = await ask(action, bytes, then)
  expectAwsError(answer)
  expect(line).toMatchObject({ status: 'failure', usage: null })
  expect(['exception', 'cut']).toContain(line.verdict)
  return { answer, line }
}

function expectAwsError({ status, headers, text }: Answer): void {
  expect(status).toBeGreaterThanOrEqual(400)
  expect(status).toBeLessThan(600)
  expect(status).not.toBe(408)
  expect(headers.get('x-amzn-errortype')).toMatch(/^[A-Za-z]+(?:Exception|Failure)?$/)
  expect(headers.get('x-amzn-requestid')).toMatch(/^[\x21-\x7e]+$/)
  expect(headers.get('content-type')).toMatch(/^application\/json/)
  expect(JSON.parse(text)).toMatchObject({ message: expect.any(String) })
  if (status !== 429 && status !== 503) return
  const waitMs = Number(headers.get('x-amz-retry-after'))
  expect(waitMs).toBeGreaterThan(0)
  expect(headers.get('retry-after')).toBe(String(Math.max(1, Math.ceil(waitMs / 1000))))
}

describe('what is no HTTP answer', () => {
  test.each<[string, string, Ending?]>([
    ['nothing', ''],
    ['a reset', '', 'reset'],
    ['half a status line', 'HTTP/1.1 20'],
    ['half of the headers', 'HTTP/1.1 200 OK\r\ncontent-type: appl'],
    ['headers alone, then a reset', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n', 'reset'],
    ['noise', 'x'.repeat(500)],
    ['the start of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an alert of TLS', '\u0015\u0003\u0001\u0000\u0002\u0002\u0016'],
    ['a greeting of SSH', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['a body alone', CONVERSE],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nbroken\r\ncontent-length: 2\r\n\r\n{}'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n{}'],
    ['a negative length', 'HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\n{}'],
    ['a chunk size that is no number', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n'],
    ['a chunked body that breaks off', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"output":'],
    ['less than was announced', 'HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n{"output":'],
    ['interim answers alone', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n'],
  ])('%s is 503, and what it cost is not known to be nothing', async (_case, bytes, then) => {
    for (const action of ['converse', 'converse-stream']) {
      const { answer, line } = await expectError(action, bytes, then)
      expect(answer.status).toBe(503)
      // The request had been sent, so the model may have been at work.
      expect(line.cost_nano_usd).toBeNull()
    }
  })
})

describe('a status that is no answer of AWS', () => {
  test.each([101, 199, 201, 202, 203, 206, 226, 300, 301, 302, 303, 304, 305, 307, 308, 399, 600, 700, 999])(
    '%i is 503',
    async (status) => {
      const { answer } = await expectError('converse', httpAnswer(status, { ...JSON_TYPE, location: '/x' }, ODD))
      expect(answer.status).toBe(503)
    },
  )

  test.each(['0', '42', '1000', '20x', '-200', '٢٠٠'])('%s, which HTTP does not know, is 503', async (status) => {
    const { answer } = await expectError('converse', httpAnswer(status, JSON_TYPE, ODD))
    expect(answer.status).toBe(503)
  })

  test.each([204, 205])('%i without a body is 503', async (status) => {
    const { answer } = await expectError('converse', httpAnswer(status, {}, '', 'close'))
    expect(answer.status).toBe(503)
  })
})

describe('a 200 that is no answer', () => {
  const GZIP_OF_NOTHING = gzipSync('')
  test.each<[string, string, Buffer]>([
    ['empty', 'converse', httpAnswer(200, JSON_TYPE)],
    ['empty and chunked', 'invoke', httpAnswer(200, JSON_TYPE, '', 'close')],
    ['white space', 'converse', httpAnswer(200, JSON_TYPE, ' \r\n ')],
    ['a page', 'converse', httpAnswer(200, { 'content-type': 'text/html' }, PAGE)],
    ['a page in capitals', 'converse', httpAnswer(200, { 'Content-Type': 'TEXT/HTML; Charset=UTF-8' }, PAGE)],
    ['a page of XHTML', 'invoke', httpAnswer(200, { 'content-type': 'Application/XHTML+xml' }, PAGE)],
    ['a page called JSON', 'converse', httpAnswer(200, JSON_TYPE, PAGE)],
    ['a page behind white space', 'invoke', httpAnswer(200, { 'content-type': 'text/plain' }, `\n\t ${PAGE}`)],
    ['a page behind a byte order mark', 'converse', httpAnswer(200, JSON_TYPE, `\ufeff${PAGE}`)],
    ['a page without a type', 'invoke', httpAnswer(200, {}, PAGE)],
    ['JSON cut by its end', 'converse', httpAnswer(200, JSON_TYPE, CONVERSE.slice(0, -1), 'close')],
    ['JSON cut in a text', 'converse', httpAnswer(200, JSON_TYPE, CONVERSE.slice(0, 60), 'close')],
    ['JSON cut and chunked whole', 'invoke', httpAnswer(200, JSON_TYPE, CONVERSE.slice(0, 60), 'chunked')],
    ['JSON of half a megabyte, cut', 'converse', httpAnswer(200, JSON_TYPE, `{"a":"${'x'.repeat(MIB / 2)}`, 'close')],
    ['JSON with something behind it', 'converse', httpAnswer(200, JSON_TYPE, `${CONVERSE}}`)],
    ['a text', 'converse', httpAnswer(200, JSON_TYPE, 'upstream connect error')],
    ['a list', 'converse', httpAnswer(200, JSON_TYPE, '[]')],
    ['a number', 'converse', httpAnswer(200, JSON_TYPE, '200')],
    ['null', 'invoke', httpAnswer(200, JSON_TYPE, 'null')],
    ['NULs', 'converse', httpAnswer(200, JSON_TYPE, new Uint8Array(100))],
    ['nothing, compressed', 'converse', httpAnswer(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }, GZIP_OF_NOTHING)],
    ['called gzip and not it', 'converse', httpAnswer(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }, CONVERSE)],
    ['frames for an operation without them', 'converse', httpAnswer(200, STREAM_TYPE, exceptionFrame('a', 'b'))],
    ['JSON for a stream', 'converse-stream', httpAnswer(200, JSON_TYPE, CONVERSE)],
    ['JSON without a type for a stream', 'converse-stream', httpAnswer(200, {}, CONVERSE)],
    ['JSON of 5 MB for a stream', 'converse-stream', httpAnswer(200, JSON_TYPE, `"${'x'.repeat(5 * MIB)}"`)],
    ['a page for a stream', 'converse-stream', httpAnswer(200, { 'content-type': 'text/HTML' }, PAGE)],
    ['a page called a stream', 'converse-stream', httpAnswer(200, STREAM_TYPE, PAGE)],
    ['no frame', 'converse-stream', httpAnswer(200, STREAM_TYPE, '', 'close')],
    ['no frame and no length', 'invoke-with-response-stream', httpAnswer(200, STREAM_TYPE, '', 'chunked')],
    ['half a prelude', 'converse-stream', httpAnswer(200, STREAM_TYPE, exceptionFrame('a', 'b').slice(0, 7))],
    [
      'half a frame',
      'invoke-with-response-stream',
      httpAnswer(200, STREAM_TYPE, exceptionFrame('a', 'b').slice(0, 40)),
    ],
    ['NULs for a stream', 'converse-stream', httpAnswer(200, STREAM_TYPE, new Uint8Array(64))],
    ['ones for a stream', 'converse-stream', httpAnswer(200, STREAM_TYPE, new Uint8Array(64).fill(255))],
  ])('%s of %s is 503', async (_case, action, bytes) => {
    const { answer } = await expectError(action, bytes)
    expect(answer.status).toBe(503)
  })

  test('a checksum of the first frame that is wrong is 503', async () => {
    const frame = exceptionFrame('throttlingException', 'slow')
    for (const at of [8, frame.length - 1]) {
      const damaged = Uint8Array.from(frame, (byte, place) => (place === at ? byte ^ 1 : byte))
      const { answer } = await expectError('converse-stream', httpAnswer(200, STREAM_TYPE, damaged))
      expect(answer.status).toBe(503)
    }
  })
})

describe('a name that is none of AWS', () => {
  const NAMES = [
    '__proto__',
    'constructor',
    'a\r\nset-cookie: b',
    '',
    ' ',
    'x'.repeat(9_000),
    'Ünicode',
    '<b>',
    '0',
    'a b',
  ]
  test.each(NAMES)('%j as the first frame is an error of AWS', async (name) => {
    const frames = [
      exceptionFrame(name, 'no'),
      encodeFrame(
        [
          [':message-type', 'error'],
          [':error-code', name],
          [':error-message', 'no'],
        ],
        new Uint8Array(0),
      ),
    ]
    for (const frame of frames) {
      const { answer, line } = await expectError('converse-stream', httpAnswer(200, STREAM_TYPE, frame))
      expect(answer.status).toBeGreaterThanOrEqual(500)
      expect(answer.headers.has('set-cookie')).toBe(false)
      expect(JSON.stringify(line.attempt_log).length).toBeLessThan(2_000)
    }
  })

  test.each(['__proto__', '<b>', 'x'.repeat(5_000), 'a, b'])('%j of an HTTP error is one of AWS', async (name) => {
    const header = httpAnswer(500, { ...JSON_TYPE, 'x-amzn-errortype': name }, ODD)
    expect((await expectError('converse', header)).answer.status).toBe(500)
    const body = JSON.stringify({ __type: name, message: 'odd' })
    expect((await expectError('converse', httpAnswer(400, JSON_TYPE, body))).answer.text).toBe(body)
  })

  test.each([
    [400, 'ValidationException'],
    [403, 'AccessDeniedException'],
    [404, 'ResourceNotFoundException'],
    [429, 'ThrottlingException'],
    [502, 'ServiceUnavailableException'],
    [503, 'ServiceUnavailableException'],
  ])('%i without any name is %s, and keeps its bytes', async (status, name) => {
    const { answer } = await expectError('converse', httpAnswer(status, JSON_TYPE, ODD))
    expect([answer.status, answer.text]).toEqual([status, ODD])
    expect(answer.headers.get('x-amzn-errortype')).toBe(name)
  })
})

describe('408', () => {
  test('of AWS, as status or as the first frame, is 424 with the same name', async () => {
    const named = { ...JSON_TYPE, 'x-amzn-errortype': 'ModelTimeoutException' }
    const slow = '{"message":"Model processing took too long."}'
    const { answer, line } = await expectError('converse', httpAnswer(408, named, slow))
    expect([answer.status, answer.text]).toEqual([424, slow])
    expect(line.attempt_log).toMatchObject([{ status: 408, error_type: 'ModelTimeoutException' }])
    const first = httpAnswer(200, STREAM_TYPE, exceptionFrame('modelTimeoutException', 'slow'))
    const { answer: streamed } = await expectError('converse-stream', first)
    expect([streamed.status, streamed.headers.get('x-amzn-errortype')]).toEqual([424, 'ModelTimeoutException'])
  })

  test('of a proxy is 424 too, in the form of AWS', async () => {
    const { answer } = await expectError('converse', httpAnswer(408, { 'content-type': 'text/html' }, PAGE))
    expect(answer.status).toBe(424)
  })
})

describe('a wait that no client should take', () => {
  test.each(['Infinity', '-1', 'NaN', '1e9', '0x10', 'soon', '99999999', '', 'Wed, 21 Oct 2026 07:28:00 GMT', '3, 5'])(
    'of %j is not passed on',
    async (wait) => {
      for (const [status, name] of [
        [429, 'ThrottlingException'],
        [503, 'ServiceUnavailableException'],
      ] as const) {
        const headers = { ...JSON_TYPE, 'x-amzn-errortype': name, 'retry-after': wait, 'x-amz-retry-after': wait }
        const { answer } = await expectError('converse', httpAnswer(status, headers, ODD))
        expect(answer.status).toBe(status)
        for (const header of ['retry-after', 'x-amz-retry-after'])
          expect(answer.headers.get(header)).toMatch(/^[1-9]\d{0,6}$/)
      }
    },
  )
})

describe('an answer that inflates', () => {
  const packed = { ...JSON_TYPE, 'content-encoding': 'gzip' }
  // Half a gigabyte in half a megabyte.
  const bomb = gzipSync(Buffer.alloc(512 * MIB, 0x20), { level: 1 })

  test('beyond all measure is no answer, under a status of success or of an error', async () => {
    const { answer } = await expectError('converse', httpAnswer(500, packed, bomb))
    expect(answer.status).toBe(500)
    await expectError('converse-stream', httpAnswer(200, packed, bomb))
  }, 20_000)

  test('to a small one is that answer', async () => {
    const { answer, line } = await ask('converse', httpAnswer(200, packed, gzipSync(CONVERSE)))
    expect([answer.status, answer.text]).toEqual([200, CONVERSE])
    expect(line).toMatchObject({ verdict: 'complete', cost_state: 'priced' })
  })
})

describe('an answer in an odd dress is an answer', () => {
  test.each<[string, Record<string, string>]>([
    ['a type in capitals', { 'Content-Type': 'Application/JSON; Charset=UTF-8' }],
    ['no type', {}],
    ['the type of a text', { 'content-type': 'text/plain' }],
  ])('%s', async (_case, headers) => {
    const { answer, line } = await ask('converse', httpAnswer(200, headers, CONVERSE))
    expect([answer.status, answer.text]).toEqual([200, CONVERSE])
    expect(line).toMatchObject({ status: 'success', verdict: 'complete', cost_state: 'priced' })
  })

  test.each<[string, Record<string, string>, string | Uint8Array]>([
    ['a list', JSON_TYPE, '[{"generated_text":"hi"}]'],
    ['lines of JSON', { 'content-type': 'application/jsonlines' }, '{"a":1}\n{"b":2}\n'],
    ['an image', { 'content-type': 'image/png' }, Uint8Array.from({ length: 300 }, (_, at) => at % 256)],
    ['bytes without a type', {}, Uint8Array.from({ length: 300 }, (_, at) => 255 - (at % 256))],
    ['a text', { 'content-type': 'text/plain' }, 'hello'],
  ])('%s of a model, which may answer as it likes', async (_case, headers, body) => {
    const { answer, line } = await ask('invoke', httpAnswer(200, headers, body))
    expect(answer.status).toBe(200)
    expect(Buffer.from(answer.bytes).equals(Buffer.from(body as string))).toBe(true)
    // Nothing in it says what it cost.
    expect(line).toMatchObject({ status: 'success', verdict: 'complete', cost_state: 'unpriced', cost_nano_usd: null })
  })

  test('a stream whose type is in capitals', async () => {
    const event = (type: string, payload: object) =>
      encodeFrame(
        [
          [':event-type', type],
          [':message-type', 'event'],
        ],
        Buffer.from(JSON.stringify(payload)),
      )
    const stream = Buffer.concat([
      event('messageStart', { role: 'assistant' }),
      event('messageStop', { stopReason: 'end_turn' }),
      event('metadata', { usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 } }),
    ])
    const headers = { 'Content-Type': 'Application/VND.Amazon.EventStream; v=1' }
    const { answer, line } = await ask('converse-stream', httpAnswer(200, headers, stream, 'close'))
    expect(Buffer.from(answer.bytes).equals(stream)).toBe(true)
    expect(line).toMatchObject({ status: 'success', verdict: 'complete', cost_state: 'priced' })
  })
})

test('every one of these calls has left exactly one row, which says what its line in the log says', async () => {
  const { rows, lines } = await rowsAndLines(gateway)
  expect(rows).toHaveLength(calls)
  expect(new Set(rows.map(({ request_id }) => request_id)).size).toBe(calls)
  expect(rows).toEqual(lines)
})
