/** JSON that callers wrote is built only where its tree is of bounded size. */
import { describe, expect, test } from 'vitest'
import { JSON_ENTRIES_MAX, parseBoundedJson } from '../../src/base/json.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const list = (entries: number) => `[${Array.from({ length: entries }, () => '1').join(',')}]`

describe('JSON from a caller', () => {
  test('is read up to its bound and not at one entry more', () => {
    expect(parseBoundedJson(bytes(list(10)), 10)).toHaveLength(10)
    expect(parseBoundedJson(bytes(list(11)), 10)).toBeNull()
  })

  test.each([
    ['brackets and commas in a text', `{"a":"${'[{,'.repeat(100)}"}`],
    ['a quote in a text', `{"a":"${'\\",'.repeat(100)}"}`],
    ['a text that ends in a backslash', `{"a":"\\\\","b":"${','.repeat(100)}"}`],
  ])('counts %s as no entry', (_case, text) => {
    expect(parseBoundedJson(bytes(text), 2)).toEqual(JSON.parse(text))
  })

  test.each([
    ['a list of empty lists', `{"requestMetadata":{"a":"b"},"x":[${'[],'.repeat(8_000_000)}[]]}`],
    ['lists inside each other', `{"requestMetadata":{"a":"b"},"x":${'['.repeat(24_000_000)}`],
    ['objects of one member', `{"requestMetadata":{"a":"b"},"x":[${'{"":0},'.repeat(3_400_000)}0]}`],
  ])('of 24 MB that is %s is not built', (_case, text) => {
    expect(text.length).toBeGreaterThan(23_000_000)
    expect(parseBoundedJson(bytes(text))).toBeNull()
  })

  test('of 24 MB in one text is read, as an image in a request is', () => {
    const text = `{"requestMetadata":{"a":"b"},"image":"${'A'.repeat(24_000_000)}"}`
    expect(parseBoundedJson(bytes(text))).toMatchObject({ requestMetadata: { a: 'b' } })
  })

  test('that never closes its text is null', () => {
    expect(parseBoundedJson(bytes('{"a":"b'))).toBeNull()
  })

  test(`may have ${JSON_ENTRIES_MAX} entries, more than any prompt has`, () => {
    expect(parseBoundedJson(bytes(list(JSON_ENTRIES_MAX)))).toHaveLength(JSON_ENTRIES_MAX)
  })
})
