import { describe, it } from 'vitest'
import { encodeFrame, exceptionFrame } from '../../../src/bedrock/event-stream/encode.ts'
import { createFirstFrameReader, FIRST_FRAME_MAX_BYTES } from '../../../src/bedrock/event-stream/first-frame.ts'
import { encodeWithOracle, event, eventHeaders, join } from './oracle.ts'

const start = event('messageStart', { role: 'assistant' })

describe('createFirstFrameReader', () => {
  it('knows nothing until the last byte of the first message, and then calls an event content', ({ expect }) => {
    for (let cut = 0; cut <= start.length; cut++) {
      const kind = createFirstFrameReader().push(start.subarray(0, cut)).kind
      expect(kind).toBe(cut === start.length ? 'content' : 'incomplete')
    }
  })

  it('reads an exception byte by byte, with what the model answered', ({ expect }) => {
    const frame = encodeWithOracle(
      [
        [':exception-type', 'modelStreamErrorException'],
        [':content-type', 'application/json'],
        [':message-type', 'exception'],
      ],
      '{"message":"no","originalStatusCode":424}',
    )
    const probe = createFirstFrameReader()
    for (const byte of frame.subarray(0, -1)) expect(probe.push(Uint8Array.of(byte))).toEqual({ kind: 'incomplete' })
    const answer = probe.push(frame.subarray(-1))
    expect(answer).toMatchObject({
      kind: 'exception',
      type: 'modelStreamErrorException',
      message: 'no',
      originalStatusCode: 424,
    })
    expect(answer.kind === 'exception' && new TextDecoder().decode(answer.payload)).toBe(
      '{"message":"no","originalStatusCode":424}',
    )
  })

  it('reads an unmodelled error by its code', ({ expect }) => {
    const headers = [
      [':message-type', 'error'],
      [':error-code', 'InternalFailure'],
      [':error-message', 'sorry'],
    ] as const
    const answer = createFirstFrameReader().push(encodeFrame(headers, new Uint8Array(0)))
    expect(answer).toEqual({ kind: 'exception', type: 'InternalFailure', message: 'sorry', payload: new Uint8Array(0) })
  })

  it('keeps its first answer, so an exception after content is content', ({ expect }) => {
    const probe = createFirstFrameReader()
    expect(probe.push(join(start, exceptionFrame('throttlingException', 'slow')))).toEqual({ kind: 'content' })
    expect(probe.push(Uint8Array.of(1, 2, 3))).toEqual({ kind: 'content' })
  })

  it('takes an unknown event for content', ({ expect }) => {
    expect(createFirstFrameReader().push(event('somethingNew', {}))).toEqual({ kind: 'content' })
  })

  it('does not wait for a message above 64 KiB', ({ expect }) => {
    const large = encodeWithOracle(eventHeaders('contentBlockDelta'), 'x'.repeat(FIRST_FRAME_MAX_BYTES))
    const probe = createFirstFrameReader()
    expect(probe.push(large.subarray(0, 11))).toEqual({ kind: 'incomplete' })
    expect(probe.push(large.subarray(11, 12))).toEqual({ kind: 'content' })
  })

  it.for([
    ['a wrong prelude', new TextEncoder().encode('{"message":"this is JSON and no event stream"}')],
    ['a wrong message checksum', join(start.subarray(0, -1), Uint8Array.of(0))],
  ] as [string, Uint8Array][])('says corrupt for %s', ([, bytes], { expect }) => {
    expect(createFirstFrameReader().push(bytes)).toEqual({ kind: 'corrupt' })
  })
})
