import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchDisconnect } from '../../src/relay/drain.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

afterEach(() => {
  vi.useRealTimers()
})

function watched(cancelOnDisconnect: boolean) {
  const client = new AbortController()
  const cancelUpstream = vi.fn()
  const drain = watchDisconnect({ clientGone: client.signal, cancelOnDisconnect, cancelUpstream })
  return { client, cancelUpstream, drain }
}

test('after a disconnect the upstream has 25 seconds, then it is cancelled', () => {
  const { client, cancelUpstream, drain } = watched(false)
  client.abort()
  vi.advanceTimersByTime(24_999)
  expect(cancelUpstream).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(cancelUpstream).toHaveBeenCalledOnce()
  expect(drain.cancelled()).toBe(true)
})

test('an upstream that ends in time is not cancelled later', () => {
  const { client, cancelUpstream, drain } = watched(false)
  client.abort()
  drain.end()
  vi.advanceTimersByTime(60_000)
  expect(cancelUpstream).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})

test('a disconnect after the end changes nothing', () => {
  const { client, cancelUpstream, drain } = watched(true)
  drain.end()
  client.abort()
  expect(cancelUpstream).not.toHaveBeenCalled()
})

test('the bound counts from the first sign of the disconnect', () => {
  const { client, cancelUpstream, drain } = watched(false)
  client.abort()
  vi.advanceTimersByTime(20_000)
  drain.begin()
  vi.advanceTimersByTime(5_000)
  expect(cancelUpstream).toHaveBeenCalledOnce()
})

test('with cancel_on_disconnect the upstream is cancelled at once', () => {
  const { client, cancelUpstream } = watched(true)
  client.abort()
  expect(cancelUpstream).toHaveBeenCalledOnce()
  expect(vi.getTimerCount()).toBe(0)
})

test('a client that was gone before the attempt began is noticed', () => {
  const client = new AbortController()
  client.abort()
  const cancelUpstream = vi.fn()
  watchDisconnect({ clientGone: client.signal, cancelOnDisconnect: true, cancelUpstream })
  expect(cancelUpstream).toHaveBeenCalledOnce()
})
