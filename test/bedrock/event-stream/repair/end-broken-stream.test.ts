import { describe, type ExpectStatic, it } from 'vitest'
import { crc32 } from '../../../../src/bedrock/event-stream/crc32.ts'
import { assembleFrame, encodeHeaders } from '../../../../src/bedrock/event-stream/encode.ts'
import { createFrameReader, MAX_HELD_FRAME_BYTES } from '../../../../src/bedrock/event-stream/reader.ts'
import { endBrokenStream, MAX_REPAIR_BYTES } from '../../../../src/bedrock/event-stream/repair/end-broken-stream.ts'
import {
  converseAnswer,
  decodeFrameWithOracle,
  decodeWithOracle,
  encodeTypedWithOracle,
  encodeWithOracle,
  event,
  eventHeaders,
  invokeAnswer,
  join,
} from '../oracle.ts'

const MESSAGE = 'The connection to Bedrock broke in mid-stream: "eu-central-1".'
const SHORT_MESSAGE = 'Stream broken.'
const PRELUDE_BYTES = 12
const CRC_BYTES = 4
const CUT_EXCEPTION = 'modelStreamErrorException'

/** What is sent when the upstream breaks after `sent`. */
function endingOf(sent: Uint8Array): Uint8Array | null {
  const reader = createFrameReader({ onFrame() {} })
  reader.push(sent)
  return endBrokenStream(reader.half(), MESSAGE, CUT_EXCEPTION)
}

/** What the client receives then. */
function received(sent: Uint8Array): Uint8Array<ArrayBuffer> {
  const ending = endingOf(sent)
  if (ending === null) throw new Error(`no ending after ${sent.length} bytes`)
  return join(sent, ending)
}

const EXCEPTION = {
  headers: {
    ':exception-type': 'modelStreamErrorException',
    ':content-type': 'application/json',
    ':message-type': 'exception',
  },
  json: { message: MESSAGE },
}

const EVERY_TYPE_OF_HEADER = encodeTypedWithOracle(
  {
    flag: { type: 'boolean', value: true },
    small: { type: 'byte', value: 1 },
    middle: { type: 'short', value: 2 },
    large: { type: 'integer', value: 3 },
    blob: { type: 'binary', value: Uint8Array.of(1, 2, 3) },
    at: { type: 'timestamp', value: new Date(0) },
    id: { type: 'uuid', value: '00000000-0000-0000-0000-000000000001' },
    ':message-type': { type: 'string', value: 'event' },
  },
  '{"a":1}',
)

const KINDS: readonly [name: string, frame: Uint8Array][] = [
  ...[...converseAnswer(), ...invokeAnswer()].map((frame): [string, Uint8Array] => {
    return [`${decodeWithOracle(frame)[0]?.headers[':event-type']} of ${frame.length} bytes`, frame]
  }),
  ['messageStart of 127 bytes, the smallest message of AWS', event('messageStart', { p: 'ab', role: 'assistant' })],
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
  ['event of an unknown type', event('somethingNew', { a: [1, { b: 'c' }], p: 'abcdefgh' })],
  ['message of 300 bytes', event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'x'.repeat(160) } })],
]

/** The frame as it would be with a right checksum, for a look at the rest of it. */
function withRightCrc(frame: Uint8Array): Uint8Array {
  const right = frame.slice()
  new DataView(right.buffer).setUint32(right.length - CRC_BYTES, crc32(right, 0, 0, right.length - CRC_BYTES))
  return right
}

function expectSpoilt(expect: ExpectStatic, frame: Uint8Array, cut: number): void {
  const end = received(frame.subarray(0, cut))
  expect(end.length, `cut at ${cut}`).toBe(frame.length)
  expect(() => decodeFrameWithOracle(end), `cut at ${cut}`).toThrow(/message checksum/)
  const { headers, body } = decodeFrameWithOracle(withRightCrc(end))
  expect(Object.keys(headers).length, `cut at ${cut}`).toBeGreaterThan(0)
  const payloadAt = frame.length - CRC_BYTES - body.length
  const madeUp = body.subarray(Math.max(0, cut - payloadAt))
  expect(madeUp.every((byte) => byte === 0)).toBe(true)
}

