/** An upstream that answers every request with exactly the bytes it is given, well-formed or not. */

import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'

/** What becomes of a connection once its bytes are written. */
export type Ending = 'close' | 'reset' | 'keep'

export type RawUpstream = {
  url: string
  /** What is written to each connection from now on, and what becomes of the connection then. */
  answer(bytes: Uint8Array | string, then?: Ending): void
  /** Requests since the last `answer`. */
  count(): number
  stop(): Promise<void>
}

export const JSON_TYPE = { 'content-type': 'application/json' }
export const STREAM_TYPE = { 'content-type': 'application/vnd.amazon.eventstream' }

const HEAD_END = '\r\n\r\n'

export async function startRawUpstream(): Promise<RawUpstream> {
  const sockets = new Set<Socket>()
  let bytes: Uint8Array | string = ''
  let ending: Ending = 'close'
  let requests = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    let head = ''
    let bodyBytes = -1
    socket.on('close', () => sockets.delete(socket))
    // Whoever gives up on a broken answer closes its connection.
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      head += data.toString('latin1')
      const end = head.indexOf(HEAD_END)
      if (end === -1) return
      if (bodyBytes === -1) bodyBytes = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      if (head.length < end + HEAD_END.length + bodyBytes) return
      requests += 1
      head = ''
      bodyBytes = -1
      socket.write(bytes, () => {
        if (ending === 'close') socket.end()
        if (ending === 'reset') socket.resetAndDestroy()
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answer(next, then = 'close') {
      bytes = next
      ending = then
      requests = 0
    },
    count: () => requests,
    stop() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

/** An HTTP/1.1 answer. `length`: announced with its own length, chunked, or ended by the connection. */
export function httpAnswer(
  status: number | string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array | string = '',
  length: 'length' | 'chunked' | 'close' = 'length',
): Buffer {
  const content = Buffer.from(body as string)
  const framing = {
    length: { 'content-length': String(content.byteLength) },
    chunked: { 'transfer-encoding': 'chunked' },
    close: {},
  }[length]
  const lines = Object.entries({ ...framing, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = Buffer.from(`HTTP/1.1 ${status} Odd\r\n${lines.join('')}\r\n`, 'latin1')
  if (length !== 'chunked') return Buffer.concat([head, content])
  return Buffer.concat([
    head,
    Buffer.from(`${content.byteLength.toString(16)}\r\n`),
    content,
    Buffer.from('\r\n0\r\n\r\n'),
  ])
}
