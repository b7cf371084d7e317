/** JSON of any size is reduced to its skeleton as it passes, whatever blocks it comes in. */
import { describe, expect, test } from 'vitest'
import { createJsonSkeleton } from '../../src/base/json-skeleton.ts'

const BOUNDS = { textMaxBytes: 64, memberMaxChars: 400, maxChars: 2_000 }

function skeletonOf(json: string | Uint8Array, blockBytes = Number.POSITIVE_INFINITY) {
  const bytes = typeof json === 'string' ? new TextEncoder().encode(json) : json
  const skeleton = createJsonSkeleton(BOUNDS)
  for (let at = 0; at < bytes.length; at += Math.min(blockBytes, bytes.length)) {
    skeleton.push(bytes.subarray(at, at + blockBytes))
  }
  return skeleton.finish()
}

const LONG = 'A'.repeat(1_000)

describe('the skeleton of an answer', () => {
  test.each([
    [
      'what is short stays as it is',
      { a: [1, 'x', null, true], b: { c: -1.5e3 } },
      { a: [1, 'x', null, true], b: { c: -1.5e3 } },
    ],
    [
      'long texts become empty, and are still counted',
      { images: [LONG, LONG, LONG], usage: { n: 3 } },
      { images: ['', '', ''], usage: { n: 3 } },
    ],
    [
      'a member that stays large is left out',
      { embedding: Array(500).fill(0.25), usage: { n: 1 } },
      { usage: { n: 1 } },
    ],
    ['at the end too', { usage: { n: 1 }, embedding: Array(500).fill(0.25) }, { usage: { n: 1 } }],
    ['between others', { a: 1, embedding: Array(500).fill(0.25), b: 2 }, { a: 1, b: 2 }],
    [
      'quotes, backslashes and braces inside texts are text',
      { a: '"}],{[\\', b: `\\"${LONG}\\\\`, c: 1 },
      { a: '"}],{[\\', b: '', c: 1 },
    ],
    [
      'commas and brackets inside texts are text too',
      { a: ',,[,{,', b: Array(500).fill(1), c: ',' },
      { a: ',,[,{,', c: ',' },
    ],
    ['text of any script', { a: 'ü€😀', b: '\u0000\u2028' }, { a: 'ü€😀', b: '\u0000\u2028' }],
  ])('%s, in blocks of every size', (_case, value, expected) => {
    const json = JSON.stringify(value)
    for (const blockBytes of [1, 2, 3, 7, 64, Number.POSITIVE_INFINITY]) {
      expect(skeletonOf(json, blockBytes)).toEqual({ isWhole: true, value: expected })
    }
  })

  test.each([
    '{"a":1',
    '{"a":"x',
    '[1,2',
    '',
    '   ',
    '{"a":1}x',
    '{"a":1}{"b":2}',
    '<html></html>',
    '{"a":}',
    '{"a":1]',
    '{"a":1,}',
    '1',
    '"a"',
  ])('%j is not whole', (text) => {
    expect(skeletonOf(text).isWhole).toBe(false)
  })

  test('is found in 20 MB in blocks of 64 KiB, and stays small', () => {
    const image = 'B'.repeat(4_000_000)
    const bytes = new TextEncoder().encode(`{"images":["${Array(5).fill(image).join('","')}"],"usage":{"images":5}}`)
    expect(skeletonOf(bytes, 65_536)).toEqual({
      isWhole: true,
      value: { images: ['', '', '', '', ''], usage: { images: 5 } },
    })
  })

  test('of hostile nesting neither throws nor grows', () => {
    const deep = '['.repeat(1_000_000)
    expect(skeletonOf(deep).isWhole).toBe(false)
    expect(skeletonOf(`{"a":${'[],'.repeat(100_000)}1,"usage":2}`).isWhole).toBe(false)
  })
})
