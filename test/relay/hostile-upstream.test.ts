/** Answers that AWS would not send: the client gets an error of AWS's form, the row says the same, and nothing is lost or invented. */
import { describe, expect, test } from 'vitest'
import { encodeFrame, exceptionFrame } from '../../src/bedrock/event-stream/encode.ts'
import { OPERATIONS } from '../../src/bedrock/operations/table.ts'
import { judgeResponse } from '../../src/relay/upstream/judge.ts'
import { type Fetcher, run } from './in-isolate.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const STREAM_TYPE = { 'content-type': 'application/vnd.amazon.eventstream' }
const CONVERSE = JSON.stringify({
  output: { message: { role: 'assistant', content: [{ text: 'hello' }] } },
  stopReason: 'end_turn',
  usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
})
const HTML = '<!DOCTYPE html><html><body>Bad gateway</body></html>'

type Body = string | Uint8Array<ArrayBuffer> | null
const answer =
  (body: Body, headers: Record<string, string> = JSON_TYPE, status = 200): Fetcher =>
  async () =>
    new Response(body, { status, headers })

/** A status that `Response` refuses to be made with, as a broken server may send it. */
const oddStatus =
  (status: number): Fetcher =>
  async () =>
    Object.defineProperty(Response.json({ message: 'odd' }), 'status', { value: status })

async function call(fetcher: Fetcher, action = 'converse') {
  const result = await run(() => ({ fetcher }), { action })
  const { response, text, row, held, events } = result
  // Whatever came, there is one row that says what the client got, and nothing is held.
  expect(events.filter((event) => event === 'call')).toHaveLength(1)
  expect(held).toEqual({ bytes: 0, inFlight: [0, 0] })
  expect(row?.http_status).toBe(response.status)
  return { response, text, row: row ?? {} }
}

/** An error as every SDK reads it. */
function expectAwsError(response: Response, text: string): void {
  expect(response.headers.get('x-amzn-errortype')).toMatch(/^[A-Za-z]+$/)
  expect(response.headers.get('x-amzn-requestid')).toBeTruthy()
  expect(response.headers.get('content-type')).toBe('application/json')
  expect(JSON.parse(text)).toEqual({ message: expect.any(String) })
  expect(response.status).not.toBe(408)
  if (response.status === 429 || response.status === 503) {
    const waitMs = Number(response.headers.get('x-amz-retry-after'))
    expect(waitMs).toBeGreaterThan(0)
    expect(response.headers.get('retry-after')).toBe(String(Math.max(1, Math.ceil(waitMs / 1000))))
  }
}

describe('a 200 that is no answer fails over, and is an error when nobody does better', () => {
  test.each<[string, string, Fetcher]>([
    ['an empty body', 'converse', answer('')],
    ['no body', 'converse', answer(null)],
    ['an HTML page', 'converse', answer(HTML, { 'content-type': 'text/html' })],
    ['an HTML page by another spelling', 'converse', answer(HTML, { 'content-type': 'Text/HTML;charset=utf-8' })],
    ['XHTML', 'converse', answer(HTML, { 'content-type': 'application/xhtml+xml' })],
    ['HTML that says it is JSON', 'converse', answer(HTML)],
    ['cut JSON', 'converse', answer(CONVERSE.slice(0, -10))],
    ['a list', 'converse', answer('[]')],
    ['a word', 'converse', answer('null')],
    ['cut JSON of a model', 'invoke', answer('{"content":[')],
    ['an empty answer of a model', 'invoke', answer('')],
    ['JSON in place of a stream', 'converse-stream', answer(CONVERSE)],
    ['HTML in place of a stream', 'converse-stream', answer(HTML, { 'content-type': 'TEXT/HTML' })],
    ['an empty stream', 'converse-stream', answer('', STREAM_TYPE)],
    ['noise in place of frames', 'converse-stream', answer('x'.repeat(64), STREAM_TYPE)],
    ['half a frame', 'converse-stream', answer(exceptionFrame('throttlingException', 'x').slice(0, 30), STREAM_TYPE)],
  ])('%s of %s', async (_case, action, broken) => {
    const { response, text, row } = await call(broken, action)
    expect(response.status).toBe(503)
    expectAwsError(response, text)
    expect(row).toMatchObject({
      status: 'failure',
      cost_nano_usd: expect.toSatisfy((cost) => cost === null || cost === '0'),
    })
    expect(['exception', 'cut']).toContain(row.verdict)
    expect(row.attempts).toBeGreaterThan(1)
  })

  test('another deployment answers in its place', async () => {
    for (const broken of [answer(''), answer(HTML), answer(CONVERSE.slice(0, -10))]) {
      let asked = 0
      const { response, row } = await call((...args) => (asked++ === 0 ? broken : answer(CONVERSE))(...args))
      expect([response.status, row.verdict, row.attempts]).toEqual([200, 'complete', 2])
    }
  })

  test('what nobody counted is not free', async () => {
    for (const broken of [answer(''), answer(CONVERSE.slice(0, -10))]) {
      const { row } = await call(broken)
      expect(row).toMatchObject({ cost_state: 'unpriced', cost_nano_usd: null, verdict: 'cut' })
    }
  })
})

