/** One hostile request over a socket of its own, and what came back. */
import { connect } from 'node:net'
import type { HostileRequest } from './hostile-requests.ts'

export type Reply = { status: number; headers: Readonly<Record<string, string>>; body: string }

export type Exchange = {
  /** The first answer; null where none came, or its head was not whole. */
  reply: Reply | null
  /** `hung`: nothing came and the connection stayed open. */
  end: 'closed' | 'left' | 'hung'
}

/** Longest wait for an answer and its end. The longest bound that a caller may meet is an upload's pause of 20 s. */
const EXCHANGE_MAX_MS = 40_000

export function exchange(port: number, request: HostileRequest): Promise<Exchange> {
  const { bytes, leaves } = request
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let end: Exchange['end'] = 'closed'
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const timer = setTimeout(() => {
      end = 'hung'
      socket.destroy()
    }, EXCHANGE_MAX_MS)
    const leave = () => {
      end = 'left'
      if (leaves?.how === 'reset') socket.resetAndDestroy()
      else socket.destroySoon()
    }
    socket.on('connect', () => {
      if (leaves === null || leaves.afterBytes > bytes.length) socket.write(bytes)
      else socket.write(bytes.subarray(0, leaves.afterBytes), leave)
    })
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      if (leaves !== null && end !== 'left') leave()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve({ reply: replyOf(Buffer.concat(chunks)), end })
    })
  })
}

function replyOf(bytes: Buffer): Reply | null {
  const text = bytes.toString('latin1')
  // An interim answer stands before the real one.
  const start = text.startsWith('HTTP/1.1 100') ? text.indexOf('\r\n\r\n') + 4 : 0
  const headEnd = text.indexOf('\r\n\r\n', start)
  if (headEnd === -1) return null
  const [statusLine = '', ...lines] = text.slice(start, headEnd).split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
  const rest = text.slice(headEnd + 4)
  const body = headers['transfer-encoding'] === 'chunked' ? dechunked(rest) : rest
  return { status: Number(statusLine.split(' ')[1]), headers, body }
}

function dechunked(text: string): string {
  let body = ''
  for (let at = 0; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    const size = lineEnd === -1 ? Number.NaN : Number.parseInt(text.slice(at, lineEnd), 16)
    if (Number.isNaN(size) || size === 0) return body
    body += text.slice(lineEnd + 2, lineEnd + 2 + size)
    at = lineEnd + 2 + size + 2
  }
}
