/**
 * Fills a header block to the length its prelude announced, so that decoders take the message: with a `:message-type`,
 * and, wherever that is still open, as an event of a type that nobody knows, for clients skip such an event.
 */
import { concat, encodeHeaders, encodeStringHeader } from '../encode.ts'
import { readU16 } from '../frame.ts'
import { readHeader } from '../headers.ts'

/** Headers of Bedrock's messages with the values that may stand in them. No event type: an unknown one is what is wanted. */
const KNOWN_HEADERS: Readonly<Record<string, readonly string[]>> = {
  ':message-type': ['event', 'exception', 'error'],
  ':event-type': [],
  ':content-type': ['application/json'],
  ':exception-type': [],
  ':error-code': [],
  ':error-message': [],
}

/**
 * What the streams of Bedrock may raise. One of these sent whole means that the message under way is an exception.
 * Source: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ResponseStream.html
 */
const EXCEPTION_TYPES: ReadonlySet<string | null | undefined> = new Set([
  'internalServerException',
  'modelStreamErrorException',
  'modelTimeoutException',
  'serviceUnavailableException',
  'throttlingException',
  'validationException',
])

const TRUE_TYPE = 0
const STRING_TYPE = 7
/** Length byte of the name, type byte, two bytes of value length. */
const STRING_HEADER_OVERHEAD_BYTES = 4
/** The longest fixed value is a uuid; no begun value lacks more bytes than that, or the caller gives up. */
const MAX_FIXED_VALUE_BYTES = 16
/** Keeps one filler below the limit of a header value. */
const MAX_FILLER_BYTES = 32_000
/** A boolean with a name of one byte. */
const MIN_FILLER_BYTES = 3
/** Five fillers cover the largest block; the others are for names that are taken. */
const FILLER_LETTERS = [...'abcdefghij']

export type HeaderValues = ReadonlyMap<string, string | null>
export type HeaderFilling = { bytes: Uint8Array<ArrayBuffer>; headers: HeaderValues }

/**
 * The rest of a block of `blockBytes` that begins with `sent`, and what the whole block then says.
 * Null where nothing fits; no message that Bedrock sends leaves so little room.
 */
export function completeHeaders(sent: Uint8Array, blockBytes: number): HeaderFilling | null {
  const headers = new Map<string, string | null>()
  let at = 0
  while (at < sent.length) {
    const header = readHeader(sent, at, sent.length)
    if (header === 'invalid') return null
    if (header === 'short') break
    headers.set(header.name, header.value)
    at = header.end
  }
  const begun = sent.subarray(at)
  const roomBytes = blockBytes - at
  if (begun.length === 0) return fillHeaders(headers, roomBytes)
  for (const candidate of waysToGoOn(begun, headers, roomBytes)) {
    const header = readHeader(candidate, 0, candidate.length)
    if (typeof header === 'string' || header.end !== candidate.length || candidate.length > roomBytes) continue
    if (headers.has(header.name) || begun.some((byte, index) => candidate[index] !== byte)) continue
    const all = new Map(headers).set(header.name, header.value)
    const filling = fillHeaders(all, roomBytes - candidate.length)
    if (filling === null) continue
    return { bytes: concat([candidate.subarray(begun.length), filling.bytes]), headers: filling.headers }
  }
  return null
}

/** Whole headers that may go on from `begun`, best first. The caller drops those that do not fit what was sent. */
function* waysToGoOn(begun: Uint8Array, headers: HeaderValues, roomBytes: number): Generator<Uint8Array> {
  const nameBytes = begun[0] as number
  const valueAt = STRING_HEADER_OVERHEAD_BYTES + nameBytes
  const type = begun[1 + nameBytes]
  if (type !== undefined && type !== STRING_TYPE) {
    for (let zeros = 1; zeros <= MAX_FIXED_VALUE_BYTES; zeros++) yield concat([begun, new Uint8Array(zeros)])
    return
  }
  const names = Object.keys(KNOWN_HEADERS).filter((name) => name.length === nameBytes && !headers.has(name))
  for (const name of names) {
    for (const value of KNOWN_HEADERS[name] ?? []) yield encodeStringHeader(name, value)
  }
  if (begun.length >= valueAt) {
    const missing = valueAt + readU16(begun, valueAt - 2) - begun.length
    yield concat([begun, new TextEncoder().encode('x'.repeat(missing))])
    return
  }
  const begunName = new TextDecoder('latin1').decode(begun.subarray(1, 1 + nameBytes))
  for (const name of [...names, begunName.padEnd(nameBytes, 'x')]) {
    const longest = Math.min(roomBytes - valueAt, MAX_FILLER_BYTES)
    for (let length = 1; length <= longest; length++) yield encodeStringHeader(name, 'x'.repeat(length))
  }
}

/**
 * Headers of exactly `roomBytes` to follow those given, so that together they make a message of a known kind.
 * Null where that does not come out.
 */
export function fillHeaders(before: HeaderValues, roomBytes: number): HeaderFilling | null {
  const headers = new Map(before)
  const added: [name: string, value: string][] = []
  let slack = roomBytes
  function add(name: string, value: string): void {
    added.push([name, value])
    headers.set(name, value)
    slack -= STRING_HEADER_OVERHEAD_BYTES + name.length + value.length
  }

  if (!headers.has(':message-type')) {
    add(':message-type', EXCEPTION_TYPES.has(headers.get(':exception-type')) ? 'exception' : 'event')
  }
  if (headers.get(':message-type') === 'event' && !headers.has(':event-type')) {
    const longest = slack - STRING_HEADER_OVERHEAD_BYTES - ':event-type'.length
    add(':event-type', 'x'.repeat(Math.max(1, Math.min(longest, MAX_FILLER_BYTES))))
  }
  const contentType = encodeStringHeader(':content-type', 'application/json').length
  const leftover = slack - contentType
  if (!headers.has(':content-type') && (leftover === 0 || leftover >= MIN_FILLER_BYTES)) {
    add(':content-type', 'application/json')
  }
  if (slack < 0) return null
  const fillers = fillerHeaders(headers, slack)
  return fillers === null ? null : { bytes: concat([encodeHeaders(added), fillers]), headers }
}

/** Headers without a meaning, with names that are still free, of exactly `roomBytes`; one or two bytes hold none. */
function fillerHeaders(taken: HeaderValues, roomBytes: number): Uint8Array<ArrayBuffer> | null {
  const fillers: Uint8Array[] = []
  let left = roomBytes
  for (const letter of FILLER_LETTERS) {
    if (left < MIN_FILLER_BYTES) break
    const short = left <= STRING_HEADER_OVERHEAD_BYTES + 1
    const name = short ? letter.repeat(left - 2) : letter
    if (taken.has(name)) continue
    if (short) {
      fillers.push(concat([Uint8Array.of(name.length), new TextEncoder().encode(name), Uint8Array.of(TRUE_TYPE)]))
      left = 0
    } else {
      const size = left > MAX_FILLER_BYTES ? Math.min(MAX_FILLER_BYTES, left - MIN_FILLER_BYTES) : left
      fillers.push(encodeStringHeader(name, 'x'.repeat(size - STRING_HEADER_OVERHEAD_BYTES - 1)))
      left -= size
    }
  }
  return left === 0 ? concat(fillers) : null
}