describe('a stream that broke', () => {
  it('on a boundary ends with the framed exception and nothing else', ({ expect }) => {
    const whole = event('messageStart', { role: 'assistant' })
    const lone = endBrokenStream(null, MESSAGE, CUT_EXCEPTION) ?? new Uint8Array(0)
    expect(decodeWithOracle(lone)).toEqual([expect.objectContaining(EXCEPTION)])
    expect(received(whole)).toEqual(join(whole, lone))
  })

  it('behind a message that was corrupt already ends with the framed exception', ({ expect }) => {
    const corrupt = event('messageStart', { role: 'assistant' }).map((byte, at) => (at === 9 ? byte ^ 1 : byte))
    expect(received(corrupt)).toEqual(join(corrupt, endBrokenStream(null, MESSAGE, CUT_EXCEPTION) ?? new Uint8Array(0)))
  })

  it.for(KINDS)('inside the prelude of a %s becomes the exception', ([, frame], { expect }) => {
    for (let cut = 1; cut <= PRELUDE_BYTES; cut++) {
      const messages = decodeWithOracle(received(frame.subarray(0, cut)))
      expect(messages, `cut at ${cut}`).toHaveLength(1)
      const { headers, json } = messages[0] ?? {}
      expect(headers).toMatchObject({
        ':exception-type': 'modelStreamErrorException',
        ':message-type': 'exception',
      })
      expect(Object.values(headers ?? {}).every((value) => value === true || String(value).length > 0)).toBe(true)
      expect([{ message: MESSAGE }, { message: SHORT_MESSAGE }]).toContainEqual(json)
    }
  })

  it('inside a prelude with room says the whole message under all headers', ({ expect }) => {
    const frame = event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'x'.repeat(160) } })
    for (const cut of [1, 2, 3, 4, 5, 6, 7]) {
      const [message] = decodeWithOracle(received(frame.subarray(0, cut)))
      expect(message).toMatchObject(EXCEPTION)
    }
  })

  it.for(KINDS)(
    'at any later byte of a %s ends with headers that can be read, zeros, and a wrong checksum',
    ([, frame], { expect }) => {
      for (let cut = PRELUDE_BYTES + 1; cut < frame.length; cut++) expectSpoilt(expect, frame, cut)
    },
  )

  it('does so inside headers of every type', ({ expect }) => {
    for (let cut = PRELUDE_BYTES + 1; cut < EVERY_TYPE_OF_HEADER.length; cut++) {
      expectSpoilt(expect, EVERY_TYPE_OF_HEADER, cut)
    }
  })

  it('does so inside the largest header block, behind headers of the largest values', ({ expect }) => {
    const headers = encodeHeaders(['a', 'b', 'c', 'd'].map((name) => [name, 'x'.repeat(32_700)] as const))
    const frame = assembleFrame(headers, new Uint8Array(10))
    for (const cut of [13, 14, 15, 16, 17, 100, 32_716, 32_717, 32_718, 32_719, 32_720, 100_000]) {
      expectSpoilt(expect, frame, cut)
    }
  })

  it('does so in a message above 65,535 bytes, whose lengths have other bytes', ({ expect }) => {
    const frame = event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'x'.repeat(66_000) } })
    for (let cut = PRELUDE_BYTES + 1; cut < frame.length; cut += cut < 200 ? 1 : 9_999) expectSpoilt(expect, frame, cut)
  })

  it('does so from the first byte on in the largest message that AWS sends', ({ expect }) => {
    const payload = new Uint8Array(1_500_000).fill(0x78)
    const frame = assembleFrame(encodeHeaders(eventHeaders('chunk')), payload)
    for (const cut of [13, 50, 88, 700_000, frame.length - 1]) expectSpoilt(expect, frame, cut)
    expect(received(frame.subarray(0, PRELUDE_BYTES)).length).toBe(frame.length)
  })

  it('does so in a message too large to be held, where no more is missing than may be sent', ({ expect }) => {
    const payload = new Uint8Array(MAX_HELD_FRAME_BYTES).fill(0x78)
    const frame = assembleFrame(encodeHeaders(eventHeaders('contentBlockDelta')), payload)
    for (const missing of [1, 3, 4, 5, 1_000_000]) expectSpoilt(expect, frame, frame.length - missing)
  })

  it.for([
    ['lengths too short for the exception', Uint8Array.of(0, 0, 0, 40, 0)],
    ['headers that no bytes could mend', assembleFrame(Uint8Array.of(0, 0, 0), new Uint8Array(40)).subarray(0, 14)],
    ['a header block too short for any header', assembleFrame(new Uint8Array(2), new Uint8Array(40)).subarray(0, 12)],
    ['a name longer than its block', assembleFrame(Uint8Array.of(9, 97, 97), new Uint8Array(40)).subarray(0, 14)],
    ['a value longer than its block', assembleFrame(Uint8Array.of(1, 97, 7, 9, 9), new Uint8Array(40)).subarray(0, 16)],
  ] as [string, Uint8Array][])(
    'still ends with a wrong checksum at the announced length behind %s',
    ([, sent], { expect }) => {
      const end = received(sent)
      expect(end.length).toBe(new DataView(end.buffer).getUint32(0))
      expect(() => decodeFrameWithOracle(end)).toThrow(/message checksum/)
    },
  )

  it.for([
    [
      'a message that lacks more than is ever filled up',
      assembleFrame(new Uint8Array(0), new Uint8Array(MAX_REPAIR_BYTES + 90)).subarray(0, 50),
    ],
    ['a first byte that announces at least 16 MiB', Uint8Array.of(1)],
    ['a total that holds no message', Uint8Array.of(0, 0, 0, 15)],
    ['more headers than a message may have', Uint8Array.of(0, 8, 0, 0, 0, 4, 0, 0)],
  ] as [string, Uint8Array][])('can only be broken off behind %s', ([, sent], { expect }) => {
    expect(endingOf(sent)).toBeNull()
  })
})
