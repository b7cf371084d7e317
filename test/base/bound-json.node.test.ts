/** Runs in Node, because the clock of workerd stands still while it computes. */
import { describe, expect, test } from 'vitest'
import { boundJson, type JsonBounds } from '../../src/base/bound-json.ts'

const BOUNDS: JsonBounds = { maxDepth: 4, maxEntries: 10, maxTextChars: 20, maxChars: 200 }

const bound = (value: unknown, bounds: Partial<JsonBounds> = {}) => boundJson(value, { ...BOUNDS, ...bounds })

/** `{"a":{"a":…}}` or `[[…]]` without recursion. */
function nested(depth: number, kind: 'object' | 'list'): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = kind === 'object' ? { a: value } : [value]
  return value
}

describe('a value within the bounds', () => {
  test.each([
    ['an object', { a: 1, b: [true, false, null, 'x', { c: -1.5e300 }] }],
    ['an empty one', {}],
    ['a text', 'twenty characters...'],
    ['a member that JSON leaves out', { a: undefined, b: 1 }],
    ['a name that is special to objects', JSON.parse('{"__proto__":{"x":1},"constructor":2}')],
    ['a text with an emoji', '💸'],
  ])('comes out equal: %s', (_, value) => {
    const copy = bound(value)
    expect(copy.truncated).toBe(false)
    expect(JSON.stringify(copy.value)).toBe(JSON.stringify(value))
  })
})

describe('a value beyond the bounds', () => {
  test.each([
    ['too deep', { a: { b: { c: { d: { e: 1 } } } }, z: 1 }, { a: { b: { c: {} } }, z: 1 }],
    ['too many members', { a: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] }, { a: [1, 2, 3, 4, 5, 6, 7, 8, 9] }],
    ['too long a text', 'x'.repeat(21), 'x'.repeat(20)],
    ['too long a name', { ['x'.repeat(21)]: 1, y: 2 }, { y: 2 }],
    ['half a surrogate pair and NUL', { 'a\ud800': 'b\0' }, { 'a\ufffd': 'b\ufffd' }],
    ['numbers that JSON does not have', [Number.NaN, Number.POSITIVE_INFINITY, 1], [1]],
    ['what has no JSON', { a: 5n, b: () => 1, c: Symbol('s'), d: 1 }, { d: 1 }],
  ])('keeps what fits and says so: %s', (_, value, kept) => {
    expect(bound(value)).toEqual({ value: kept, truncated: true })
  })

  test('a list that is too deep is left out, its neighbours are not', () => {
    expect(bound([[[[[1]]]], 2])).toEqual({ value: [[[[]]], 2], truncated: true })
  })

  test('nothing at all can be kept of a bigint', () => {
    expect(bound(5n)).toEqual({ value: undefined, truncated: true })
  })
})

describe('whatever the value is', () => {
  const fail = () => {
    throw new Error('no')
  }
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  const hostile: [string, unknown][] = [
    ['100,000 objects deep', nested(100_000, 'object')],
    ['100,000 lists deep', nested(100_000, 'list')],
    ['a million keys', Object.fromEntries(Array.from({ length: 1_000_000 }, (_, index) => [`k${index}`, index]))],
    ['a million elements', Array.from({ length: 1_000_000 }, () => ({ a: 1 }))],
    ['50 MB of text', 'x'.repeat(50_000_000)],
    ['text of which each character is escaped', '\u0001'.repeat(100_000)],
    ['a cycle', cycle],
    ['a member that throws', Object.defineProperty({}, 'a', { enumerable: true, get: fail })],
    ['a proxy that throws', new Proxy({}, { ownKeys: fail })],
    ['a toJSON that throws', { toJSON: fail }],
    ['a date', { at: new Date(0), never: new Date(Number.NaN) }],
  ]

  test.each(hostile)('the copy is JSON within the bounds, made in a moment: %s', (_, value) => {
    const startedMs = performance.now()
    const copy = bound(value, { maxTextChars: 1_000, maxChars: 300, maxEntries: 30 })
    const json = JSON.stringify(copy.value) ?? ''
    expect(performance.now() - startedMs).toBeLessThan(2_000)
    expect(json.length).toBeLessThanOrEqual(300)
    // A bounded value is bounded: the same bounds change nothing more.
    expect(bound(copy.value, { maxTextChars: 1_000, maxChars: 300, maxEntries: 30 })).toEqual({
      value: copy.value,
      truncated: copy.value === undefined,
    })
  })
})
