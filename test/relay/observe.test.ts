import { describe, expect, test, vi } from 'vitest'
import { exceptionFrame } from '../../src/bedrock/event-stream/encode.ts'
import { createStreamTap, type StreamTap } from '../../src/bedrock/event-stream/tap.ts'
import { largeObserver } from '../../src/relay/answer/large-observer.ts'
import { streamObserver } from '../../src/relay/answer/stream-observer.ts'
import { streamAnswerOf } from '../bedrock/event-stream/stream-answers.ts'

const SERVED = { client: 'served', upstream: 'ended' } as const

/** A tap with a fault of its own in one of its methods. */
function faultyTap(method: 'push' | 'finish' | 'repair'): StreamTap {
  const tap = createStreamTap(streamAnswerOf('ConverseStream'))
  return Object.assign(Object.create(tap) as StreamTap, {
    push: tap.push,
    finish: tap.finish,
    repair: tap.repair,
    [method]: () => {
      throw new Error(`a fault in ${method}`)
    },
  })
}

describe('a fault of the tap', () => {
  test('while the stream runs leaves its end to the upstream, and its usage is not taken for final', () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
    const observer = streamObserver(faultyTap('push'), 'call-1')
    observer.failed(new Error('a fault in push'))
    observer.failed(new Error('and again'))
    expect(observer.epilogue('ended')).toEqual(new Uint8Array(0))
    expect(observer.epilogue('broke')).toBeNull()
    expect(observer.observe({}, SERVED)).toMatchObject({ verdict: 'complete', seen: { usageIsFinal: false } })
    expect(log).toHaveBeenCalledOnce()
    expect(log.mock.calls[0]?.[0]).toMatch(/"request_id":"call-1".*a fault in push/)
    log.mockRestore()
  })

  test.each(['finish', 'repair'] as const)(
    'in %s at the end is a framed exception with the call id, its cause in the log alone',
    (method) => {
      const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
      const observer = streamObserver(faultyTap(method), 'call-1')
      const message = 'The gateway failed. Its log has the cause under call-1.'
      expect(observer.epilogue('broke')).toEqual(
        method === 'repair' ? exceptionFrame('modelStreamErrorException', message) : expect.any(Uint8Array),
      )
      if (method === 'finish')
        expect(observer.epilogue('ended')).toEqual(exceptionFrame('modelStreamErrorException', message))
      expect(observer.observe({}, SERVED)).toMatchObject({ seen: { usageIsFinal: false } })
      expect(log.mock.calls.flat().join()).toContain(`a fault in ${method}`)
      log.mockRestore()
    },
  )
})

describe('the skeleton of a large answer', () => {
  const body = `{"metrics":{"latencyMs":1},"output":{"text":"${'x'.repeat(200_000)}"},"usage":{"inputTokens":3,"outputTokens":4,"cacheDetails":[{"ttl":"5m","inputTokens":1}]}}`
  const bytes = new TextEncoder().encode(body)
  const usage = { inputTokens: 3, outputTokens: 4, cacheDetails: [{ ttl: '5m', inputTokens: 1 }] }

  test.each([1000, 65_536, 100_000, bytes.length])('holds the usage, fed %i bytes at a time', (size) => {
    const observer = largeObserver('call-1', true)
    for (let at = 0; at < bytes.length; at += size) observer.push(bytes.subarray(at, at + size))
    expect(observer.epilogue('ended')).toEqual(new Uint8Array(0))
    expect(observer.observe({ a: 'b' }, SERVED)).toMatchObject({
      verdict: 'complete',
      parts: { body: { usage }, headers: { a: 'b' } },
    })
  })

  test('without usage leaves it open, and a broken one is broken off', () => {
    const observer = largeObserver('call-1', true)
    observer.push(new TextEncoder().encode('{"images":["…"]}'))
    expect(observer.observe({}, SERVED).parts).toEqual({ headers: {}, body: { images: ['…'] } })
    expect(observer.epilogue('broke')).toBeNull()
    expect(observer.observe({}, { client: 'served', upstream: 'broke' }).verdict).toBe('cut')
  })

  test('that ends in the middle of its JSON was cut, however clean its end', () => {
    const observer = largeObserver('call-1', true)
    observer.push(bytes.subarray(0, bytes.length - 1))
    expect(observer.observe({}, SERVED)).toMatchObject({ verdict: 'cut', parts: { headers: {} } })
  })
})
