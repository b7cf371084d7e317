import { describe, expect, test } from 'vitest'
import { SIGNED_HEADERS_MAX_BYTES, signableHeaders } from '../../../src/bedrock/signing/signable-headers.ts'

describe('signableHeaders', () => {
  test('takes printable ASCII and tabs, and refuses every other character of UTF-16 by the name of its header', () => {
    for (let unit = 0; unit <= 0xffff; unit++) {
      const char = String.fromCharCode(unit)
      const result = signableHeaders({ accept: 'a/b', 'x-amzn-bedrock-trace': `a${char}b` })
      if (char === '\t' || (unit >= 0x20 && unit <= 0x7e)) {
        const value = { accept: 'a/b', 'x-amzn-bedrock-trace': char === '\t' ? 'a b' : `a${char}b` }
        expect(result, `unit ${unit}`).toEqual({ ok: true, value })
      } else {
        expect(result, `unit ${unit}`).toMatchObject({
          ok: false,
          reason: { kind: 'unsignable', part: 'header', name: 'x-amzn-bedrock-trace' },
        })
      }
    }
  })

  test.each([
    ['', ''],
    [' \t ', ''],
    ['  a  ', 'a'],
    ['\ta\tb\t', 'a b'],
    ['a  b   c', 'a  b   c'],
    ['a\t\tb', 'a  b'],
    ['"  quoted  "', '"  quoted  "'],
  ])('makes of %j the value %j', (value, sent) => {
    expect(signableHeaders({ accept: value })).toEqual({ ok: true, value: { accept: sent } })
  })

  test('bounds what all of them have together, names and values', () => {
    const room = SIGNED_HEADERS_MAX_BYTES - 'accept'.length - 'x-amzn-bedrock-a'.length
    const headers = (length: number) => ({ accept: 'x', 'x-amzn-bedrock-a': 'x'.repeat(length) })
    expect(signableHeaders(headers(room - 1)).ok).toBe(true)
    expect(signableHeaders(headers(room))).toMatchObject({ ok: false, reason: { name: 'x-amzn-bedrock-a' } })
  })

  test('takes no headers at all', () => {
    expect(signableHeaders({})).toEqual({ ok: true, value: {} })
  })
})
