/**
 * Request bodies are held whole, because SigV4 hashes them and a second attempt sends them again.
 * An isolate has 128 MB for all its calls, so the sum of held bodies is bounded; beyond it a call is refused with a wait.
 */
import type { Refusal } from '../../access/refusal.ts'
import { joinBytes } from '../../base/bytes.ts'

/** Largest body of InvokeModel in bytes. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html */
export const REQUEST_BODY_MAX_BYTES = 25_000_000

/** Half of an isolate's 128 MB (https://developers.cloudflare.com/workers/platform/limits/): the rest is code, streams and answers. */
const HELD_BODIES_MAX_BYTES = 64 * 1024 * 1024

/** Wait asked of a client that finds the budget used up; bodies are freed as calls get their answer. */
const BUSY_RETRY_AFTER_MS = 1000

/** A refused upload is read to this many bytes before the answer, or the client would meet a broken pipe instead of the error. */
const REFUSED_UPLOAD_MAX_BYTES = 100_000_000

const RELEASED = new Uint8Array(0)

export type HeldBody = {
  /** The body as it came; empty once it was released. */
  bytes: Uint8Array
  readonly sizeBytes: number
  /** Frees the bytes and gives them back to the budget, once no attempt can need them any more. Further calls do nothing. */
  release(): void
}

export type BodyBudget = { heldBytes: number; readonly maxBytes: number }

export function createBodyBudget(maxBytes: number = HELD_BODIES_MAX_BYTES): BodyBudget {
  return { heldBytes: 0, maxBytes }
}

export async function holdBody(request: Request, budget: BodyBudget): Promise<HeldBody | Refusal> {
  const announced = Number(request.headers.get('content-length') ?? Number.NaN)
  if (announced > REQUEST_BODY_MAX_BYTES)
    return refuse(request, { kind: 'body-too-large', limitBytes: REQUEST_BODY_MAX_BYTES })
  if (!Number.isNaN(announced)) {
    if (budget.heldBytes + announced > budget.maxBytes) {
      return refuse(request, { kind: 'too-busy', retryAfterMs: BUSY_RETRY_AFTER_MS })
    }
    return holdAnnounced(request, budget, announced)
  }
  return holdChunked(request, budget)
}

async function holdAnnounced(
  request: Request,
  budget: BodyBudget,
  announcedBytes: number,
): Promise<HeldBody | Refusal> {
  budget.heldBytes += announcedBytes
  try {
    return held(new Uint8Array(await request.arrayBuffer()), budget, announcedBytes)
  } catch {
    budget.heldBytes -= announcedBytes
    return { kind: 'body-unreadable' }
  }
}

/** Without a `content-length` the budget is charged chunk by chunk. */
async function holdChunked(request: Request, budget: BodyBudget): Promise<HeldBody | Refusal> {
  if (request.body === null) return held(new Uint8Array(0), budget, 0)
  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return held(joinBytes(chunks, size), budget, size)
      size += value.byteLength
      budget.heldBytes += value.byteLength
      chunks.push(value)
      if (size > REQUEST_BODY_MAX_BYTES || budget.heldBytes > budget.maxBytes) break
    }
  } catch {
    budget.heldBytes -= size
    return { kind: 'body-unreadable' }
  }
  budget.heldBytes -= size
  reader.releaseLock()
  return refuse(
    request,
    size > REQUEST_BODY_MAX_BYTES
      ? { kind: 'body-too-large', limitBytes: REQUEST_BODY_MAX_BYTES }
      : { kind: 'too-busy', retryAfterMs: BUSY_RETRY_AFTER_MS },
  )
}

function held(bytes: Uint8Array, budget: BodyBudget, chargedBytes: number): HeldBody {
  let charged = chargedBytes
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

/** Reads what is left of a refused upload, so that the client has finished sending when the error arrives. */
export async function drainUpload(request: Request): Promise<void> {
  if (request.body === null || request.bodyUsed) return
  const reader = request.body.getReader()
  let size = 0
  try {
    while (size < REFUSED_UPLOAD_MAX_BYTES) {
      const { done, value } = await reader.read()
      if (done) return
      size += value.byteLength
    }
  } catch {
    return
  }
}

async function refuse(request: Request, refusal: Refusal): Promise<Refusal> {
  await drainUpload(request)
  return refusal
}
