import { describe, it } from 'vitest'
import { encodeFrame, exceptionFrame } from '../../../src/bedrock/event-stream/encode.ts'
import { createStreamTap } from '../../../src/bedrock/event-stream/tap.ts'
import { chunk, converseAnswer, decodeWithOracle, event, invokeAnswer, join, splits } from './oracle.ts'
import { type StreamingOperation, streamAnswerOf } from './stream-answers.ts'

function summaryOf(operation: StreamingOperation, ...blocks: Uint8Array[]) {
  const tap = createStreamTap(streamAnswerOf(operation))
  for (const block of blocks) tap.push(block)
  return tap.finish()
}

const converse = join(...converseAnswer())
const invoke = join(...invokeAnswer())

describe('createStreamTap for ConverseStream', () => {
  it('finds usage, end and content, however the stream is cut into blocks', ({ expect }) => {
    const deltas = converseAnswer().filter((_, at) => [1, 2, 3, 4, 7].includes(at))
    const contentBytes = deltas.reduce((sum, frame) => sum + (decodeTextBytes(frame) ?? 0), 0)
    for (const blocks of splits(converse)) {
      expect(summaryOf('ConverseStream', ...blocks)).toEqual({
        ending: 'boundary',
        terminated: true,
        exception: null,
        parts: {
          metadata: {
            metrics: { latencyMs: 625 },
            p: 'abc',
            usage: { inputTokens: 8, outputTokens: 10, totalTokens: 18 },
          },
        },
        frames: 10,
        contentFrames: 5,
        contentBytes,
        bytes: converse.length,
      })
    }
  })

  it('calls a stream terminated from its messageStop on, and metadata null until it comes', ({ expect }) => {
    const frames = converseAnswer()
    for (let count = 0; count <= frames.length; count++) {
      const { terminated, parts, ending } = summaryOf('ConverseStream', join(...frames.slice(0, count)))
      expect([terminated, parts.metadata === null, ending]).toEqual([count >= 9, count < 10, 'boundary'])
    }
  })

  it('reports the first exception of a stream, modelled or not', ({ expect }) => {
    const unmodelled = encodeFrame(
      [
        [':message-type', 'error'],
        [':error-code', 'InternalFailure'],
        [':error-message', 'sorry'],
      ],
      new Uint8Array(0),
    )
    const modelled = exceptionFrame('throttlingException', 'slow')
    const [start] = converseAnswer()
    if (start === undefined) throw new Error('no frame')
    expect(summaryOf('ConverseStream', start, modelled, unmodelled).exception).toEqual({
      type: 'throttlingException',
      message: 'slow',
    })
    const tap = createStreamTap(streamAnswerOf('ConverseStream'))
    tap.push(start)
    expect(tap.raised).toBe(false)
    tap.push(unmodelled)
    expect(tap.raised).toBe(true)
    expect(tap.finish()).toMatchObject({
      exception: { type: 'InternalFailure', message: 'sorry' },
      terminated: false,
      frames: 2,
    })
  })

  it('reads an exception whose payload is no JSON as one without a message', ({ expect }) => {
    const frame = encodeFrame(
      [
        [':message-type', 'exception'],
        [':exception-type', 'validationException'],
      ],
      new TextEncoder().encode('<html>'),
    )
    expect(summaryOf('ConverseStream', frame).exception).toEqual({ type: 'validationException', message: '' })
  })

  it('shows its state between pushes and ends half or corrupt as the stream does', ({ expect }) => {
    const tap = createStreamTap(streamAnswerOf('ConverseStream'))
    tap.push(converse.subarray(0, -1))
    expect([tap.ending, tap.frames, tap.bytes]).toEqual(['half', 9, converse.length - 1])
    expect(tap.finish()).toMatchObject({ ending: 'half', terminated: true, parts: { metadata: null } })
    tap.push(Uint8Array.of(~(converse.at(-1) ?? 0)))
    expect(tap.finish()).toMatchObject({ ending: 'corrupt', frames: 9, parts: { metadata: null } })
  })

  it('ends a broken stream from the bytes it has seen', ({ expect }) => {
    const [first = new Uint8Array(0)] = converseAnswer()
    const tap = createStreamTap(streamAnswerOf('ConverseStream'))
    tap.push(first)
    const exception = tap.repair('broken') ?? new Uint8Array(0)
    expect(decodeWithOracle(exception)).toMatchObject([
      { headers: { ':exception-type': 'modelStreamErrorException' }, json: { message: 'broken' } },
    ])
    tap.push(converse.subarray(first.length, 300))
    const stream = join(converse.subarray(0, 300), tap.repair('broken') ?? new Uint8Array(0))
    expect(summaryOf('ConverseStream', stream)).toMatchObject({ ending: 'corrupt', frames: 1 })
  })

  it('takes no notice of messages it does not know', ({ expect }) => {
    const summary = summaryOf('ConverseStream', event('somethingNew', { usage: 1 }), converse)
    expect(summary).toMatchObject({ frames: 11, contentFrames: 5, terminated: true, exception: null })
  })
})

