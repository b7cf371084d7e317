import { describe, expect, test } from 'vitest'
import { canonicalQuery, QUERY_MAX_CHARS } from '../../../src/bedrock/signing/canonical-query.ts'

const UNRESERVED = /^[A-Za-z0-9._~-]$/

describe('canonicalQuery', () => {
  test('spells every character of UTF-16 in the one way that is signed, in a name and in a value', () => {
    for (let unit = 0; unit <= 0xffff; unit++) {
      const char = String.fromCharCode(unit)
      if ('%&='.includes(char)) continue
      const result = canonicalQuery(`?a${char}=b${char}`)
      if (unit >= 0xd800 && unit <= 0xdfff) {
        expect(result, `unit ${unit}`).toMatchObject({
          ok: false,
          reason: { part: 'query parameter', name: `a${char}` },
        })
        continue
      }
      const spelt = UNRESERVED.test(char)
        ? char
        : Array.from(
            new TextEncoder().encode(char),
            (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
          ).join('')
      expect(result, `unit ${unit}`).toEqual({ ok: true, value: `?a${spelt}=b${spelt}` })
    }
  })

  test('keeps the meaning of every escaped byte of ASCII, and its own output as it is', () => {
    for (let byte = 0; byte < 0x80; byte++) {
      const escaped = `%${byte.toString(16).padStart(2, '0')}`
      const result = canonicalQuery(`?a=${escaped}`)
      if (!result.ok) throw new Error(escaped)
      expect(decodeURIComponent(result.value)).toBe(`?a=${String.fromCharCode(byte)}`)
      expect(canonicalQuery(result.value)).toEqual(result)
      // What is fetched is what was signed: a URL leaves it alone, and a signer reads the value that was meant.
      const url = new URL(`https://aws.example/${result.value}`)
      expect(url.search).toBe(result.value)
      expect(url.searchParams.get('a')).toBe(String.fromCharCode(byte))
    }
  })

  test.each([
    ['', ''],
    ['?', ''],
    ['?&&', ''],
    ['?a', '?a='],
    ['?a=b+c', '?a=b%2Bc'],
    ['?a=1=2', '?a=1%3D2'],
    ['?b=2&a=1&b=1', '?b=2&a=1&b=1'],
    ['?a=%c3%a9', '?a=%C3%A9'],
    ['?amz=1&x-am=1', '?amz=1&x-am=1'],
  ])('makes of %j the query %j', (search, value) => {
    expect(canonicalQuery(search)).toEqual({ ok: true, value })
  })

  test.each([
    ['?a=%', 'a'],
    ['?a=1&b=%4', 'b'],
    ['?%g0=1', '%g0'],
    ['?a=%e9', 'a'],
    ['?a=%f0%9f', 'a'],
    ['?=1', ''],
    ['?X-Amz-Signature=1', 'X-Amz-Signature'],
    ['?a=1&x%2Damz%2Ddate', 'x%2Damz%2Ddate'],
  ])('refuses %j by the name %j', (search, name) => {
    const reason = { kind: 'unsignable', part: 'query parameter', name, detail: expect.stringMatching(/./) }
    expect(canonicalQuery(search)).toEqual({ ok: false, reason })
  })

  test('bounds the query and names the parameter that is too much', () => {
    const long = `?a=1&b=${'x'.repeat(QUERY_MAX_CHARS - '?a=1&b='.length)}`
    expect(canonicalQuery(long)).toEqual({ ok: true, value: long })
    expect(canonicalQuery(`${long}x`)).toMatchObject({ ok: false, reason: { name: 'b' } })
    expect(canonicalQuery(`${long}&c=1`)).toMatchObject({ ok: false, reason: { name: 'c' } })
  })
})
