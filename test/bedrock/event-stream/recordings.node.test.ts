import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'vitest'
import { crc32 } from '../../../src/bedrock/event-stream/crc32.ts'
import { createFrameReader } from '../../../src/bedrock/event-stream/reader.ts'
import { createStreamTap } from '../../../src/bedrock/event-stream/tap.ts'
import { type Decoded, decodeWithOracle, encodeWithOracle, join } from './oracle.ts'
import { type StreamingOperation, streamAnswerOf } from './stream-answers.ts'

const RECORDINGS = new URL('../../../../shared/recordings/', import.meta.url)
const VECTORS = new URL('../../../../shared/vectors/event-stream/', import.meta.url)
/** A cut up to here leaves the message free to become the exception. */
const PRELUDE_BYTES = 12
const noRecordings = !existsSync(RECORDINGS)
const noVectors = !existsSync(VECTORS)

type Exchange = {
  request: { url: string }
  response: { status: number; headers: Record<string, string>; bodyBase64: string }
}
type Recorded = { name: string; operation: StreamingOperation; stream: Uint8Array }

function recordedStreams(): Recorded[] {
  return readdirSync(RECORDINGS).flatMap((name) => {
    const exchanges = JSON.parse(readFileSync(new URL(name, RECORDINGS), 'utf8')) as Exchange[]
    return exchanges
      .filter(({ response }) => JSON.stringify(response.headers).includes('application/vnd.amazon.eventstream'))
      .map(({ request, response }): Recorded => {
        const operation = request.url.endsWith('/converse-stream') ? 'ConverseStream' : 'InvokeModelWithResponseStream'
        return { name, operation, stream: new Uint8Array(Buffer.from(response.bodyBase64, 'base64')) }
      })
  })
}

function chunkOf(message: Decoded): unknown {
  return JSON.parse(Buffer.from((message.json as { bytes: string }).bytes, 'base64').toString('utf8'))
}

/** The summary by an independent decoder. */
function expectedSummary({ operation, stream }: Recorded) {
  const messages = decodeWithOracle(stream)
  const ofType = (type: string) => messages.filter(({ headers }) => headers[':event-type'] === type)
  const content = ofType(operation === 'ConverseStream' ? 'contentBlockDelta' : 'chunk')
  const chunks = ofType('chunk').map(chunkOf)
  return {
    ending: 'boundary',
    terminated: true,
    exception: null,
    parts:
      operation === 'ConverseStream'
        ? { metadata: ofType('metadata').at(-1)?.json ?? null }
        : { chunks: chunks.filter((_, at) => at < 2 || at >= chunks.length - 4) },
    frames: messages.length,
    contentFrames: content.length,
    contentBytes: content.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0),
    bytes: stream.length,
  }
}

function framesOf(stream: Uint8Array): Uint8Array[] {
  const view = new DataView(stream.buffer)
  const frames: Uint8Array[] = []
  for (let at = 0; at < stream.length; at += view.getUint32(at)) {
    frames.push(stream.subarray(at, at + view.getUint32(at)))
  }
  return frames
}

/** The same for messages that differ only in their values, so that each shape is cut once. */
function shapeOf(message: Decoded): string {
  const masked = (json: unknown) =>
    JSON.stringify(json, (name, value) => (typeof value === 'object' || name === 'type' ? value : typeof value))
  const inner = message.headers[':event-type'] === 'chunk' ? masked(chunkOf(message)) : ''
  return JSON.stringify(message.headers) + masked(message.json) + inner
}

