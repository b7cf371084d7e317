/**
 * Request bodies are held whole, because SigV4 hashes them and a second attempt sends them again. An isolate has 128 MB for all
 * its calls, so the sum of what has come is bounded; beyond it a call is refused with a wait. What a client announces costs
 * nothing, and an upload that makes no progress is ended, so that nobody can keep the memory from others by sending slowly.
 */
import type { Refusal } from '../../access/refusal.ts'
import { joinBytes } from '../../base/bytes.ts'
import { readWithin } from '../../base/read-within.ts'
import { no, ok, type Result } from '../../base/result.ts'

/** Largest body of InvokeModel in bytes. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html */
export const REQUEST_BODY_MAX_BYTES = 25_000_000

/** Half of an isolate's 128 MB (https://developers.cloudflare.com/workers/platform/limits/): the rest is code, streams and answers. */
const HELD_BODIES_MAX_BYTES = 64 * 1024 * 1024

/** Bodies up to this size may use the last quarter of the memory too: a few large uploads must not shut out ordinary prompts. */
const SMALL_BODY_BYTES = 256 * 1024
const LARGE_BODIES_SHARE = 0.75

/** Wait asked of a client that finds the memory used up; bodies are freed as calls get their answer. */
const BUSY_RETRY_AFTER_MS = 1000

/** Longest pause within an upload. SDKs send a body in one go; a mobile network may pause for some seconds. */
const UPLOAD_STALL_MS = 20_000

const RELEASED = new Uint8Array(0)

export type HeldBody = {
  /** The body as it came; empty once it was released. */
  bytes: Uint8Array
  readonly sizeBytes: number
  /** Frees the bytes and gives them back to the budget, once no attempt can need them any more. Further calls do nothing. */
  release(): void
}

export type BodyBudget = { heldBytes: number; readonly maxBytes: number; readonly stallMs: number }

export function createBodyBudget(maxBytes = HELD_BODIES_MAX_BYTES, stallMs = UPLOAD_STALL_MS): BodyBudget {
  return { heldBytes: 0, maxBytes, stallMs }
}

const TOO_LARGE: Refusal = { kind: 'body-too-large', limitBytes: REQUEST_BODY_MAX_BYTES }
const TOO_BUSY: Refusal = { kind: 'too-busy', retryAfterMs: BUSY_RETRY_AFTER_MS }

export async function readBody(request: Request, budget: BodyBudget): Promise<Result<HeldBody, Refusal>> {
  const announced = Number(request.headers.get('content-length') ?? Number.NaN)
  if (announced > REQUEST_BODY_MAX_BYTES) return no(TOO_LARGE)
  if (request.body === null) return ok(held(RELEASED, budget))
  return announced <= SMALL_BODY_BYTES ? readSmall(request, budget) : readChunks(request.body, budget)
}

/** In one piece, which spares most calls a promise for each chunk. */
async function readSmall(request: Request, budget: BodyBudget): Promise<Result<HeldBody, Refusal>> {
  const reading = request.arrayBuffer()
  const { promise: stalled, resolve } = Promise.withResolvers<'stalled'>()
  const timer = setTimeout(() => resolve('stalled'), budget.stallMs)
  try {
    const bytes = await Promise.race([reading, stalled])
    if (bytes === 'stalled') return no({ kind: 'body-stalled', afterMs: budget.stallMs })
    if (!fits(bytes.byteLength, { ...budget, heldBytes: budget.heldBytes + bytes.byteLength })) return no(TOO_BUSY)
    budget.heldBytes += bytes.byteLength
    return ok(held(new Uint8Array(bytes), budget))
  } catch {
    return no({ kind: 'body-unreadable' })
  } finally {
    clearTimeout(timer)
    // Where the wait was given up, nobody is there for what the upload still comes to.
    reading.catch(() => undefined)
  }
}

async function readChunks(upload: ReadableStream<Uint8Array>, budget: BodyBudget): Promise<Result<HeldBody, Refusal>> {
  const reader = upload.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  const refusal = await (async (): Promise<Refusal | null> => {
    for (;;) {
      const read = await readWithin(reader, budget.stallMs)
      if (read === 'stalled') return { kind: 'body-stalled', afterMs: budget.stallMs }
      if (read.done) return null
      size += read.value.byteLength
      budget.heldBytes += read.value.byteLength
      chunks.push(read.value)
      if (size > REQUEST_BODY_MAX_BYTES) return TOO_LARGE
      if (!fits(size, budget)) return TOO_BUSY
    }
  })().catch((): Refusal => ({ kind: 'body-unreadable' }))
  if (refusal === null) return ok(held(joinBytes(chunks, size), budget))
  budget.heldBytes -= size
  // What is left of the upload can then be read by whoever answers it.
  if (refusal.kind !== 'body-stalled') reader.releaseLock()
  return no(refusal)
}

function fits(sizeBytes: number, { heldBytes, maxBytes }: BodyBudget): boolean {
  return heldBytes <= (sizeBytes <= SMALL_BODY_BYTES ? maxBytes : maxBytes * LARGE_BODIES_SHARE)
}

/** The budget has been charged with these bytes already. */
function held(bytes: Uint8Array, budget: BodyBudget): HeldBody {
  let charged = bytes.byteLength
  const body: HeldBody = {
    bytes,
    sizeBytes: bytes.byteLength,
    release() {
      budget.heldBytes -= charged
      charged = 0
      body.bytes = RELEASED
    },
  }
  return body
}
