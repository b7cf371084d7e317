/** A client that hides nothing: what came over the socket, and whether it ended properly. For tests. */
import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import { EventStreamCodec } from '@smithy/eventstream-codec'
import { SIMULATOR_BEARER_KEY } from './auth.ts'
import { splitFrames } from './frames.ts'
import { SIMULATED_OPERATIONS } from './operations.ts'

export const HELLO = { messages: [{ role: 'user', content: [{ text: 'Say this is a test' }] }] }

export type RawAnswer = {
  /** `null`: the connection ended before a status line. */
  status: number | null
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Buffer
  /** The end of the body came as HTTP wants it. */
  whole: boolean
}

export type CallOptions = {
  body?: unknown
  headers?: Record<string, string>
  /** Closes the connection when so many bytes of the body are there. */
  leaveAfterBytes?: number
}

export function pathOf(operation: string, model: string): string {
  const found = SIMULATED_OPERATIONS.find(({ name }) => name === operation)
  if (found === undefined) throw new Error(`The simulator has no operation ${operation}.`)
  return found.path.replace('{modelId}', encodeURIComponent(model))
}

/** One call with the simulator's own Bedrock API key on a connection of its own. */
export function call(base: string, operation: string, model: string, options: CallOptions = {}): Promise<RawAnswer> {
  return callPath(base, pathOf(operation, model), options)
}

export function callPath(base: string, path: string, options: CallOptions = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(base)
  const authorization = `Bearer ${SIMULATOR_BEARER_KEY}`
  return new Promise((resolve) => {
    let answer: RawAnswer = { status: null, headers: {}, body: Buffer.alloc(0), whole: false }
    const outgoing = request(
      {
        hostname,
        port,
        // Handed over as text, so that nothing in it is normalised.
        path,
        method: 'POST',
        agent: new Agent({ keepAlive: false }),
        headers: { 'content-type': 'application/json', authorization, ...options.headers },
      },
      (incoming) => {
        const chunks: Buffer[] = []
        let bytes = 0
        answer = { ...answer, status: incoming.statusCode ?? null, headers: incoming.headers }
        incoming.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          bytes += chunk.byteLength
          if (options.leaveAfterBytes !== undefined && bytes >= options.leaveAfterBytes) outgoing.destroy()
        })
        // A connection that breaks is what many of these calls ask for; `whole` tells it.
        incoming.on('error', () => {})
        incoming.on('close', () => resolve({ ...answer, body: Buffer.concat(chunks), whole: incoming.complete }))
      },
    )
    outgoing.on('error', () => resolve(answer))
    const body = options.body ?? HELLO
    outgoing.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body))
  })
}

/** All bytes the server sends for one request on a bare socket, chunk sizes included. */
export function bareBytes(port: number, path: string, body: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(port, '127.0.0.1', () => {
      const head = [
        `POST ${path} HTTP/1.1`,
        'host: simulator',
        'connection: close',
        `authorization: Bearer ${SIMULATOR_BEARER_KEY}`,
        `content-length: ${Buffer.byteLength(body)}`,
      ]
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
    })
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(chunks)))
  })
}

export type DecodedFrame = { headers: Readonly<Record<string, unknown>>; payload: Readonly<Record<string, unknown>> }

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
)

/** Decodes with Smithy's codec, which throws where a length or a checksum is wrong. */
export function decodeFrames(body: Uint8Array): DecodedFrame[] {
  return Array.from(splitFrames(body), (frame) => {
    const message = codec.decode(frame)
    const text = Buffer.from(message.body).toString('utf8')
    return {
      headers: Object.fromEntries(Object.entries(message.headers).map(([name, header]) => [name, header.value])),
      payload: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    }
  })
}

/** The family's own JSON inside the chunks of InvokeModelWithResponseStream. */
export function decodeChunks(body: Uint8Array): Record<string, unknown>[] {
  return decodeFrames(body).map(
    ({ payload }) =>
      JSON.parse(Buffer.from(String(payload.bytes), 'base64').toString('utf8')) as Record<string, unknown>,
  )
}

/** All events of an SDK's stream; an exception in it is thrown. */
export async function collect<Event>(stream: AsyncIterable<Event> | undefined): Promise<Event[]> {
  const events: Event[] = []
  for await (const event of stream ?? []) events.push(event)
  return events
}

/** Parsed JSON of an answer's body. */
export function json(answer: RawAnswer): Record<string, unknown> {
  return JSON.parse(answer.body.toString('utf8')) as Record<string, unknown>
}
