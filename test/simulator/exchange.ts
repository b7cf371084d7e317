/** One request from its first byte to its last: read, recorded, checked, then answered or refused or spoilt. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { malformed } from './answers/answer.ts'
import { parseObject } from './answers/prompt.ts'
import { type AuthRules, type AuthVerdict, verifyAuth } from './auth.ts'
import { deliver, silence } from './deliver.ts'
import { errorReply, htmlPageReply, THROTTLING_MESSAGES, unknownOperationReply } from './errors.ts'
import type { Fault, FaultQueue } from './faults.ts'
import type { Holds } from './holds.ts'
import { namedFault } from './named-faults.ts'
import type { SimulatedOperation } from './operations.ts'
import type { RateLimiter } from './rate-limits.ts'
import type { ReceivedLog, ReceivedRequest } from './received.ts'
import { type Recording, type RecordingShelf, replay } from './recordings.ts'
import type { Reply } from './reply.ts'
import { type Route, route } from './route.ts'

/** Largest request body of InvokeModel in AWS's model; the others are held to it too. */
const REQUEST_BODY_MAX_BYTES = 25_000_000

/** What all listeners of a simulator share. */
export type Desk = {
  operations: readonly SimulatedOperation[]
  faults: FaultQueue
  holds: Holds
  log: ReceivedLog
  limiter: RateLimiter
  recordings: RecordingShelf
  now: () => number
}

export type Listener = {
  /** Name of the listener in records and matches; `any` where it takes every region. */
  region: string
  /** `null`: nothing is checked. */
  auth: AuthRules | null
}

export async function exchange(
  request: IncomingMessage,
  response: ServerResponse,
  listener: Listener,
  desk: Desk,
): Promise<void> {
  const target = route(request.method ?? '', request.url ?? '', desk.operations)
  const record = desk.log.add(newRecord(request, target, listener, desk.now()))
  const gone = watchClient(response, record, desk)
  try {
    const body = await readBody(request)
    desk.log.update(record, { body })
    const auth = await checkAuth(request, body, listener)
    desk.log.update(record, { auth })
    const refusal = refusalOf(target, auth, body, listener, desk)
    const fault =
      refusal === null && target !== null ? (desk.faults.take(record) ?? namedFault(target.model) ?? {}) : {}
    if (Object.keys(fault).length > 0) desk.log.update(record, { fault })

    const delivery = {
      response,
      fault,
      gone,
      hold: async () => {
        desk.log.update(record, { held: true })
        await desk.holds.wait(record, gone)
        desk.log.update(record, { held: false })
      },
      sent: (bytes: number) => {
        record.bytesSent += bytes
      },
    }
    if (fault.hold?.at === 'headers') await silence(delivery)
    if (fault.resetBeforeHeaders === true) {
      desk.log.update(record, { outcome: 'reset', endedAtMs: desk.now() })
      request.socket.resetAndDestroy()
      return
    }
    const recording = refusal === null ? pickRecording(target, body, fault, desk.recordings) : null
    const reply =
      refusal ?? instead(fault) ?? (recording === null ? null : replay(recording)) ?? sound(target, record, body, fault)
    const named = fault.raw === undefined ? withRequestId(reply, record.requestId) : reply
    desk.log.update(record, {
      status: named.status,
      recording: recording?.name ?? null,
      requestId: named.headers['x-amzn-requestid'] ?? record.requestId,
    })
    const outcome = await deliver(named, delivery)
    if (record.outcome === 'open') desk.log.update(record, { outcome, endedAtMs: desk.now() })
  } catch (error) {
    // A write fails a moment before the connection's `close`, which then completes the record.
    if (gone.aborted || request.socket.destroyed) return
    response.destroy()
    throw error
  }
}

/** Why the request is refused before any fault is looked at; `null` when it is not. */
function refusalOf(
  target: Route | null,
  auth: AuthVerdict,
  body: Uint8Array,
  listener: Listener,
  desk: Desk,
): Reply | null {
  // AWS finds the operation first: a path without one is answered alike, whoever asks.
  if (target === null) return unknownOperationReply()
  if (!auth.ok) {
    // The one refusal whose body AWS writes with a capital is that of an API key.
    return errorReply(auth.error, { message: auth.message, capitalMessage: auth.error === 'AccessDeniedException' })
  }
  if (body.byteLength > REQUEST_BODY_MAX_BYTES) {
    return errorReply('ValidationException', {
      message: `The request body is larger than ${REQUEST_BODY_MAX_BYTES} bytes.`,
    })
  }
  if (!desk.limiter.admit(listener.region, target.model)) {
    return errorReply('ThrottlingException', { message: THROTTLING_MESSAGES.requestsPerMinute })
  }
  return null
}

