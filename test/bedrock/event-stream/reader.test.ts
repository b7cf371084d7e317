import { describe, it } from 'vitest'
import { crc32 } from '../../../src/bedrock/event-stream/crc32.ts'
import { assembleFrame, encodeHeaders } from '../../../src/bedrock/event-stream/encode.ts'
import { createFrameReader, type Frame, MAX_HELD_FRAME_BYTES } from '../../../src/bedrock/event-stream/reader.ts'
import { converseAnswer, decodeWithOracle, encodeTypedWithOracle, event, join, splits } from './oracle.ts'

type Seen = { headers: Record<string, string | null>; text: string | null; payloadBytes: number }

function read(blocks: readonly Uint8Array[]) {
  const seen: Seen[] = []
  const reader = createFrameReader({
    onFrame({ headers, payload, payloadBytes }: Frame) {
      const text = payload === null ? null : new TextDecoder().decode(payload)
      seen.push({ headers: Object.fromEntries(headers), text, payloadBytes })
    },
  })
  for (const block of blocks) reader.push(block)
  return { seen, reader }
}

/** A message around any header bytes, with right checksums. */
function frameOf(headerBlock: readonly number[]): Uint8Array {
  return assembleFrame(Uint8Array.from(headerBlock), new TextEncoder().encode('{}'))
}

function withByteChanged(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice()
  changed[at] = (changed[at] as number) ^ 1
  return changed
}

const stream = join(...converseAnswer().slice(0, 4))

describe('createFrameReader', () => {
  it('sees the same messages as Smithy, however the stream is cut into blocks', ({ expect }) => {
    const expected = decodeWithOracle(stream).map(({ headers, text }) => ({ headers, text }))
    for (const blocks of splits(stream)) {
      const { seen, reader } = read(blocks)
      expect(seen.map(({ headers, text }) => ({ headers, text }))).toEqual(expected)
      expect([reader.ending, reader.frames, reader.bytes]).toEqual(['boundary', 4, stream.length])
    }
  })

  it('says half after every cut inside a message, and boundary after every whole one', ({ expect }) => {
    const ends = new Set([0])
    for (const frame of converseAnswer().slice(0, 4)) ends.add(Math.max(...ends) + frame.length)
    for (let cut = 0; cut <= stream.length; cut++) {
      const { reader } = read([stream.subarray(0, cut)])
      expect(reader.ending).toBe(ends.has(cut) ? 'boundary' : 'half')
      const lastEnd = Math.max(...[...ends].filter((end) => end <= cut))
      expect(reader.half()?.sentBytes ?? 0).toBe(cut - lastEnd)
      expect([...(reader.half()?.held ?? [])]).toEqual([...stream.subarray(lastEnd, cut)])
    }
  })

  it('reads headers of all ten types and hands out the strings', ({ expect }) => {
    const frame = encodeTypedWithOracle(
      {
        yes: { type: 'boolean', value: true },
        no: { type: 'boolean', value: false },
        byte: { type: 'byte', value: -1 },
        short: { type: 'short', value: 300 },
        int: { type: 'integer', value: -70_000 },
        long: { type: 'long', value: { bytes: new Uint8Array(8), valueOf: () => 0 } },
        bytes: { type: 'binary', value: Uint8Array.of(1, 2, 3) },
        text: { type: 'string', value: 'größer' },
        time: { type: 'timestamp', value: new Date(1_700_000_000_000) },
        id: { type: 'uuid', value: '01234567-89ab-cdef-0123-456789abcdef' },
      },
      '{}',
    )
    const { seen, reader } = read([frame])
    expect(reader.ending).toBe('boundary')
    expect(Object.keys(seen[0]?.headers ?? {})).toEqual('yes no byte short int long bytes text time id'.split(' '))
    expect(seen[0]?.headers.text).toBe('größer')
    expect(seen[0]?.headers.id).toBeNull()
  })

  it('is corrupt after any single changed bit, and tells of no message that had one', ({ expect }) => {
    const frame = event('messageStart', { role: 'assistant' })
    for (let at = 0; at < frame.length; at++) {
      for (const blocks of [[withByteChanged(frame, at)], [...splits(withByteChanged(frame, at))][1] ?? []]) {
        const { seen, reader } = read(blocks)
        expect([reader.ending, seen.length, reader.half()]).toEqual(['corrupt', 0, null])
      }
    }
  })

  it('stays corrupt whatever follows, and keeps counting bytes', ({ expect }) => {
    const { seen, reader } = read([withByteChanged(stream, 8), stream])
    expect([reader.ending, seen.length, reader.bytes]).toEqual(['corrupt', 0, 2 * stream.length])
  })

  it.for([
    ['two headers of one name', [1, 0x61, 7, 0, 1, 0x78, 1, 0x61, 7, 0, 1, 0x79]],
    ['an empty name', [0, 7, 0, 1, 0x78]],
    ['a name beyond the block', [9, 0x61, 7]],
    ['a name without a type', [1, 0x61]],
    ['a type that does not exist', [1, 0x61, 10, 0]],
    ['a string beyond the block', [1, 0x61, 7, 0, 5, 0x78]],
    ['a string without its length', [1, 0x61, 7, 0]],
    ['a string above 32,767 bytes', [1, 0x61, 7, 0x80, 0, ...new Array<number>(32_768).fill(0x78)]],
    ['an integer beyond the block', [1, 0x61, 4, 0, 0]],
  ] as [string, number[]][])(
    'is corrupt where the checksums are right and there is %s',
    ([, headerBlock], { expect }) => {
      const { seen, reader } = read([frameOf(headerBlock)])
      expect([reader.ending, seen.length]).toEqual(['corrupt', 0])
    },
  )

  it.for([
    ['a total below the least message', 15, 0],
    ['headers that leave no room for the rest', 40, 25],
    ['headers above 131,072 bytes', 200_000, 131_073],
  ] as [string, number, number][])('is corrupt at the prelude for %s', ([, totalBytes, headersBytes], { expect }) => {
    const prelude = new Uint8Array(12)
    const view = new DataView(prelude.buffer)
    view.setUint32(0, totalBytes)
    view.setUint32(4, headersBytes)
    view.setUint32(8, crc32(prelude, 0, 0, 8))
    expect(read([prelude]).reader.ending).toBe('corrupt')
  })

  it('checks a message above the holding limit without keeping its payload, and goes on after it', ({ expect }) => {
    const headerBlock = encodeHeaders([[':event-type', 'contentBlockDelta']])
    const large = assembleFrame(headerBlock, new Uint8Array(MAX_HELD_FRAME_BYTES).fill(0x20))
    const blocks = [
      large.subarray(0, 7),
      large.subarray(7, 1_000_000),
      large.subarray(1_000_000, -2),
      large.subarray(-2),
    ]
    const { seen, reader } = read([...blocks, event('messageStop', {})])
    expect(seen.map(({ text, payloadBytes }) => [text, payloadBytes])).toEqual([
      [null, MAX_HELD_FRAME_BYTES],
      ['{}', 2],
    ])
    expect(reader.ending).toBe('boundary')
    expect(read([large.subarray(0, 1_000), withByteChanged(large, 1_200).subarray(1_000)]).reader.ending).toBe(
      'corrupt',
    )
    expect(read([large.subarray(0, 1_000_000)]).reader.half()?.held.length).toBe(12 + headerBlock.length)
  })
})