describe.skipIf(noRecordings)('recorded streams (skipped without the folder shared/recordings)', () => {
  const recorded = noRecordings ? [] : recordedStreams()

  it('are read as Smithy reads them, whole and with every message split at each of its bytes in turn', ({ expect }) => {
    expect(recorded.length).toBeGreaterThanOrEqual(20)
    for (const one of recorded) {
      const expected = expectedSummary(one)
      const frames = framesOf(one.stream)
      const longest = Math.max(...frames.map(({ length }) => length))
      // Messages do not bear on each other, so one pass splits all of them, each at the same distance from its start.
      for (let at = 0; at < longest; at++) {
        const tap = createStreamTap(streamAnswerOf(one.operation))
        let sent = 0
        let start = 0
        for (const frame of frames) {
          const end = at === 0 ? sent : start + Math.min(at, frame.length)
          tap.push(one.stream.subarray(sent, end))
          sent = end
          start += frame.length
        }
        tap.push(one.stream.subarray(sent))
        expect(JSON.stringify(tap.finish()), `${one.name} split at ${at}`).toBe(JSON.stringify(expected))
      }
    }
  })

  it('are read as Smithy reads them one byte at a time', ({ expect }) => {
    for (const one of recorded) {
      const tap = createStreamTap(streamAnswerOf(one.operation))
      for (let at = 0; at < one.stream.length; at++) tap.push(one.stream.subarray(at, at + 1))
      expect(tap.finish(), one.name).toEqual(expectedSummary(one))
    }
  })

  it('are ended after a cut at every byte of every shape of message without a word that AWS did not say', ({
    expect,
  }) => {
    const seen = new Set<string>()
    let cuts = 0
    for (const { name, operation, stream } of recorded) {
      for (const frame of framesOf(stream)) {
        const shape = shapeOf(decodeWithOracle(frame)[0] as Decoded)
        if (seen.has(shape)) continue
        seen.add(shape)
        for (let cut = 1; cut < frame.length; cut++) {
          const tap = createStreamTap(streamAnswerOf(operation))
          tap.push(frame.subarray(0, cut))
          const end = join(frame.subarray(0, cut), tap.repair('The upstream broke.') ?? new Uint8Array(0))
          if (cut <= PRELUDE_BYTES) {
            const types = decodeWithOracle(end).map(({ headers }) => headers[':exception-type'])
            expect(types, `${name} cut at ${cut}`).toEqual(['modelStreamErrorException'])
          } else {
            expect(end.length, `${name} cut at ${cut}`).toBe(frame.length)
            expect(() => decodeWithOracle(end), `${name} cut at ${cut}`).toThrow(/message checksum/)
          }
          cuts++
        }
      }
    }
    expect(cuts).toBeGreaterThan(2_000)
  })
})

describe.skipIf(noVectors)('official event-stream vectors (skipped without the folder shared/vectors)', () => {
  const names = noVectors ? [] : readdirSync(VECTORS)

  function endingsOf(bytes: Uint8Array): string[] {
    return [bytes.length, 1].map((blockBytes) => {
      const reader = createFrameReader({ onFrame() {} })
      for (let at = 0; at < bytes.length; at += blockBytes) reader.push(bytes.subarray(at, at + blockBytes))
      return reader.ending
    })
  }

  it('are the three valid and eight invalid ones', ({ expect }) => {
    expect(names.filter((name) => name.startsWith('valid')).length).toBe(3)
    expect(names.filter((name) => name.startsWith('invalid')).length).toBe(8)
  })

  it.for(names)('%s is taken for what its name says', (name, { expect }) => {
    const bytes = new Uint8Array(readFileSync(new URL(name, VECTORS)))
    const ending = name.startsWith('valid') ? 'boundary' : 'corrupt'
    expect(endingsOf(bytes)).toEqual([ending, ending])
  })

  it.for(names.filter((name) => name.startsWith('invalid_header_')))(
    '%s is refused for its headers even with right checksums',
    (name, { expect }) => {
      const bytes = new Uint8Array(readFileSync(new URL(name, VECTORS)))
      const view = new DataView(bytes.buffer)
      view.setUint32(8, crc32(bytes, 0, 0, 8))
      view.setUint32(bytes.length - 4, crc32(bytes, 0, 0, bytes.length - 4))
      expect(endingsOf(bytes)).toEqual(['corrupt', 'corrupt'])
    },
  )

  it.for(names.filter((name) => name.startsWith('valid')))('%s has the payload that it names', (name, { expect }) => {
    const payloads: string[] = []
    const reader = createFrameReader({ onFrame: ({ payload }) => payloads.push(Buffer.from(payload ?? []).toString()) })
    reader.push(new Uint8Array(readFileSync(new URL(name, VECTORS))))
    const expected: Record<string, string> = {
      valid_empty_payload: '',
      valid_no_headers: 'another test payload',
      valid_with_all_headers_and_payload: 'some payload',
    }
    expect(payloads).toEqual([expected[name]])
  })

  it('valid_no_headers is what our own encoder writes', ({ expect }) => {
    const bytes = new Uint8Array(readFileSync(new URL('valid_no_headers', VECTORS)))
    expect(new Uint8Array(encodeWithOracle([], 'another test payload'))).toEqual(bytes)
  })
})
