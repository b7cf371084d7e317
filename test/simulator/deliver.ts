/** Puts an answer on the socket at the pace, and with the ending, that a fault asks for. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import type { Fault } from './faults.ts'
import { type Ending, misbehave } from './misbehave.ts'
import { framesOf, type Reply } from './reply.ts'

export type Delivery = {
  response: ServerResponse
  fault: Fault
  /** Aborted when the client closes the connection. */
  gone: AbortSignal
  /** Waits until it is released or the client leaves. */
  hold: () => Promise<void>
  sent: (bytes: number) => void
}

/** Rejects when `gone` aborts. */
export async function deliver(reply: Reply, delivery: Delivery): Promise<Ending> {
  const { response, fault, gone } = delivery
  response.writeHead(reply.status, { ...reply.headers, ...lengthHeader(reply, fault) })
  response.flushHeaders()

  const frames = misbehave(framesOf(reply.body), fault)
  let number = 0
  for (;;) {
    await pause(number, delivery)
    const next = frames.next()
    if (next.done === true) return await finish(next.value, delivery)
    for (const piece of piecesOf(next.value, fault.bytesPerWrite)) {
      gone.throwIfAborted()
      await write(piece, delivery)
      delivery.sent(piece.byteLength)
    }
    number += 1
  }
}

/** Silence of `fault.hold`, for its time or until it is released. */
export async function silence(delivery: Pick<Delivery, 'fault' | 'gone' | 'hold'>): Promise<void> {
  const ms = delivery.fault.hold?.ms
  await (ms === undefined ? delivery.hold() : wait(ms, undefined, { signal: delivery.gone }))
}

async function pause(number: number, delivery: Delivery): Promise<void> {
  const { fault, gone } = delivery
  if (fault.msBetweenFrames !== undefined && number > 0) await wait(fault.msBetweenFrames, undefined, { signal: gone })
  if (fault.hold?.at === number) await silence(delivery)
}

/** A body that shall end too early, and properly, cannot announce its length. */
function lengthHeader(reply: Reply, fault: Fault): Record<string, string> {
  const endsEarly = [fault.endAfterBytes, fault.endAfterFrames, fault.endInsideFrame].some((at) => at !== undefined)
  return reply.body instanceof Uint8Array && !endsEarly ? { 'content-length': String(reply.body.byteLength) } : {}
}

function* piecesOf(bytes: Uint8Array, size: number = bytes.byteLength): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

async function write(piece: Uint8Array, { response, fault, gone }: Delivery): Promise<void> {
  if (fault.bytesPerWrite !== undefined) {
    // The next piece starts only when the system has this one, so that they do not merge in Node's buffer.
    await new Promise<void>((resolve, reject) => response.write(piece, (error) => (error ? reject(error) : resolve())))
    return
  }
  if (!response.write(piece)) await once(response, 'drain', { signal: gone })
}

async function finish(ending: Ending, { response, gone }: Delivery): Promise<Ending> {
  if (ending === 'cut') {
    // Everything written so far still goes out, then the connection closes without the end of the body.
    response.socket?.destroySoon()
    return ending
  }
  response.end()
  if (!response.writableFinished) await once(response, 'finish', { signal: gone })
  return ending
}
