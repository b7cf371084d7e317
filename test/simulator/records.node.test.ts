import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { call, HELLO, json, pathOf } from './raw-client.ts'
import { type Simulator, startSimulator } from './server.ts'

const MODEL = 'amazon.nova-micro-v1:0'
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))

let simulator: Simulator
let nowMs = 1_000_000

beforeAll(async () => {
  simulator = await startSimulator({ recordings: null, regions: ['us-east-1', 'eu-west-1'], now: () => nowMs })
})
beforeEach(() => simulator.reset())
afterAll(() => simulator.close())

async function ask(method: string, endpoint: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) }
  const response = await fetch(`${simulator.url}/_control/${endpoint}`, init)
  return { status: response.status, body: await response.json() }
}

describe('a record', () => {
  test('holds what was received, as it was received', async () => {
    const body = Buffer.from('{"messages": [ ] , "odd":"ü"}')
    await call(simulator.url, 'Converse', MODEL, { body, headers: { 'X-Odd': 'Value' } })
    const [record] = simulator.requests()
    expect(record).toMatchObject({
      id: expect.any(Number),
      method: 'POST',
      rawUrl: pathOf('Converse', MODEL),
      operation: 'Converse',
      model: MODEL,
      region: 'us-east-1',
      auth: { ok: true, how: 'bearer' },
      status: 200,
      outcome: 'complete',
      bodyBytes: body.byteLength,
    })
    expect(Buffer.from(record?.body ?? []).equals(body)).toBe(true)
    expect(record?.headers['x-odd']).toBe('Value')
    expect(record?.rawHeaders).toContain('X-Odd')
  })

  test('has the request id that the client was given', async () => {
    const answer = await call(simulator.url, 'Converse', MODEL)
    expect(simulator.requests()[0]?.requestId).toBe(answer.headers['x-amzn-requestid'])
  })

  test('tells that a client left during a stream, when, and after how many bytes', async () => {
    simulator.fault(MODEL, { frames: 100, hold: { at: 50 } })
    nowMs = 2_000_000
    const pending = call(simulator.url, 'ConverseStream', MODEL, { leaveAfterBytes: 2000 })
    const [record] = await simulator.until((requests) => requests.some(({ outcome }) => outcome === 'client-closed'))
    expect(record).toMatchObject({ outcome: 'client-closed', endedAtMs: 2_000_000, held: false })
    expect(record?.bytesSent).toBeGreaterThanOrEqual(2000)
    await pending
  })

  test('tells that a client left before the headers', async () => {
    simulator.fault(MODEL, { hold: { at: 'headers' } })
    const leaving = new AbortController()
    const pending = fetch(`${simulator.url}${pathOf('Converse', MODEL)}`, {
      method: 'POST',
      body: JSON.stringify(HELLO),
      headers: { authorization: 'Bearer bedrock-api-key-simulator-EXAMPLE' },
      signal: leaving.signal,
    })
    await simulator.until((requests) => requests.some(({ held }) => held))
    leaving.abort()
    await expect(pending).rejects.toThrow()
    const [record] = await simulator.until((requests) => requests.some(({ outcome }) => outcome === 'client-closed'))
    expect(record).toMatchObject({ status: null, bytesSent: 0 })
    expect(simulator.release()).toBe(0)
  })

  test('is kept of refused requests too, with the reason', async () => {
    await call(simulator.url, 'Converse', MODEL, { headers: { authorization: '' } })
    expect(simulator.requests()[0]).toMatchObject({
      status: 403,
      auth: { ok: false, error: 'MissingAuthenticationTokenException' },
    })
  })

  test('is counted by model, operation and region', async () => {
    await call(simulator.url, 'Converse', MODEL)
    await call(simulator.endpoint('eu-west-1'), 'Converse', MODEL)
    await call(simulator.endpoint('eu-west-1'), 'ConverseStream', 'another')
    expect(simulator.count()).toBe(3)
    expect(simulator.count(MODEL)).toBe(2)
    expect(simulator.count({ region: 'eu-west-1' })).toBe(2)
    expect(simulator.count({ operation: 'Converse', region: 'eu-west-1' })).toBe(1)
    simulator.reset()
    expect(simulator.count()).toBe(0)
  })

  test('that is waited for in vain rejects the waiting', async () => {
    await expect(simulator.until(() => false, 5)).rejects.toThrow('did not hold within 5 ms')
  })
})

