/** Messages written and read by Smithy's codec, which shares no code with the room under test. */
import { EventStreamCodec } from '@smithy/eventstream-codec'

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })
const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : strictUtf8.decode(bytes)),
  (text) => utf8.encode(text),
)

export type Decoded = { headers: Record<string, unknown>; text: string; json: unknown }
type CodecMessage = Parameters<EventStreamCodec['encode']>[0]

/** Headers of an event in the order in which Bedrock writes them. */
export function eventHeaders(type: string): [name: string, value: string][] {
  return [
    [':event-type', type],
    [':content-type', 'application/json'],
    [':message-type', 'event'],
  ]
}

export function encodeWithOracle(headers: readonly (readonly [string, string])[], payload: string): Uint8Array {
  const typed = Object.fromEntries(headers.map(([name, value]) => [name, { type: 'string', value }]))
  return encodeTypedWithOracle(typed as CodecMessage['headers'], payload)
}

export function encodeTypedWithOracle(headers: CodecMessage['headers'], payload: string): Uint8Array {
  return codec.encode({ headers, body: utf8.encode(payload) })
}

export function event(type: string, payload: unknown): Uint8Array {
  return encodeWithOracle(eventHeaders(type), JSON.stringify(payload))
}

export function chunk(payload: unknown): Uint8Array {
  return event('chunk', { bytes: btoa(JSON.stringify(payload)), p: 'abcdefgh' })
}

/** One message. Throws where a length, a checksum or a header is wrong. */
export function decodeFrameWithOracle(frame: Uint8Array): CodecMessage {
  return codec.decode(frame)
}

/** The messages of a whole stream, their payloads parsed. Throws where a length, a checksum or a header is wrong, or a byte is left over. */
export function decodeWithOracle(stream: Uint8Array): Decoded[] {
  const messages: Decoded[] = []
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength)
  for (let at = 0; at < stream.length; ) {
    const totalBytes = view.getUint32(at)
    const message = decodeFrameWithOracle(stream.subarray(at, at + totalBytes))
    const text = strictUtf8.decode(message.body)
    const headers = Object.fromEntries(Object.entries(message.headers).map(([name, header]) => [name, header.value]))
    messages.push({ headers, text, json: text.trim() === '' ? null : JSON.parse(text) })
    at += totalBytes
  }
  return messages
}

export function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** The ways in which a stream is cut into blocks by these tests: whole, every two-block split, byte by byte. */
export function* splits(stream: Uint8Array): Generator<Uint8Array[]> {
  yield [stream]
  yield Array.from(stream, (_, at) => stream.subarray(at, at + 1))
  for (let at = 1; at < stream.length; at++) yield [stream.subarray(0, at), stream.subarray(at)]
}

/** One Converse answer with every kind of event, escapes and all. */
export function converseAnswer(): Uint8Array[] {
  return [
    event('messageStart', { p: 'abcdefghijklmnop', role: 'assistant' }),
    event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Grüß Gott, 漢字 😀 "q" \\ \n' }, p: 'abcd' }),
    encodeWithOracle(
      eventHeaders('contentBlockDelta'),
      '{"contentBlockIndex":0,"delta":{"text":"\\u00e9\\ud83d\\ude00\\/\\b"},"p":"abcdefghijk"}',
    ),
    event('contentBlockDelta', { contentBlockIndex: 1, delta: { reasoningContent: { text: 'because' } }, p: 'abcd' }),
    event('contentBlockDelta', { contentBlockIndex: 1, delta: { reasoningContent: { redactedContent: 'AAECAwQ=' } } }),
    event('contentBlockStop', { contentBlockIndex: 1, p: 'abcdefgh' }),
    event('contentBlockStart', { contentBlockIndex: 2, p: 'ab', start: { toolUse: { name: 'f', toolUseId: 'i' } } }),
    event('contentBlockDelta', { contentBlockIndex: 2, delta: { toolUse: { input: '{"city":"Graz"}' } }, p: 'abcde' }),
    event('messageStop', { additionalModelResponseFields: { a: [1, -2.5e-10, true, null, {}] }, stopReason: 'x' }),
    event('metadata', {
      metrics: { latencyMs: 625 },
      p: 'abc',
      usage: { inputTokens: 8, outputTokens: 10, totalTokens: 18 },
    }),
  ]
}

/** One Anthropic answer through InvokeModelWithResponseStream. */
export function invokeAnswer(): Uint8Array[] {
  return [
    chunk({ type: 'message_start', message: { usage: { input_tokens: 14, output_tokens: 1 } } }),
    chunk({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
    chunk({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi "you" \\' } }),
    chunk({ type: 'content_block_stop', index: 0 }),
    chunk({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 10 } }),
    chunk({
      type: 'message_stop',
      'amazon-bedrock-invocationMetrics': { inputTokenCount: 14, outputTokenCount: 10, invocationLatency: 438 },
    }),
  ]
}
