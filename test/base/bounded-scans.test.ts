/**
 * Scans over bytes that others write read each of them a bounded number of times, whatever they are. Reads are counted, not time: a
 * search that begins anew at every quote or escape shows at any size.
 */
import { describe, expect, test } from 'vitest'
import { parseBoundedJson } from '../../src/base/json.ts'
import { createJsonSkeleton } from '../../src/base/json-skeleton.ts'
import { countedBytes } from './counted-bytes.ts'

const SIZE_BYTES = 24_000

/** Fills a text with a pattern, up to the size. */
const much = (pattern: string) => pattern.repeat(Math.ceil(SIZE_BYTES / pattern.length))

const TEXTS: [string, string][] = [
  ['one long text', `{"a":"${much('x')}"}`],
  ['short texts', `{"a":[${much('"ab",')}"ab"]}`],
  ['empty texts', `[${much('"",')}""]`],
  ['escapes', `{"a":"${much('\\n')}"}`],
  ['escaped quotes', `{"a":"${much('\\"')}"}`],
  ['escaped backslashes', `{"a":"${much('\\\\')}"}`],
  ['short texts and one escape at the end', `[${much('"ab",')}"\\n"]`],
  ['texts of one escape each', `[${much('"\\"",')}"\\""]`],
  ['escapes and one quote at the end', `"${much('\\\\\\\\\\\\n')}"`],
  ['lists in lists', `{"a":${much('[')}`],
  ['empty lists', `{"a":[${much('[],')}[]]}`],
  ['objects in objects', `${much('{"a":')}`],
  ['members', `{${much('"member":1,')}"usage":{"n":1}}`],
  ['members with the same wanted name', `{${much('"usage":"x",')}"usage":{"n":1}}`],
  ['numbers', `[${much('0.123456,')}1]`],
  ['one long number', `[${much('1')}]`],
  ['white space', `{"a":${much(' \n')}1}`],
  ['commas', `[${much(',')}`],
  ['colons', `{"a"${much(':')}`],
  ['quotes', much('"')],
  ['backslashes', `"${much('\\')}`],
  ['closing brackets', much(']}')],
  ['control characters', much('\u0000')],
]

/** The most times that a byte may be read: looked at, searched for a quote and for a backslash, and copied. */
const READS_MAX = 5

const BOUNDS = { textMaxBytes: 64, memberMaxBytes: 256, maxBytes: 1_024 }
const LARGE_BOUNDS = { textMaxBytes: 1e6, memberMaxBytes: 1e6, maxBytes: 1e6 }

describe.each(TEXTS)('of %s each byte is read a bounded number of times', (_what, text) => {
  test.each([
    ['the skeleton', BOUNDS],
    ['the skeleton that keeps all', LARGE_BOUNDS],
    ['the skeleton of one member', { ...BOUNDS, only: new Set(['usage']) }],
  ])('by %s', (_scan, bounds) => {
    const { bytes, reads } = countedBytes(text)
    const skeleton = createJsonSkeleton(bounds)
    skeleton.push(bytes)
    skeleton.finish()
    expect(reads()).toBeGreaterThanOrEqual(text.length)
    expect(reads()).toBeLessThanOrEqual(READS_MAX * text.length)
  })

  test('by the count of entries', () => {
    const { bytes, reads } = countedBytes(text)
    // The engine, which builds the tree after the count, takes no bytes that count.
    expect(() => parseBoundedJson(bytes, Number.POSITIVE_INFINITY)).toThrow('TextDecoder')
    expect(reads()).toBeLessThanOrEqual(READS_MAX * text.length)
  })
})