describe('a rate limit', () => {
  test('answers 429 with the text of AWS when the minute is used up, model by model and listener by listener', async () => {
    simulator.limit(MODEL, 2)
    const status = async (base = simulator.url, model = MODEL) => (await call(base, 'Converse', model)).status
    expect([await status(), await status()]).toEqual([200, 200])
    const refused = await call(simulator.url, 'Converse', MODEL)
    expect(refused.status).toBe(429)
    expect(refused.headers['x-amzn-errortype']).toMatch(/^ThrottlingException:/)
    expect(json(refused).message).toBe('Too many requests, please wait before trying again.')
    expect(await status(simulator.endpoint('eu-west-1'))).toBe(200)
    expect(await status(simulator.url, 'another')).toBe(200)
    nowMs += 30_000
    expect([await status(), await status()]).toEqual([200, 429])
    simulator.limit(MODEL, null)
    expect(await status()).toBe(200)
  })
})

describe('over HTTP', () => {
  test('faults are set by value or by name, listed and cleared', async () => {
    const set = await ask('POST', 'faults', {
      match: { model: MODEL },
      fault: { error: { name: 'ConflictException' } },
      times: 1,
    })
    expect(set).toMatchObject({ status: 200, body: { id: expect.any(Number) } })
    await ask('POST', 'faults', { fault: 'ThrottlingException' })
    expect((await ask('GET', 'faults')).body).toMatchObject([
      { left: 1, match: { model: MODEL } },
      { left: null, match: {} },
    ])
    expect((await call(simulator.url, 'Converse', MODEL)).status).toBe(400)
    expect((await call(simulator.url, 'Converse', MODEL)).status).toBe(429)
    await ask('DELETE', 'faults')
    expect((await call(simulator.url, 'Converse', MODEL)).status).toBe(200)
  })

  test.each([
    [{ fault: { cutAfterByte: 3 } }, 'fault.cutAfterByte'],
    [{ fault: { error: { name: 'NoSuchException' } } }, 'fault.error.name'],
    [{ fault: 'no-such-fault' }, 'is none of'],
    [{ match: { modell: 'a' }, fault: {} }, 'match.modell'],
  ])('a wrong order %j is refused with the place of the fault', async (order, place) => {
    const refused = await ask('POST', 'faults', order)
    expect(refused.status).toBe(400)
    expect((refused.body as { error: string }).error).toContain(place)
  })

  test('requests are read, counted and waited for, and held ones released', async () => {
    await ask('POST', 'faults', { match: { model: MODEL }, fault: { hold: { at: 'headers' } } })
    const pending = call(simulator.url, 'Converse', MODEL)
    expect((await ask('GET', 'wait?held=true')).body).toMatchObject([{ model: MODEL, held: true }])
    expect((await ask('POST', 'release', {})).body).toEqual({ released: 1 })
    await pending
    expect((await ask('GET', `wait?outcome=complete&model=${encodeURIComponent(MODEL)}`)).status).toBe(200)
    expect((await ask('GET', 'count?operation=Converse')).body).toEqual({ count: 1 })
    expect((await ask('GET', 'requests?region=us-east-1')).body).toMatchObject([
      { operation: 'Converse', bodyBase64: Buffer.from(JSON.stringify(HELLO)).toString('base64') },
    ])
    expect((await ask('GET', 'wait?count=9&timeoutMs=5')).status).toBe(408)
  })

  test('a limit is set and everything is reset', async () => {
    await ask('POST', 'limits', { model: MODEL, rpm: 1 })
    await call(simulator.url, 'Converse', MODEL)
    expect((await call(simulator.url, 'Converse', MODEL)).status).toBe(429)
    await ask('POST', 'limits', { model: MODEL, rpm: null })
    expect((await call(simulator.url, 'Converse', MODEL)).status).toBe(200)
    expect((await ask('POST', 'reset')).status).toBe(200)
    expect((await ask('GET', 'count')).body).toEqual({ count: 0 })
    expect((await ask('GET', 'nothing')).status).toBe(404)
  })
})

describe('as a process', () => {
  const run = (...args: string[]) => spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = (child: ReturnType<typeof run>) => new Promise<number | null>((resolve) => child.once('exit', resolve))

  test('it prints where it listens, answers there, and ends with 0 on SIGTERM', async () => {
    const child = run('--port', '0')
    const exit = ended(child)
    const line = await new Promise<string>((resolve) =>
      child.stdout.once('data', (text: Buffer) => resolve(text.toString())),
    )
    const url = /^simulator (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(line)?.[1] ?? ''
    expect((await call(url, 'Converse', MODEL)).status).toBe(200)
    child.kill('SIGTERM')
    expect(await exit).toBe(0)
  })

  test('it ends with 3 on a taken port and with 2 on a wrong option', async () => {
    const holder = createServer()
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
    const address = holder.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    expect(await ended(run('--port', String(port)))).toBe(3)
    await new Promise((resolve) => holder.close(resolve))
    expect(await ended(run('--prot', '1'))).toBe(2)
    expect(await ended(run('--port', 'seventy'))).toBe(2)
  })
})
