/** An upstream answer, held at the point where nothing of it has reached the client yet. */

import { joinBytes } from '../../base/bytes.ts'
import type { HeaderMap } from '../../base/header-map.ts'
import type { StreamTap } from '../../bedrock/event-stream/tap.ts'

/** Read whole: errors, and non-streaming answers up to a bound. `json`: the parsed body of a success answer. */
export type BufferedAnswer = {
  kind: 'buffered'
  status: number
  headers: HeaderMap
  body: Uint8Array
  json?: unknown
}

/** An event stream whose first frame is known to be content. `prefix` has been taken from `rest` already. */
export type StreamingAnswer = {
  kind: 'stream'
  status: number
  headers: HeaderMap
  prefix: Uint8Array
  rest: ReadableStream<Uint8Array>
  tap: StreamTap
}

/** A non-streaming answer too large to hold: passed through, with only its skeleton kept for the usage. */
export type LargeAnswer = {
  kind: 'large'
  /** It must be JSON: AWS's own, or a model's that says so. */
  isJson: boolean
  status: number
  headers: HeaderMap
  prefix: Uint8Array
  rest: ReadableStream<Uint8Array>
}

export type Answer = BufferedAnswer | StreamingAnswer | LargeAnswer

/** A non-streaming answer up to this size is read whole, so that its cost can stand in a header before the body. */
export const BUFFERED_ANSWER_MAX_BYTES = 4 * 1024 * 1024

/** What `readWhole` found: the whole body, or its beginning and the rest still to come. */
export type ReadResult =
  | { whole: true; body: Uint8Array }
  | { whole: false; prefix: Uint8Array; rest: ReadableStream<Uint8Array> }

/** The connection to the upstream broke or was aborted; anything else that is thrown is a fault of the gateway's own code. */
export class UpstreamBroke extends Error {}

/** What the upstream sends; rejects with `UpstreamBroke` where it does not come. */
export async function fromUpstream<T>(sending: Promise<T>): Promise<T> {
  try {
    return await sending
  } catch (cause) {
    throw new UpstreamBroke(cause instanceof Error ? cause.message : 'the connection failed')
  }
}

/** Reads up to `maxBytes`; rejects with `UpstreamBroke` when the upstream breaks. */
export async function readWhole(response: Response, headers: HeaderMap, maxBytes: number): Promise<ReadResult> {
  // The length of a compressed answer says nothing of what it inflates to.
  const isCompressed = !['', 'identity'].includes(headers['content-encoding'] ?? '')
  const announced = isCompressed ? Number.NaN : Number(headers['content-length'] ?? Number.NaN)
  if (announced <= maxBytes) return { whole: true, body: new Uint8Array(await fromUpstream(response.arrayBuffer())) }
  if (response.body === null) return { whole: true, body: new Uint8Array(0) }
  if (announced > maxBytes) return { whole: false, prefix: new Uint8Array(0), rest: response.body }
  const reader = response.body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  while (size <= maxBytes) {
    const { done, value } = await fromUpstream(reader.read())
    if (done) return { whole: true, body: joinBytes(chunks, size) }
    chunks.push(value)
    size += value.byteLength
  }
  reader.releaseLock()
  return { whole: false, prefix: joinBytes(chunks, size), rest: response.body }
}
