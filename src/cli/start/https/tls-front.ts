/**
 * TLS in front of the local gateway, which itself speaks plain http/1.1: ALPN offers h2 and http/1.1, since the default handler of
 * the AWS SDK for JavaScript and Java's asynchronous client speak nothing but h2. Path, Host, headers and bytes pass as they came,
 * back-pressure works both ways, and a connection that breaks on one side is broken on the other.
 */
import {
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
} from 'node:http'
import { constants, createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { Certificates } from './certificates.ts'

/** Headers that belong to one connection: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1 and rfc9113#section-8.2.2. */
const HOP_HEADERS = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'])

export type TlsFront = { url: string; stop(): Promise<void> }

export type TlsFrontOptions = {
  host: string
  /** 0 lets the system choose. */
  port: number
  /** Origin of the gateway behind it. */
  target: string
  certificates: Certificates
}

/** Rejects with `EADDRINUSE` as `code` for a taken port. */
export async function openTlsFront({ host, port, target, certificates }: TlsFrontOptions): Promise<TlsFront> {
  const { hostname, port: targetPort } = new URL(target)
  const { cert, key } = certificates
  const server = createSecureServer({ cert, key, allowHTTP1: true })
  const sessions = new Set<{ destroy(): void }>()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
    // A client that resets its connection is no fault of this process.
    session.on('error', () => session.destroy())
  })
  server.on('secureConnection', (socket) => {
    sessions.add(socket)
    socket.on('close', () => sessions.delete(socket))
    socket.on('error', () => socket.destroy())
  })
  server.on('request', (request, response) => forward(request, response, { hostname, port: Number(targetPort) }))
  server.setTimeout(0)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    url: `https://${host}:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const session of sessions) session.destroy()
      await closed
    },
  }
}

function forward(
  request: Http2ServerRequest,
  response: Http2ServerResponse,
  target: { hostname: string; port: number },
): void {
  let upstream: ReturnType<typeof httpRequest>
  try {
    const { hostname, port } = target
    const headers = requestHeaders(request)
    upstream = httpRequest({ hostname, port, method: request.method, path: request.url, headers, setHost: false })
  } catch {
    // A path or a header that no http/1.1 message can carry.
    response.writeHead(400).end()
    return
  }
  upstream.on('response', (answer) => pass(answer, response))
  upstream.on('error', () => breakOff(response))
  request.on('error', () => upstream.destroy())
  request.on('aborted', () => upstream.destroy())
  response.on('error', () => upstream.destroy())
  response.on('close', () => {
    if (!response.writableFinished) upstream.destroy()
  })
  request.pipe(upstream)
}

/** h2 carries the host as `:authority`; http/1.1 wants it as `Host`. */
function requestHeaders(request: Http2ServerRequest): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith(':') && !HOP_HEADERS.has(name)) headers[name] = value
  }
  headers.host ??= request.authority
  const isChunked = request.headers['transfer-encoding'] !== undefined
  // A body without a length can follow only in chunks.
  if (headers['content-length'] === undefined && (isChunked || !request.stream?.endAfterHeaders)) {
    if (request.method !== 'GET' && request.method !== 'HEAD') headers['transfer-encoding'] = 'chunked'
  }
  return headers
}

function pass(answer: IncomingMessage, response: Http2ServerResponse): void {
  response.writeHead(answer.statusCode ?? 502, responseHeaders(answer.headers))
  answer.on('error', () => breakOff(response))
  answer.on('aborted', () => breakOff(response))
  answer.pipe(response)
}

function responseHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_HEADERS.has(name)))
}

/** Never a clean end: a client would take it for the whole answer. */
function breakOff(response: Http2ServerResponse): void {
  if (response.stream !== undefined && 'close' in response.stream)
    response.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
  else response.destroy()
}
