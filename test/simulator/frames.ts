/**
 * Event-stream frames as Bedrock writes them, made by Smithy's codec, and the ways of damaging one.
 * https://smithy.io/2.0/aws/amazon-eventstream.html
 */
import { EventStreamCodec } from '@smithy/eventstream-codec'

/** Prelude (two lengths and a checksum) in front of the headers, and the checksum behind the payload. */
const PRELUDE_BYTES = 12
const CHECKSUM_BYTES = 4

const PADDING_ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/** Shortest padding seen in recorded traffic. */
const PADDING_MIN_CHARS = 2

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
)

/** A frame with Bedrock's three headers, in the order Bedrock writes them. */
export function eventFrame(eventType: string, payload: object): Uint8Array {
  return frame({ ':event-type': eventType, ':content-type': 'application/json', ':message-type': 'event' }, payload)
}

/** `exceptionType` is the member name of the stream's union, which starts in lower case. */
export function exceptionFrame(exceptionType: string, payload: object): Uint8Array {
  return frame(
    { ':exception-type': exceptionType, ':content-type': 'application/json', ':message-type': 'exception' },
    payload,
  )
}

/** An unmodelled failure: no payload, code and text in the headers. */
export function errorFrame(code: string, message: string): Uint8Array {
  return frame({ ':error-code': code, ':error-message': message, ':message-type': 'error' }, null)
}

function frame(headers: Record<string, string>, payload: object | null): Uint8Array {
  return codec.encode({
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { type: 'string', value }])),
    body: payload === null ? new Uint8Array() : Buffer.from(JSON.stringify(payload)),
  })
}

/** One frame of InvokeModelWithResponseStream: the family's own JSON, base64 inside JSON. */
export function chunkFrame(content: object, index: number): Uint8Array {
  return eventFrame('chunk', padded({ bytes: Buffer.from(JSON.stringify(content)).toString('base64') }, index))
}

/**
 * Adds Bedrock's padding key `p`, which hides the length of the text from who watches the wire. Its length here
 * varies with the number of the frame, so that a run can be repeated. Keys are sorted, as recorded traffic has them.
 */
export function padded(payload: Record<string, unknown>, index: number): Record<string, unknown> {
  const span = PADDING_ALPHABET.length - PADDING_MIN_CHARS + 1
  const p = PADDING_ALPHABET.slice(0, PADDING_MIN_CHARS + ((index * 37 + 11) % span))
  return Object.fromEntries(Object.entries({ ...payload, p }).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The frame with one bit of a checksum turned over. */
export function withWrongCrc(bytes: Uint8Array, checksum: 'prelude' | 'message'): Uint8Array {
  const damaged = Uint8Array.from(bytes)
  const at = checksum === 'prelude' ? PRELUDE_BYTES - 1 : damaged.byteLength - 1
  damaged[at] = (damaged[at] ?? 0) ^ 1
  return damaged
}

/** Cuts recorded stream bytes at their frame boundaries. What is not a whole frame comes out as the last piece. */
export function* splitFrames(bytes: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  while (at < bytes.byteLength) {
    const left = bytes.byteLength - at
    const announced = left < PRELUDE_BYTES + CHECKSUM_BYTES ? left : view.getUint32(at)
    const length = Math.min(Math.max(announced, PRELUDE_BYTES + CHECKSUM_BYTES), left)
    yield bytes.subarray(at, at + length)
    at += length
  }
}
