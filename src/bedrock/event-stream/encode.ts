/** Writing event-stream messages: what the gateway itself has to say inside a stream. */
import { crc32 } from './crc32.ts'
import {
  FRAME_OVERHEAD_BYTES,
  MAX_HEADER_VALUE_BYTES,
  MESSAGE_CRC_BYTES,
  PRELUDE_BYTES,
  PRELUDE_CRC_AT,
  writeU16,
  writeU32,
} from './frame.ts'

const STRING_TYPE = 7
/** Length byte of the name, type byte, two bytes of value length. */
const STRING_HEADER_OVERHEAD_BYTES = 4
const utf8 = new TextEncoder()

/**
 * One header of type string, the only type that Bedrock sends.
 * @throws RangeError for a name that is empty or above 255 bytes, or a value above 32,767 bytes: a fault of the caller.
 */
export function encodeStringHeader(name: string, value: string): Uint8Array<ArrayBuffer> {
  const nameBytes = utf8.encode(name)
  const valueBytes = utf8.encode(value)
  if (nameBytes.length < 1 || nameBytes.length > 255) throw new RangeError('a header name has 1 to 255 bytes')
  if (valueBytes.length > MAX_HEADER_VALUE_BYTES) {
    throw new RangeError(`a header value has at most ${MAX_HEADER_VALUE_BYTES} bytes`)
  }
  const header = new Uint8Array(STRING_HEADER_OVERHEAD_BYTES + nameBytes.length + valueBytes.length)
  header[0] = nameBytes.length
  header.set(nameBytes, 1)
  header[1 + nameBytes.length] = STRING_TYPE
  writeU16(header, 2 + nameBytes.length, valueBytes.length)
  header.set(valueBytes, STRING_HEADER_OVERHEAD_BYTES + nameBytes.length)
  return header
}

/** Encoded headers, one after the other. Names must be unique. */
export function encodeHeaders(headers: readonly (readonly [name: string, value: string])[]): Uint8Array<ArrayBuffer> {
  return concat(headers.map(([name, value]) => encodeStringHeader(name, value)))
}

/** The first 12 bytes of a message: both lengths and their checksum. */
export function writePrelude(frame: Uint8Array, totalBytes: number, headersBytes: number): void {
  writeU32(frame, 0, totalBytes)
  writeU32(frame, 4, headersBytes)
  writeU32(frame, PRELUDE_CRC_AT, crc32(frame, 0, 0, PRELUDE_CRC_AT))
}

/** A whole message around a header block that is encoded already. */
export function assembleFrame(headerBlock: Uint8Array, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(FRAME_OVERHEAD_BYTES + headerBlock.length + payload.length)
  writePrelude(frame, frame.length, headerBlock.length)
  frame.set(headerBlock, PRELUDE_BYTES)
  frame.set(payload, PRELUDE_BYTES + headerBlock.length)
  const crcAt = frame.length - MESSAGE_CRC_BYTES
  writeU32(frame, crcAt, crc32(frame, 0, 0, crcAt))
  return frame
}

/** A whole message with string headers in the order given. Names must be unique. */
export function encodeFrame(
  headers: readonly (readonly [name: string, value: string])[],
  payload: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return assembleFrame(encodeHeaders(headers), payload)
}

/** Headers of an exception message in the order in which Bedrock writes them. `type` is lower camel, as on the wire. */
export function exceptionHeaders(type: string): readonly (readonly [name: string, value: string])[] {
  return [
    [':exception-type', type],
    [':content-type', 'application/json'],
    [':message-type', 'exception'],
  ]
}

/** Payload of an exception message. */
export function exceptionPayload(message: string): Uint8Array {
  return utf8.encode(JSON.stringify({ message }))
}

/** A framed exception, for example `modelStreamErrorException`; every SDK raises it from its stream iterator. */
export function exceptionFrame(type: string, message: string): Uint8Array<ArrayBuffer> {
  return encodeFrame(exceptionHeaders(type), exceptionPayload(message))
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
