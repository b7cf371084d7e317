import { describe, type ExpectStatic, it } from 'vitest'
import { crc32 } from '../../../../src/bedrock/event-stream/crc32.ts'
import { assembleFrame, encodeHeaders } from '../../../../src/bedrock/event-stream/encode.ts'
import { createFrameReader, MAX_HELD_FRAME_BYTES } from '../../../../src/bedrock/event-stream/reader.ts'
import { MAX_REPAIR_BYTES, repairStream } from '../../../../src/bedrock/event-stream/repair/repair.ts'
import {
  converseAnswer,
  decodeFrameWithOracle,
  decodeWithOracle,
  encodeWithOracle,
  event,
  eventHeaders,
  invokeAnswer,
  join,
} from '../oracle.ts'

const MESSAGE = 'The connection to Bedrock broke in mid-stream: "eu-central-1".'

/** What the client receives when the upstream breaks after `sent`. */
function repaired(sent: Uint8Array): Uint8Array | null {
  const reader = createFrameReader({ onFrame() {} })
  reader.push(sent)
  const rest = repairStream(reader.half(), MESSAGE)
  return rest === null ? null : join(sent, rest)
}

const EXCEPTION = {
  headers: {
    ':exception-type': 'modelStreamErrorException',
    ':content-type': 'application/json',
    ':message-type': 'exception',
  },
  json: { message: MESSAGE },
}

const KINDS: readonly [name: string, frame: Uint8Array][] = [
  ...[...converseAnswer(), ...invokeAnswer()].map((frame): [string, Uint8Array] => {
    return [`${decodeWithOracle(frame)[0]?.headers[':event-type']} of ${frame.length} bytes`, frame]
  }),
  [
    'throttlingException',
    encodeWithOracle(
      [
        [':exception-type', 'throttlingException'],
        [':content-type', 'application/json'],
        [':message-type', 'exception'],
      ],
      '{"message":"Too many tokens, please wait"}',
    ),
  ],
  [
    'event with its headers in another order',
    encodeWithOracle([...eventHeaders('contentBlockStop')].reverse(), '{"contentBlockIndex":1,"p":"abcdef"}'),
  ],
  ['event of an unknown type', event('somethingNew', { a: [1, { b: 'c' }] })],
  ['message of 300 bytes', event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'x'.repeat(160) } })],
]

function expectValidAndRaising(expect: ExpectStatic, frame: Uint8Array, cut: number): void {
  const before = event('messageStart', { role: 'assistant' })
  const stream = repaired(join(before, frame.subarray(0, cut)))
  if (stream === null) throw new Error(`no repair at ${cut}`)
  const messages = decodeWithOracle(stream)
  const { headers, json } = messages.at(-1) ?? {}
  // A message that is the exception itself may carry fillers beside the three headers.
  expect({ headers: { ...headers, ...EXCEPTION.headers }, json: EXCEPTION.json }, `cut at ${cut}`).toEqual({
    headers,
    json,
  })
  expect(messages.length, `cut at ${cut}`).toBeLessThanOrEqual(3)
  for (const message of messages) expect(message.headers[':message-type']).toMatch(/^(event|exception)$/)
}

