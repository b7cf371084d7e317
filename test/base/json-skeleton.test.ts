/** JSON of any size is reduced to its skeleton as it passes, whatever blocks it comes in. */
import { describe, expect, test } from 'vitest'
import { createJsonSkeleton } from '../../src/base/json-skeleton.ts'

const BOUNDS = { textMaxBytes: 64, memberMaxBytes: 400, maxBytes: 2_000 }

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

  test.each([
    ['short texts', `{"a":[${Array(1_000_000).fill('"abcdef"').join()}],"usage":{"n":1}}`],
    ['escapes', `{"a":"${'\\n\\"'.repeat(2_000_000)}","usage":{"n":1}}`],
    ['numbers', `{"a":[${Array(1_000_000).fill('0.123456').join()}],"usage":{"n":1}}`],
  ])('of 8 MB of %s is found in the time of a scan', (_case, json) => {
    const startedMs = performance.now()
    expect(skeletonOf(json, 65_536)).toMatchObject({ isWhole: true, value: { usage: { n: 1 } } })
    // A search that begins anew at each text takes ten seconds and more.
    expect(performance.now() - startedMs).toBeLessThan(2_000)
  })

  test('of JSON without anything long is that JSON, and no part of it is whole', () => {
    let seed = 7
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % below
    }
    const pieces = ['', 'a', '"', '\\', 'x\\"y', '{[,]}', 'ü😀', '\n\u0000']
    const make = (depth: number): unknown => {
      const kind = random(depth > 2 ? 4 : 6)
      if (kind < 2) return Array.from({ length: random(4) }, () => pieces[random(pieces.length)]).join('')
      if (kind < 4) return [null, true, false, -0.5e-7, 12][random(5)]
      const items = Array.from({ length: random(4) }, () => make(depth + 1))
      return kind === 4 ? items : Object.fromEntries(items.map((item, at) => [`${pieces[random(8)]}${at}`, item]))
    }
    for (let turn = 0; turn < 200; turn++) {
      const value = { [`k${turn}`]: make(0), usage: make(0) }
      const bytes = new TextEncoder().encode(JSON.stringify(value, null, random(2)))
      const skeleton = createJsonSkeleton({ textMaxBytes: 1_000, memberMaxBytes: 100_000, maxBytes: 200_000 })
      for (let at = 0; at < bytes.length; ) {
        const to = at + 1 + random(9)
        skeleton.push(bytes.subarray(at, to))
        at = to
        if (at < bytes.length) expect(skeleton.finish().isWhole).toBe(false)
      }
      expect(skeleton.finish()).toEqual({ isWhole: true, value })
    }
  })

  test('of hostile nesting neither throws nor grows', () => {
    const deep = '['.repeat(1_000_000)
    expect(skeletonOf(deep).isWhole).toBe(false)
    expect(skeletonOf(`{"a":${'[],'.repeat(100_000)}1,"usage":2}`).isWhole).toBe(false)
  })
})
