/**
 * A deployment may have two endpoints: the URL of AWS that is signed, and a proxy to which the request is sent. A Worker sends
 * the host of the URL that it fetches, so AWS's verifier agrees only behind a proxy that names AWS's host again.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildWorker } from '../../../src/cli/start/build-worker.ts'
import { SIMULATOR_ACCESS_KEY_ID, SIMULATOR_SECRET_ACCESS_KEY, verifyAuth } from '../../simulator/auth.ts'

const AWS = 'https://bedrock-runtime.us-east-1.amazonaws.com'
const PATH = '/model/amazon.nova-micro-v1%3A0/converse?next=a%2Bb'

type Arrived = { method: string; url: string; headers: Record<string, string>; body: Buffer }

let proxy: Server
let proxyUrl: string
let worker: Miniflare
let workerUrl: string
const arrived: Arrived[] = []

async function note(request: IncomingMessage): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
  arrived.push({ method: request.method ?? '', url: request.url ?? '', headers, body: Buffer.concat(chunks) })
}

beforeAll(async () => {
  proxy = createServer((request, response) => {
    note(request).then(() => response.end('{}'))
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  worker = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: await buildWorker('test/bedrock/signing/signing-worker.ts'),
      compatibilityDate: '2026-10-26',
      unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    }),
  )
  await worker.ready
  workerUrl = (await worker.unsafeGetDirectURL()).origin
})

afterAll(async () => {
  await worker?.dispose()
  proxy?.close()
})

async function send(setHost: boolean): Promise<Arrived> {
  const order = {
    signedUrl: AWS + PATH,
    sentUrl: `${proxyUrl}/to/aws${PATH}`,
    headers: { 'content-type': 'application/json', accept: 'a  b', 'x-amzn-bedrock-trace': '' },
    body: '{"messages":[]}',
    setHost,
  }
  await fetch(workerUrl, { method: 'POST', body: JSON.stringify(order) })
  const last = arrived.at(-1)
  if (last === undefined) throw new Error('nothing arrived')
  return last
}

/** Smithy's verdict on the request as a proxy hands it on. */
async function verdict({ method, headers, body }: Arrived, rawUrl: string, host: string): Promise<boolean> {
  const rules = {
    keyPairs: [{ accessKeyId: SIMULATOR_ACCESS_KEY_ID, secretAccessKey: SIMULATOR_SECRET_ACCESS_KEY }],
    bearerKeys: [],
    region: 'us-east-1',
    now: () => Date.now(),
  }
  return (await verifyAuth({ method, rawUrl, headers: { ...headers, host }, body }, rules)).ok
}

test('what arrives bears the signature of the signed URL under the host and the path of the other', async () => {
  const request = await send(false)
  expect(request.url).toBe(`/to/aws${PATH}`)
  expect(request.headers.host).toBe(new URL(proxyUrl).host)
  expect(request.headers.authorization).toMatch(/SignedHeaders=accept;host;x-amz-date;x-amzn-bedrock-trace,/)
})

test('a proxy that restores host and path makes it verify, and one that does not, does not', async () => {
  const request = await send(false)
  const { host } = new URL(AWS)
  expect(await verdict(request, PATH, host)).toBe(true)
  expect(await verdict(request, PATH, request.headers.host ?? '')).toBe(false)
  expect(await verdict(request, request.url, host)).toBe(false)
})

test('a host header set by hand does not leave the Worker', async () => {
  const request = await send(true)
  expect(request.headers.host).toBe(new URL(proxyUrl).host)
})