describe('createStreamTap for InvokeModelWithResponseStream', () => {
  it('keeps the first two and the last four chunks, decoded, however the stream is cut', ({ expect }) => {
    const middle = Array.from({ length: 50 }, (_, index) => chunk({ type: 'content_block_delta', index }))
    const [first, second, ...others] = invokeAnswer()
    if (first === undefined || second === undefined) throw new Error('no frames')
    const stream = join(first, second, ...middle, ...others)
    for (const blocks of [[stream], [...splits(stream)][1] ?? []]) {
      const { parts, ...summary } = summaryOf('InvokeModelWithResponseStream', ...blocks)
      expect(parts.chunks).toMatchObject([
        { type: 'message_start', message: { usage: { input_tokens: 14 } } },
        { type: 'content_block_start' },
        { type: 'content_block_delta' },
        { type: 'content_block_stop' },
        { type: 'message_delta', usage: { output_tokens: 10 } },
        { type: 'message_stop', 'amazon-bedrock-invocationMetrics': { inputTokenCount: 14 } },
      ])
      expect(summary).toMatchObject({ frames: 56, contentFrames: 56, terminated: true, ending: 'boundary' })
    }
  })

  it.for([
    ['Anthropic', { type: 'content_block_delta' }, { type: 'message_stop' }],
    [
      'Bedrock’s metrics on any chunk',
      { choices: [{ finish_reason: null }] },
      { 'amazon-bedrock-invocationMetrics': {} },
    ],
    ['Nova', { contentBlockDelta: { delta: { text: 'x' } } }, { messageStop: { stopReason: 'end_turn' } }],
    ['Titan', { outputText: 'x', completionReason: null }, { outputText: '', completionReason: 'FINISH' }],
    ['Llama', { generation: 'x', stop_reason: null }, { generation: '', stop_reason: 'length' }],
    ['Claude 2', { completion: 'x', stop_reason: null }, { completion: '', stop_reason: 'stop_sequence' }],
    ['Mistral', { outputs: [{ text: 'x', stop_reason: null }] }, { outputs: [{ text: '', stop_reason: 'stop' }] }],
    ['OpenAI', { choices: [{ delta: {}, finish_reason: null }] }, { choices: [{ delta: {}, finish_reason: 'stop' }] }],
    ['Cohere', { text: 'x', is_finished: false }, { is_finished: true, finish_reason: 'COMPLETE' }],
  ] as [string, object, object][])(
    'takes the end of %s for an end, and an early clean end for none',
    ([, open, end], { expect }) => {
      expect(summaryOf('InvokeModelWithResponseStream', chunk(open), chunk(end)).terminated).toBe(true)
      expect(summaryOf('InvokeModelWithResponseStream', chunk(open), chunk(open)).terminated).toBe(false)
    },
  )

  it('lets a model of no known family end as it likes, but not inside a message', ({ expect }) => {
    const frame = chunk({ brand_new: 'x' })
    expect(summaryOf('InvokeModelWithResponseStream', frame).terminated).toBe(true)
    expect(summaryOf('InvokeModelWithResponseStream', frame, frame.subarray(0, 20)).terminated).toBe(false)
    expect(summaryOf('InvokeModelWithResponseStream').terminated).toBe(false)
  })

  it('counts chunks that are no JSON and keeps none of them', ({ expect }) => {
    const summary = summaryOf('InvokeModelWithResponseStream', event('chunk', { bytes: '!!' }), event('chunk', 1))
    expect(summary).toMatchObject({ contentFrames: 2, parts: { chunks: [] }, terminated: true })
  })

  it('does not break a stream whose last chunk is too large to be looked at', ({ expect }) => {
    const large = chunk({ event_type: 'stream-end', is_finished: true, text: 'x'.repeat(300_000) })
    const open = chunk({ text: 'x', is_finished: false })
    const summary = summaryOf('InvokeModelWithResponseStream', open, large)
    expect(summary).toMatchObject({ terminated: true, parts: { chunks: [{ text: 'x' }] } })
  })

  it('finds the end of a stream that arrives byte by byte', ({ expect }) => {
    const blocks = Array.from(invoke, (byte) => Uint8Array.of(byte))
    expect(summaryOf('InvokeModelWithResponseStream', ...blocks)).toMatchObject({ terminated: true, contentFrames: 6 })
  })
})

function decodeTextBytes(frame: Uint8Array): number | undefined {
  const [message] = decodeWithOracle(frame)
  return message === undefined ? undefined : new TextEncoder().encode(message.text).length
}