/** Answers that a fault puts in the place of everything else. */
function instead(fault: Fault): Reply | null {
  if (fault.error !== undefined) return errorReply(fault.error.name, fault.error)
  if (fault.unknownOperation === true) return unknownOperationReply()
  if (fault.html === true) return htmlPageReply()
  if (fault.raw === undefined) return null
  const { status, headers = {}, bodyBase64 = '' } = fault.raw
  return { status, headers, body: Buffer.from(bodyBase64, 'base64') }
}

/** Faults that shape the content have nothing to shape in a recorded answer, so then none is replayed. */
function pickRecording(target: Route | null, body: Uint8Array, fault: Fault, shelf: RecordingShelf): Recording | null {
  if (fault.recording !== undefined) return shelf.named(fault.recording)
  const shaping = [
    fault.text,
    fault.frames,
    fault.bodyBytes,
    fault.usage,
    fault.omitTotals,
    fault.omitUsage,
    fault.serviceTier,
    fault.performanceLatency,
  ]
  return target === null || shaping.some((field) => field !== undefined) ? null : shelf.find(target, body)
}

function sound(target: Route | null, record: ReceivedRequest, body: Uint8Array, fault: Fault): Reply {
  if (target === null) return unknownOperationReply()
  const json = target.operation.method === 'GET' ? {} : parseObject(body)
  if (json === null) return malformed()
  return target.operation.answer({ model: target.model, headers: record.headers, body: json, fault })
}

function withRequestId(reply: Reply, requestId: string): Reply {
  return { ...reply, headers: { 'x-amzn-requestid': requestId, ...reply.headers } }
}

/** Aborts, and closes the record, when the connection goes before the answer is finished. */
function watchClient(response: ServerResponse, record: ReceivedRequest, desk: Desk): AbortSignal {
  const controller = new AbortController()
  response.on('close', () => {
    if (record.outcome !== 'open' || response.writableFinished) return
    desk.log.update(record, { outcome: 'client-closed', held: false, endedAtMs: desk.now() })
    controller.abort()
  })
  return controller.signal
}

async function checkAuth(request: IncomingMessage, body: Uint8Array, listener: Listener): Promise<AuthVerdict> {
  if (listener.auth === null) return { ok: true, how: 'unchecked' }
  const { method = '', url = '' } = request
  return verifyAuth({ method, rawUrl: url, headers: joinedHeaders(request.rawHeaders), body }, listener.auth)
}

/** Reads all, but keeps only one byte more than is allowed. */
async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let room = REQUEST_BODY_MAX_BYTES + 1
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if (room > 0) chunks.push(chunk.subarray(0, room))
    room -= chunk.byteLength
  }
  return Buffer.concat(chunks)
}

function newRecord(
  request: IncomingMessage,
  target: Route | null,
  listener: Listener,
  nowMs: number,
): Omit<ReceivedRequest, 'id'> {
  return {
    method: request.method ?? '',
    rawUrl: request.url ?? '',
    region: listener.region,
    operation: target?.operation.name ?? null,
    model: target?.model ?? null,
    headers: joinedHeaders(request.rawHeaders),
    rawHeaders: request.rawHeaders,
    body: null,
    bodyBytes: 0,
    bodySha256: '',
    auth: null,
    fault: null,
    recording: null,
    status: null,
    requestId: randomUUID(),
    held: false,
    outcome: 'open',
    bytesSent: 0,
    receivedAtMs: nowMs,
    endedAtMs: null,
  }
}

/** Node's own joining drops repeated headers of some names, which would hide them from the signature. */
function joinedHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const joined: Record<string, string> = {}
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    const value = rawHeaders[index + 1] ?? ''
    joined[name] = Object.hasOwn(joined, name) ? `${joined[name]},${value}` : value
  }
  return joined
}
