import { describe, it } from 'vitest'
import { crc32 } from '../../../src/bedrock/event-stream/crc32.ts'

const text = new TextEncoder().encode('123456789')

describe('crc32', () => {
  it('gives the check value that the catalogue of CRCs lists for CRC-32/ISO-HDLC', ({ expect }) => {
    expect(crc32(text)).toBe(0xcbf43926)
    expect(crc32(new Uint8Array(0))).toBe(0)
  })

  it('goes on from an earlier checksum, wherever the bytes are split', ({ expect }) => {
    for (let at = 0; at <= text.length; at++) {
      expect(crc32(text.subarray(at), crc32(text.subarray(0, at)))).toBe(0xcbf43926)
    }
  })

  it('covers only the range asked for', ({ expect }) => {
    expect(crc32(text, 0, 2, 7)).toBe(crc32(text.subarray(2, 7)))
  })
})
