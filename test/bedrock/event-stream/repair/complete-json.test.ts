import { describe, it } from 'vitest'
import { completeJson } from '../../../../src/bedrock/event-stream/repair/complete-json.ts'

const utf8 = new TextEncoder()
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function completed(prefix: string, event = '', roomBytes = 1_000): string | null {
  const rest = completeJson(utf8.encode(prefix), event, roomBytes)
  return rest === null ? null : prefix + strictUtf8.decode(rest)
}

const AWKWARD: readonly string[] = [
  '{}',
  '[]',
  ' { "a" : [ ] , "b" : { } } ',
  '{"a":[1,-2.5e-10,0.25E+3,true,false,null,[[],{}],{"b":{"c":[{"d":""}]}}]}',
  '{"text":"\\\\","\\"":"\\"\\\\\\"","x":"\\\\\\\\"}',
  '{"e":"\\u00e9","pair":"\\ud83d\\ude00\\uD83D\\uDE00","n":"\\n\\t\\/\\b\\f\\r"}',
  '{"größe":"漢字 😀 é \u0800\u{10000}"}',
  '{"constructor":{"__proto__":{"toString":1}},"hasOwnProperty":[1]}',
  '"only a string"',
  '-12.5e+10',
  'false',
]

describe('completeJson', () => {
  it('closes valid JSON cut at any byte within the bytes that were lost', ({ expect }) => {
    for (const text of AWKWARD) {
      const bytes = utf8.encode(text)
      for (let cut = 0; cut <= bytes.length; cut++) {
        for (const event of ['', 'contentBlockDelta', 'messageStop', 'chunk']) {
          const rest = completeJson(bytes.subarray(0, cut), event, bytes.length - cut)
          const whole = Uint8Array.of(...bytes.subarray(0, cut), ...(rest ?? utf8.encode('no closing')))
          expect(() => JSON.parse(strictUtf8.decode(whole)), `${text} at ${cut}`).not.toThrow()
          expect(whole.length).toBeLessThanOrEqual(bytes.length)
          expect(JSON.stringify(JSON.parse(strictUtf8.decode(whole)))).not.toMatch(/\\ud[89a-f]/)
        }
      }
    }
  })

  it.for([
    ['', '{"contentBlockIndex":0,"delta":{"text":""}}'],
    ['{"contentBlockIndex":3', '{"contentBlockIndex":3,"delta":{"text":""}}'],
    ['{"contentBlockIndex":3,"de', '{"contentBlockIndex":3,"delta":{"text":""}}'],
    ['{"contentBlockIndex":3,', '{"contentBlockIndex":3,"delta":{"text":""}}'],
    ['{"contentBlockIndex":3,"delta":{', '{"contentBlockIndex":3,"delta":{"text":""}}'],
    ['{"contentBlockIndex":3,"delta":{"toolU', '{"contentBlockIndex":3,"delta":{"toolUse":{"input":""}}}'],
    ['{"contentBlockIndex":3,"delta":{"text":"Hel', '{"contentBlockIndex":3,"delta":{"text":"Hel"}}'],
    ['{"delta":{"reasoningContent":{', '{"delta":{"reasoningContent":{"text":""}},"contentBlockIndex":0}'],
    ['{"delta":{"new":{"a":1', '{"delta":{"new":{"a":1}},"contentBlockIndex":0}'],
  ] as [string, string][])('brings an empty member of a cut delta back: %s', ([prefix, whole], { expect }) => {
    expect(completed(prefix, 'contentBlockDelta')).toBe(whole)
  })

  it('makes up no stop reason and no counter', ({ expect }) => {
    expect(completed('', 'messageStop')).toBe('{"stopReason":""}')
    expect(completed('', 'metadata')).toBe('{}')
    expect(completed('{"usage":{"inputTok', 'metadata')).toBe('{"usage":{"inputTok":0}}')
  })

  it('leaves the members out where there is room for the brackets only', ({ expect }) => {
    expect(completed('{"contentBlockIndex":3', 'contentBlockDelta', 5)).toBe('{"contentBlockIndex":3}')
    expect(completed('{"a":[', '', 1)).toBeNull()
  })

  it('turns a chunk cut at any byte into a chunk whose base64 is whole JSON', ({ expect }) => {
    const inner = '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Grüße \\"漢\\" 😀\\n"}}'
    const base64 = btoa(String.fromCharCode(...utf8.encode(inner)))
    const text = `{"bytes":"${base64}","p":"abcdefghijkl"}`
    for (let cut = 0; cut <= text.length; cut++) {
      const whole = completed(text.slice(0, cut), 'chunk', text.length - cut)
      const { bytes } = JSON.parse(whole ?? '') as { bytes: string }
      const decoded = Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0))
      expect(() => JSON.parse(strictUtf8.decode(decoded)), `${cut}: ${whole}`).not.toThrow()
    }
  })

  it('fills base64 of other things up to whole groups', ({ expect }) => {
    for (const member of ['redactedContent', 'bytes']) {
      for (const cut of ['A', 'AB', 'ABC', 'ABCD', 'ABCDEFG=', 'ABCDEF=']) {
        const whole = JSON.parse(completed(`{"${member}":"${cut}`) ?? '') as Record<string, string>
        expect(whole[member]).toMatch(/^(?:[A-Z]{4})*(?:[A-Z]{2}==|[A-Z]{3}=)?$/)
        expect(whole[member]?.startsWith(cut)).toBe(true)
      }
    }
  })

  it.for([
    '}',
    '{]',
    '{"a" 1',
    '{"a":x',
    '{"a":"\\q',
    '{"a":"\\u00g',
    '{"a":"\n',
    'hello',
    '{"a":1}}',
    '[1 2',
    '{1',
    '[01',
    '[1-',
    '[-,',
  ])('finds no closing for what is no JSON: %j', (text, { expect }) => {
    expect(completeJson(utf8.encode(text), '', 1_000)).toBeNull()
  })
})
