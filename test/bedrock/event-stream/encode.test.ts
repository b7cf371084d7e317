import { describe, it } from 'vitest'
import { encodeFrame, exceptionFrame } from '../../../src/bedrock/event-stream/encode.ts'
import { decodeWithOracle, encodeWithOracle, eventHeaders } from './oracle.ts'

describe('encodeFrame', () => {
  it.for([
    ['an event', eventHeaders('messageStart'), '{"role":"assistant"}'],
    ['no headers', [], 'payload'],
    ['no payload', eventHeaders('metadata'), ''],
    ['nothing at all', [], ''],
    ['text beyond ASCII', [['a', 'größer 漢字 😀']], '{"message":"größer 😀"}'],
    ['the longest header value', [['name', 'x'.repeat(32_767)]], ''],
  ] as [string, [string, string][], string][])(
    'writes the bytes that Smithy writes for %s',
    ([, headers, payload], { expect }) => {
      const frame = encodeFrame(headers, new TextEncoder().encode(payload))
      expect(frame).toEqual(new Uint8Array(encodeWithOracle(headers, payload)))
    },
  )

  it('refuses names and values that the format cannot hold', ({ expect }) => {
    expect(() => encodeFrame([['', 'x']], new Uint8Array(0))).toThrow(RangeError)
    expect(() => encodeFrame([['n'.repeat(256), 'x']], new Uint8Array(0))).toThrow(RangeError)
    expect(() => encodeFrame([['n', 'x'.repeat(32_768)]], new Uint8Array(0))).toThrow(RangeError)
  })
})

describe('exceptionFrame', () => {
  it('is an exception message with its headers in the order of Bedrock', ({ expect }) => {
    const [message] = decodeWithOracle(exceptionFrame('throttlingException', 'Too many "tokens"'))
    expect(Object.entries(message?.headers ?? {})).toEqual([
      [':exception-type', 'throttlingException'],
      [':content-type', 'application/json'],
      [':message-type', 'exception'],
    ])
    expect(message?.json).toEqual({ message: 'Too many "tokens"' })
  })
})
