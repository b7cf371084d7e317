/** `npm start -- --https`: TLS in front of the local gateway, with nothing of a call changed on the way. */
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type ClientHttp2Session, connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime'
import { NodeHttp2Handler } from '@smithy/node-http-handler'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Certificates, certificatesIn } from '../../src/cli/start/https/certificates.ts'
import { openTlsFront, type TlsFront } from '../../src/cli/start/https/tls-front.ts'
import { plainEnvironment, run } from './run.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

let folder = ''
let certificates: Certificates
let ca = ''
let backend: Server
let front: TlsFront
let handle: Handler = () => undefined

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bedrock-edge-https-'))
  certificates = await certificatesIn(folder)
  ca = await readFile(certificates.caFile, 'utf8')
  backend = createServer((request, response) => handle(request, response))
  backend.listen(0, '127.0.0.1')
  await once(backend, 'listening')
  const target = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`
  front = await openTlsFront({ host: '127.0.0.1', port: 0, target, certificates })
})
afterAll(async () => {
  await front?.stop()
  backend?.close()
  await rm(folder, { recursive: true, force: true })
})

const portOf = () => Number(new URL(front.url).port)

async function openH1(): Promise<TLSSocket> {
  const socket = connectTls({
    host: '127.0.0.1',
    port: portOf(),
    ca,
    ALPNProtocols: ['http/1.1'],
    servername: 'localhost',
  })
  await once(socket, 'secureConnect')
  return socket
}

function openH2(): ClientHttp2Session {
  const session = connect(front.url, { ca })
  session.on('error', () => undefined)
  return session
}

describe('the certificate', () => {
  test('is good for localhost and both loopback addresses, and is trusted through its authority alone', async () => {
    const socket = connectTls({ host: '127.0.0.1', port: portOf(), ca, servername: 'localhost' })
    await once(socket, 'secureConnect')
    expect([socket.authorized, socket.getPeerCertificate().subjectaltname]).toEqual([
      true,
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    ])
    socket.destroy()
    const stranger = connectTls({ host: '127.0.0.1', port: portOf(), servername: 'localhost' })
    const [fault] = await once(stranger, 'error')
    expect(String(fault)).toMatch(/certificate/)
  })

  test('is kept with its folder, and its key is for its owner alone', async () => {
    expect((await certificatesIn(folder)).cert).toBe(certificates.cert)
    expect((await stat(join(folder, 'server-key.pem'))).mode & 0o777).toBe(0o600)
  })

  test('is made anew before it ends', async () => {
    const other = await mkdtemp(join(tmpdir(), 'bedrock-edge-https-'))
    const old = await certificatesIn(other, new Date(Date.now() - 380 * 24 * 60 * 60_000))
    expect((await certificatesIn(other)).cert).not.toBe(old.cert)
    await rm(other, { recursive: true, force: true })
  })
})

describe('what passes the front', () => {
  test('over http/1.1 keeps raw path, Host, headers and body', async () => {
    const seen = new Promise<{ url: string | undefined; host: string | undefined; custom: unknown; body: string }>(
      (resolve) => {
        handle = async (request, response) => {
          const chunks: Buffer[] = []
          for await (const chunk of request) chunks.push(chunk as Buffer)
          const { url, headers } = request
          resolve({ url, host: headers.host, custom: headers['x-custom'], body: Buffer.concat(chunks).toString() })
          response.end('done')
        }
      },
    )
    const socket = await openH1()
    const path = '/bedrock/model/a%2Fb:0/..%2f/converse?x=%7E'
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: gateway.example:99\r\nX-Custom: One,Two\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    )
    expect(await seen).toEqual({ url: path, host: 'gateway.example:99', custom: 'One,Two', body: 'abc' })
    socket.destroy()
  })

  test('over h2 keeps raw path and authority, and the answer its status and headers', async () => {
    const seen = new Promise<{ url: string | undefined; host: string | undefined }>((resolve) => {
      handle = (request, response) => {
        resolve({ url: request.url, host: request.headers.host })
        response.writeHead(429, { 'x-amzn-errortype': 'ThrottlingException', 'retry-after': '2' })
        response.end('{}')
      }
    })
    const session = openH2()
    const stream = session.request({
      ':method': 'POST',
      ':path': '/bedrock/model/a%3A0/converse',
      ':authority': 'gateway.example',
    })
    stream.end('{}')
    const [headers] = await once(stream, 'response')
    expect(await seen).toEqual({ url: '/bedrock/model/a%3A0/converse', host: 'gateway.example' })
    expect(headers).toMatchObject({ ':status': 429, 'x-amzn-errortype': 'ThrottlingException', 'retry-after': '2' })
    session.destroy()
  })

  test('that breaks behind it is broken for the client, never ended as if it were whole', async () => {
    handle = (_request, response) => {
      response.writeHead(200)
      response.write('half', () => response.destroy())
    }
    const session = openH2()
    const stream = session.request({ ':path': '/' })
    const outcome = await new Promise<string>((resolve) => {
      stream.on('error', () => resolve('error'))
      stream.on('end', () => resolve('end'))
      stream.resume()
    })
    expect([outcome, stream.rstCode]).toEqual(['error', 2])
    session.destroy()

    const socket = await openH1()
    let text = ''
    socket.on('data', (data: Buffer) => {
      text += data
    })
    socket.on('error', () => undefined)
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await once(socket, 'close')
    expect(text).toContain('half')
    // The chunk of no length that ends a body never came.
    expect(text).not.toContain('0\r\n\r\n')
  })

  test('that the client breaks off is broken off behind it', async () => {
    const left = new Promise<boolean>((resolve) => {
      handle = (_request, response) => {
        response.writeHead(200)
        response.write('first')
        response.on('close', () => resolve(!response.writableFinished))
      }
    })
    const session = openH2()
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => undefined)
    await once(stream, 'response')
    stream.close(8)
    expect(await left).toBe(true)
    session.destroy()
  })

  test('waits for a client that does not read', async () => {
    let written = 0
    const chunk = Buffer.alloc(64 * 1024)
    const stalled = new Promise<number>((resolve) => {
      handle = (_request, response) => {
        response.writeHead(200)
        const write = () => {
          written += chunk.length
          if (written > 256 * 1024 * 1024) return resolve(written)
          if (response.write(chunk)) setImmediate(write)
          else response.once('drain', write)
        }
        write()
      }
    })
    const session = openH2()
    const stream = session.request({ ':path': '/' })
    stream.on('error', () => undefined)
    await once(stream, 'response')
    stream.pause()
    // Back-pressure has reached the backend when it writes nothing more.
    let before = -1
    while (before !== written) {
      before = written
      for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(written).toBeLessThan(64 * 1024 * 1024)
    expect(await Promise.race([stalled, 'stalled'])).toBe('stalled')
    session.destroy()
  })
})

describe('npm start -- --https', () => {
  test('answers the AWS SDK for JavaScript with its own handler, over h2 with a bearer token', async () => {
    const running = run('npm', ['start', '--silent', '--', '--https', '--port', '0'], { env: plainEnvironment() })
    try {
      const [, url = '', key = '', caFile = ''] = await running.line(/^ready (https:\S+) key (\S+) ca (\S+)$/)
      const authority = await readFile(caFile)
      const client = new BedrockRuntimeClient({
        region: 'us-east-1',
        endpoint: `${url}/bedrock`,
        token: { token: key },
        authSchemePreference: ['httpBearerAuth'],
        requestHandler: new NodeHttp2Handler({ nodeHttp2ConnectOptions: { ca: authority } } as object),
      })
      const models = await new Promise<string>((resolve, reject) => {
        const session = connect(url, { ca: authority })
        session.on('error', reject)
        const stream = session.request({ ':path': '/v1/models', authorization: `Bearer ${key}` })
        let text = ''
        stream.on('data', (data: Buffer) => {
          text += data
        })
        stream.on('end', () => {
          session.close()
          resolve(text)
        })
      })
      const [first] = (JSON.parse(models) as { data: { id: string }[] }).data
      const messages = [{ role: 'user' as const, content: [{ text: 'Say hello.' }] }]
      const answer = await client.send(new ConverseCommand({ modelId: first?.id, messages }))
      expect(answer.output?.message?.content?.[0]?.text).toBeTruthy()
      client.destroy()
    } finally {
      running.child.kill('SIGTERM')
    }
    expect((await running.ended).code).toBe(0)
  })
})