test('an event stream is one by whatever spelling of its type', async () => {
  const operation = OPERATIONS.find(({ name }) => name === 'ConverseStream')
  if (operation === undefined) throw new Error('ConverseStream is not served')
  const frame = encodeFrame(
    [
      [':event-type', 'messageStart'],
      [':message-type', 'event'],
    ],
    new TextEncoder().encode('{"role":"assistant"}'),
  )
  for (const type of ['application/vnd.amazon.eventstream', 'Application/VND.Amazon.EventStream; charset=x']) {
    const judgement = await judgeResponse(operation, new Response(frame, { headers: { 'content-type': type } }))
    expect(judgement).toMatchObject({ kind: 'content', answer: { kind: 'stream' } })
  }
})

describe('a status that AWS does not have becomes one that it has, in the answer and in the row', () => {
  test.each([101, 204, 206, 302, 307, 399, 600, 999])('%i', async (status) => {
    const fetcher =
      status > 199 && status < 600
        ? answer(status === 204 ? null : '{"message":"odd"}', JSON_TYPE, status)
        : oddStatus(status)
    const { response, text } = await call(fetcher)
    expect(response.status).toBe(503)
    expectAwsError(response, text)
  })

  test.each([400, 402, 403, 404, 413, 424, 429, 499, 500, 502, 503, 504, 520, 529])(
    '%i with JSON passes with its bytes',
    async (status) => {
      const body = '{ "message" : "as it came" }'
      const { response, text } = await call(answer(body, { ...JSON_TYPE, 'x-amzn-errortype': 'SomeException' }, status))
      expect([response.status, text]).toEqual([status, body])
      if (status === 429 || status === 503) expect(Number(response.headers.get('x-amz-retry-after'))).toBeGreaterThan(0)
    },
  )

  test('408, which some clients repeat, is 424 with the same class and bytes', async () => {
    const body = '{"message":"Model processing took too long."}'
    const headers = { ...JSON_TYPE, 'x-amzn-errortype': 'ModelTimeoutException' }
    const { response, text } = await call(answer(body, headers, 408))
    expect([response.status, text, response.headers.get('x-amzn-errortype')]).toEqual([
      424,
      body,
      'ModelTimeoutException',
    ])
    const first = await call(answer(exceptionFrame('modelTimeoutException', 'slow'), STREAM_TYPE), 'converse-stream')
    expect([first.response.status, first.response.headers.get('x-amzn-errortype')]).toEqual([
      424,
      'ModelTimeoutException',
    ])
  })
})

describe('a name that AWS does not have becomes one that it has', () => {
  test.each(['__proto__', 'constructor', 'a\r\nSet-Cookie: x', '', ' ', 'x'.repeat(10_000), 'Ünicode', '<script>'])(
    '%j in the first frame',
    async (type) => {
      const { response, text, row } = await call(answer(exceptionFrame(type, 'oh'), STREAM_TYPE), 'converse-stream')
      expect(response.status).toBeGreaterThanOrEqual(500)
      expect(response.headers.get('x-amzn-errortype')).toMatch(/^[A-Za-z]+$/)
      expect(response.headers.get('set-cookie')).toBeNull()
      expect(JSON.parse(text)).toMatchObject({ message: expect.any(String) })
      expect(JSON.stringify(row).length).toBeLessThan(10_000)
    },
  )

  test.each(['__proto__', '<b>', 'x'.repeat(5_000)])('%j in the body of an error', async (code) => {
    const { response, row } = await call(answer(JSON.stringify({ code, message: 'oh' }), JSON_TYPE, 500))
    expect(response.status).toBe(500)
    expect(JSON.stringify(row.attempt_log)).not.toContain(code)
  })
})

describe('waits', () => {
  test.each(['Infinity', '-1', 'NaN', '1e9', 'soon', '99999999', 'Wed, 21 Oct 2026 07:28:00 GMT'])(
    'of %s are not passed on',
    async (wait) => {
      const headers = { ...JSON_TYPE, 'retry-after': wait, 'x-amz-retry-after': wait }
      const { response } = await call(answer('{"message":"slow down"}', headers, 429))
      for (const name of ['retry-after', 'x-amz-retry-after'])
        expect(response.headers.get(name)).toMatch(/^[1-9]\d{0,6}$/)
    },
  )
})

describe('an answer that inflates', () => {
  test('is read no further than an answer may be held, although its length says less', async () => {
    let pulled = 0
    const chunk = new Uint8Array(1024 * 1024).fill(0x20)
    const endless: Fetcher = async () =>
      new Response(
        new ReadableStream<Uint8Array>({
          pull(controller) {
            pulled++
            if (pulled > 64) controller.close()
            else controller.enqueue(chunk)
          },
        }),
        { status: 400, headers: { ...JSON_TYPE, 'content-length': '20', 'content-encoding': 'gzip' } },
      )
    const { response } = await call(endless)
    expect(response.status).toBe(400)
    expect(pulled).toBeLessThan(8)
  })
})
