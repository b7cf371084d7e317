import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { watchDisconnect } from '../../src/relay/request/disconnect.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})

afterEach(() => {
  vi.useRealTimers()
})

function watched(cancelOnDisconnect: boolean) {
  const client = new AbortController()
  const cancelUpstream = vi.fn()
  const disconnect = watchDisconnect(client.signal, cancelOnDisconnect)
  disconnect.guard(cancelUpstream)
  return { client, cancelUpstream, disconnect }
}

test('after a disconnect the upstream has 25 seconds, then it is cancelled', () => {
  const { client, cancelUpstream, disconnect } = watched(false)
  client.abort()
  vi.advanceTimersByTime(24_999)
  expect(cancelUpstream).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(cancelUpstream).toHaveBeenCalledOnce()
  expect(disconnect.cancelled()).toBe(true)
})

test('an upstream that ends in time is not cancelled later', () => {
  const { client, cancelUpstream, disconnect } = watched(false)
  client.abort()
  disconnect.end()
  vi.advanceTimersByTime(60_000)
  expect(cancelUpstream).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})

test('a disconnect after the end changes nothing', () => {
  const { client, cancelUpstream, disconnect } = watched(true)
  disconnect.end()
  client.abort()
  expect(cancelUpstream).not.toHaveBeenCalled()
})

test('the bound counts from the first sign of the disconnect', () => {
  const { client, cancelUpstream, disconnect } = watched(false)
  client.abort()
  vi.advanceTimersByTime(20_000)
  disconnect.suspect()
  vi.advanceTimersByTime(5_000)
  expect(cancelUpstream).toHaveBeenCalledOnce()
})

test('with cancel_on_disconnect the upstream is cancelled at once', () => {
  const { client, cancelUpstream } = watched(true)
  client.abort()
  expect(cancelUpstream).toHaveBeenCalledOnce()
  expect(vi.getTimerCount()).toBe(0)
})

test('a failed write alone cancels nothing at once, because the upstream may be what broke', () => {
  const { cancelUpstream, disconnect } = watched(true)
  disconnect.suspect()
  expect(disconnect.gone()).toBe(false)
  expect(cancelUpstream).not.toHaveBeenCalled()
})

test('a client that was gone before the attempt began is noticed', () => {
  const client = new AbortController()
  client.abort()
  const cancelUpstream = vi.fn()
  watchDisconnect(client.signal, true).guard(cancelUpstream)
  expect(cancelUpstream).toHaveBeenCalledOnce()
})

test('whoever asks is told that the client has left, at once or later, after the end too', () => {
  const { client, disconnect } = watched(false)
  const [told, forgotten] = [vi.fn(), vi.fn()]
  disconnect.onGone(told)
  disconnect.onGone(forgotten)()
  disconnect.end()
  client.abort()
  expect(told).toHaveBeenCalledOnce()
  expect(forgotten).not.toHaveBeenCalled()
  disconnect.onGone(forgotten)
  expect(forgotten).toHaveBeenCalledOnce()
})

test('of two attempts the later one is cancelled', () => {
  const { client, cancelUpstream, disconnect } = watched(true)
  const second = vi.fn()
  disconnect.guard(second)
  client.abort()
  expect(cancelUpstream).not.toHaveBeenCalled()
  expect(second).toHaveBeenCalledOnce()
})