describe('repairStream', () => {
  it.for(KINDS)(
    'after a cut at any byte of a %s, every message is valid and the last one raises',
    ([, frame], { expect }) => {
      for (let cut = 1; cut < frame.length; cut++) expectValidAndRaising(expect, frame, cut)
    },
  )

  it('does so in a message above 65,535 bytes, whose lengths have other bytes', ({ expect }) => {
    const frame = event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'x'.repeat(66_000) } })
    for (let cut = 1; cut < frame.length; cut += cut < 200 ? 1 : 9_999) expectValidAndRaising(expect, frame, cut)
  })

  it('fills a payload that is no JSON with spaces', ({ expect }) => {
    const payload = 'plain text, no JSON at all'
    const frame = encodeWithOracle(eventHeaders('contentBlockDelta'), payload)
    for (let kept = 1; kept <= payload.length; kept++) {
      const sent = frame.subarray(0, frame.length - 4 - payload.length + kept)
      const completed = (repaired(sent) ?? new Uint8Array(0)).subarray(0, frame.length)
      expect(frameText(completed)).toBe(payload.slice(0, kept).padEnd(payload.length, ' '))
    }
  })

  it('keeps the deltas it completes readable: an index, and exactly one member', ({ expect }) => {
    for (const frame of converseAnswer().filter((candidate) => repairedType(candidate) === 'contentBlockDelta')) {
      for (let cut = 12; cut < frame.length; cut++) {
        const [completed] = decodeWithOracle(repaired(frame.subarray(0, cut)) ?? new Uint8Array(0))
        if (completed?.headers[':event-type'] !== 'contentBlockDelta') continue
        const { contentBlockIndex, delta } = completed.json as { contentBlockIndex: number; delta: object }
        expect([typeof contentBlockIndex, Object.keys(delta).length], `cut at ${cut}`).toEqual(['number', 1])
      }
    }
  })

  it('completes a message cut before its event type as one that clients skip', ({ expect }) => {
    const frame = event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Hi' } })
    for (let cut = 12; cut < 12 + 15 + 'contentBlockDelta'.length; cut++) {
      const [completed] = decodeWithOracle(repaired(frame.subarray(0, cut)) ?? new Uint8Array(0))
      expect(completed?.headers[':message-type']).toBe('event')
      expect(completed?.headers[':event-type']).toMatch(/x$/)
    }
  })

  it('makes the exception of the message itself where its lengths are open and long enough', ({ expect }) => {
    const frame = event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'x'.repeat(160) } })
    for (const cut of [1, 2, 3, 4, 5, 6, 7]) {
      const messages = decodeWithOracle(repaired(frame.subarray(0, cut)) ?? new Uint8Array(0))
      expect(messages.map(({ headers }) => headers[':message-type'])).toEqual(['exception'])
    }
  })

  it('adds nothing but the exception on a boundary and after corruption', ({ expect }) => {
    const whole = event('messageStart', { role: 'assistant' })
    const lone = repairStream(null, MESSAGE)
    expect(decodeWithOracle(lone ?? new Uint8Array(0))).toMatchObject([EXCEPTION])
    expect(repaired(whole)).toEqual(join(whole, lone ?? new Uint8Array(0)))
    const corrupt = whole.map((byte, at) => (at === 9 ? byte ^ 1 : byte))
    expect(repaired(corrupt)).toEqual(join(corrupt, lone ?? new Uint8Array(0)))
  })

  it('completes a message above the holding limit with spaces and a right checksum', ({ expect }) => {
    const payload = new Uint8Array(MAX_HELD_FRAME_BYTES).fill(0x78)
    const frame = assembleFrame(encodeHeaders(eventHeaders('contentBlockDelta')), payload)
    for (const missing of [1, 3, 4, 5, 1_000_000]) {
      const sent = frame.subarray(0, frame.length - missing)
      const stream = repaired(sent) ?? new Uint8Array(0)
      const completed = stream.subarray(0, frame.length)
      expect(crc32(completed, 0, 0, frame.length - 4)).toBe(new DataView(completed.buffer).getUint32(frame.length - 4))
      expect(decodeWithOracle(stream.subarray(frame.length))).toMatchObject([EXCEPTION])
    }
  })

  it.for([
    [
      'a message that lacks more than 1 MiB',
      assembleFrame(new Uint8Array(0), new Uint8Array(MAX_REPAIR_BYTES + 90)).subarray(0, 50),
    ],
    ['a first byte that announces at least 16 MiB', Uint8Array.of(1)],
    ['a total that holds no message', Uint8Array.of(0, 0, 0, 15)],
    ['a total that holds no message of a known kind', Uint8Array.of(0, 0, 0, 40, 0)],
    ['headers that are broken already', assembleFrame(Uint8Array.of(0, 0, 0), new Uint8Array(40)).subarray(0, 14)],
    ['headers without room for a message type', assembleFrame(new Uint8Array(20), new Uint8Array(40)).subarray(0, 12)],
  ] as [string, Uint8Array][])('says that it cannot be done for %s', ([, sent], { expect }) => {
    expect(repaired(sent)).toBeNull()
  })
})

function repairedType(frame: Uint8Array): unknown {
  return decodeWithOracle(frame)[0]?.headers[':event-type']
}

/** The payload as Smithy reads it, which checks the message on the way. */
function frameText(frame: Uint8Array): string {
  return new TextDecoder().decode(decodeFrameWithOracle(frame).body)
}
