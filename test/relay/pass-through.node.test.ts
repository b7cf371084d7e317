/** The native pass-through on real workerd and real sockets; a stub of streams would show neither back-pressure nor disconnects. */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { build } from 'esbuild'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

let upstream: Server
let worker: Miniflare
let gateway: string
let answering: (response: ServerResponse) => void

beforeAll(async () => {
  upstream = createServer((_request, response) => answering(response))
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const bundle = await build({
    entryPoints: ['test/relay/pass-through-worker.ts'],
    bundle: true,
    format: 'esm',
    write: false,
  })
  worker = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: bundle.outputFiles[0]?.text ?? '',
      compatibilityDate: '2026-10-26',
      compatibilityFlags: ['enable_request_signal'],
      bindings: { UPSTREAM: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}` },
      unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    }),
  )
  await worker.ready
  gateway = (await worker.unsafeGetDirectURL()).origin
})

afterAll(async () => {
  await worker?.dispose()
  upstream?.close()
})

/** The next request's response object, as soon as it has come. */
function nextResponse(): Promise<ServerResponse> {
  return new Promise((resolve) => {
    answering = (response) => {
      response.writeHead(200, { 'content-type': 'application/octet-stream' })
      response.flushHeaders()
      resolve(response)
    }
  })
}

async function outcome(): Promise<unknown> {
  const report = async () => (await fetch(`${gateway}/outcome`)).json()
  await expect.poll(report, { timeout: 10_000 }).not.toBeNull()
  return report()
}

async function readOnce(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { value } = await reader.read()
  return new TextDecoder().decode(value)
}

describe('a stream that goes well', () => {
  test('each write reaches the client before the next one is made', async () => {
    const opened = nextResponse()
    const client = await fetch(`${gateway}/stream`)
    const response = await opened
    const reader = (client.body as ReadableStream<Uint8Array>).getReader()
    expect(await readOnce(reader)).toBe('prefix ')
    for (const text of ['one', 'two', 'three']) {
      response.write(text)
      expect(await readOnce(reader)).toBe(text)
    }
    response.end()
    expect(await readOnce(reader)).toBe('+ended')
    expect(await outcome()).toEqual({ client: 'served', upstream: 'ended', tapped: 'onetwothree' })
  })

  test('a large answer arrives whole, and the tap has seen all of it', async () => {
    const opened = nextResponse()
    const received = fetch(`${gateway}/stream`).then((client) => client.arrayBuffer())
    const response = await opened
    const block = Buffer.alloc(1024 * 1024, 'x')
    for (let index = 0; index < 24; index++) if (!response.write(block)) await once(response, 'drain')
    response.end()
    expect((await received).byteLength).toBe('prefix '.length + 24 * block.length + '+ended'.length)
    expect(await outcome()).toMatchObject({ tapped: `${24 * block.length} bytes` })
  })
})

describe('an upstream that breaks', () => {
  test('what came is followed by the epilogue and a clean end', async () => {
    const opened = nextResponse()
    const client = await fetch(`${gateway}/stream`)
    const response = await opened
    response.write('half', () => response.socket?.destroy())
    expect(await client.text()).toBe('prefix half+broke')
    expect(await outcome()).toEqual({ client: 'served', upstream: 'broke', tapped: 'half' })
  })

  test('the client is broken off where nothing can be added', async () => {
    const opened = nextResponse()
    const client = await fetch(`${gateway}/stream?break`)
    const response = await opened
    response.write('half', () => response.socket?.destroy())
    await expect(client.text()).rejects.toThrow()
    expect(await outcome()).toMatchObject({ upstream: 'broke' })
  })
})

describe('an upstream that falls silent', () => {
  test('is cancelled after the bound, and the client gets the epilogue and a clean end', async () => {
    const opened = nextResponse()
    const client = await fetch(`${gateway}/stream?silence=600`)
    const response = await opened
    const closed = once(response, 'close')
    response.write('half')
    const saidMs = performance.now()
    expect(await client.text()).toBe('prefix half+broke')
    const silentMs = performance.now() - saidMs
    expect(silentMs).toBeGreaterThan(550)
    expect(silentMs).toBeLessThan(3_000)
    await closed
    expect(await outcome()).toEqual({ client: 'served', upstream: 'broke', tapped: 'half' })
  })

  test('for less than the bound at a time is no broken one, however long it takes in all', async () => {
    const opened = nextResponse()
    const client = await fetch(`${gateway}/stream?silence=600`)
    const response = await opened
    const writing = setInterval(() => response.write('x'), 200)
    const text = client.text()
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    clearInterval(writing)
    response.end('y')
    expect(await text).toMatch(/^prefix x{5,}y\+ended$/)
    expect(await outcome()).toMatchObject({ client: 'served', upstream: 'ended' })
  })

  test('is waited for without a bound where there is none', async () => {
    const opened = nextResponse()
    const client = await fetch(`${gateway}/stream`)
    const response = await opened
    response.write('half')
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    response.end(' and half')
    expect(await client.text()).toBe('prefix half and half+ended')
  })

  test('is no matter of a client that reads slowly', async () => {
    const opened = nextResponse()
    const client = await fetch(`${gateway}/stream?silence=500`)
    const response = await opened
    const reader = (client.body as ReadableStream<Uint8Array>).getReader()
    expect(await readOnce(reader)).toBe('prefix ')
    const block = Buffer.alloc(64 * 1024, 'x')
    const writing = setInterval(() => response.write(block), 50)
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    clearInterval(writing)
    response.end('last')
    let text = ''
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      text += new TextDecoder().decode(value)
    }
    expect(text.endsWith('last+ended')).toBe(true)
  })
})

describe('a client that leaves', () => {
  test('the upstream is read to its end through the tap', async () => {
    const opened = nextResponse()
    const leaving = new AbortController()
    const client = await fetch(`${gateway}/stream`, { signal: leaving.signal })
    const response = await opened
    await readOnce((client.body as ReadableStream<Uint8Array>).getReader())
    leaving.abort()
    response.write('never seen ')
    response.end('by anyone')
    expect(await outcome()).toEqual({ client: 'left', upstream: 'ended', tapped: 'never seen by anyone' })
  })

  test('the upstream is cancelled at once where the configuration says so', async () => {
    const opened = nextResponse()
    const leaving = new AbortController()
    const client = await fetch(`${gateway}/stream?cancel`, { signal: leaving.signal })
    const response = await opened
    await readOnce((client.body as ReadableStream<Uint8Array>).getReader())
    leaving.abort()
    // A disconnect shows at the next write at the latest; the upstream goes on until it is cut off.
    const writeOn = () => {
      response.write('x')
      return response.destroyed
    }
    await expect.poll(writeOn, { timeout: 10_000, interval: 10 }).toBe(true)
    expect(response.writableFinished).toBe(false)
    expect(await outcome()).toMatchObject({ client: 'left', upstream: 'unread' })
  })
})
