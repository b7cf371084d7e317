/** What the upstream answers and what a client sends: a short Converse answer, and a stream as a chat makes it. */
import { encodeFrame } from '../../src/bedrock/event-stream/encode.ts'

const utf8 = new TextEncoder()

/** Characters of answer text, for a body of about 1 KB. */
const ANSWER_CHARS = 850
/** With the four frames around them 204 in all, about 39 KB. */
const CONTENT_FRAMES = 200

const USAGE = { inputTokens: 210, outputTokens: CONTENT_FRAMES, totalTokens: 210 + CONTENT_FRAMES }

export type Workload = { action: 'converse' | 'converse-stream'; title: string }

export const CONVERSE: Workload = { action: 'converse', title: 'converse, 1 KB answer' }
export const STREAM: Workload = { action: 'converse-stream', title: `converse-stream, ${CONTENT_FRAMES + 4} frames` }

export const REQUEST_BODY = utf8.encode(
  JSON.stringify({ messages: [{ role: 'user', content: [{ text: 'A question of some length. '.repeat(30) }] }] }),
)

export const CONVERSE_ANSWER = utf8.encode(
  JSON.stringify({
    metrics: { latencyMs: 100 },
    output: { message: { content: [{ text: 'x'.repeat(ANSWER_CHARS) }], role: 'assistant' } },
    stopReason: 'end_turn',
    usage: USAGE,
  }),
)

/** All frames of the stream, in order. */
export function streamFrames(): Uint8Array[] {
  const deltas = Array.from({ length: CONTENT_FRAMES }, (_, index) =>
    event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: ` token${index}` }, p: 'abcdefghijklmnop' }),
  )
  return [
    event('messageStart', { p: 'abcdefgh', role: 'assistant' }),
    ...deltas,
    event('contentBlockStop', { contentBlockIndex: 0, p: 'abcdefgh' }),
    event('messageStop', { p: 'abcdefgh', stopReason: 'end_turn' }),
    event('metadata', { metrics: { latencyMs: 100 }, p: 'abcdefgh', usage: USAGE }),
  ]
}

function event(type: string, payload: object): Uint8Array {
  const headers = [
    [':event-type', type],
    [':content-type', 'application/json'],
    [':message-type', 'event'],
  ] as const
  return encodeFrame(headers, utf8.encode(JSON.stringify(payload)))
}
