/**
 * The native pass-through with a late tap: one branch of the answer is piped to the client without JavaScript, the other is read
 * about once a second, and to its end when the pipe has ended. Measured on workerd, JavaScript per chunk costs five times as much.
 *
 * Three traps, each seen: `readAtLeast` on a tee branch starves the other branch; a native response body ends the invocation
 * at the headers and cuts `waitUntil` after 30 s (an IdentityTransformStream does not); a TransformStream costs ten times.
 */
import type { Disconnect } from '../request/disconnect.ts'

/** Time between two reads of the backlog: the runtime holds at most what the client takes in this time. */
const TAP_INTERVAL_MS = 1000

/** One read of the tap. */
const TAP_READ_BYTES = 64 * 1024

/**
 * Most that is read of the backlog at a time while the pipe runs, and how soon the next read follows where there is more. A read
 * beyond the backlog pulls from the upstream, so a tap that read on would run ahead of a slow client without bound.
 */
const TAP_LOOK_MAX_BYTES = 4 * 1024 * 1024
const TAP_CATCH_UP_MS = 250

/** A short bound on silence needs more frequent reads: this many within the bound, so that silence is noticed in good time. */
const LOOKS_PER_SILENCE = 4

/** Time to read the rest of the backlog before the upstream is cancelled; it is in memory, so this is ample. */
const LAST_LOOK_MS = 50

/** How both sides ended. `upstream` is `unread` when the drain after a disconnect ran out of time or is switched off. */
export type PassOutcome = {
  client: 'served' | 'left'
  upstream: 'ended' | 'broke' | 'unread'
}

/** What the tap is told, and what it may add before the client's end of body. */
export type PassObserver = {
  push(bytes: Uint8Array): void
  /** `push` threw; it may be called again. */
  failed(cause: unknown): void
  /** Called once when the upstream is at its end or broken while the client is there; bytes to append, or null to break off. */
  epilogue(upstream: 'ended' | 'broke'): Uint8Array | null
}

export type PassOptions = {
  /** Bytes already taken from `rest`; the observer has seen them. */
  prefix: Uint8Array
  rest: ReadableStream<Uint8Array>
  observer: PassObserver
  disconnect: Disconnect
  /** Ends the upstream connection at once. */
  cancelUpstream(): void
  /** Longest silence of the upstream, after which it counts as broken; null for no bound. */
  silenceMs: number | null
}

/**
 * `done` never rejects; it must be handed to `waitUntil` at once. `body` is null where nobody is there to read it: workerd never reads
 * the body of an answer whose client was gone before it began, so that writes to it would wait for ever and hold back the tap.
 */
export function passThrough(options: PassOptions): {
  body: ReadableStream<Uint8Array> | null
  done: Promise<PassOutcome>
} {
  if (options.disconnect.gone()) return { body: null, done: drain(options) }
  const { readable, writable } = new IdentityTransformStream()
  return { body: readable, done: pump(options, writable) }
}

async function drain(options: PassOptions): Promise<PassOutcome> {
  const tap = options.rest.getReader({ mode: 'byob' })
  return { client: 'left', upstream: await readTap(tap, options, Promise.resolve('failed')) }
}

async function pump(options: PassOptions, writable: WritableStream<Uint8Array>): Promise<PassOutcome> {
  const [clientBranch, tapBranch] = options.rest.tee()
  const tap = tapBranch.getReader({ mode: 'byob' })
  const { disconnect } = options
  const piping = unlessLeft(pipeToClient(options.prefix, clientBranch, writable), 'failed', disconnect)
  const tapped = readTap(tap, options, piping)
  const pipe = await piping
  const upstream = await tapped
  const left: PassOutcome = { client: 'left', upstream }
  if (pipe === 'settled' || (upstream === 'broke' && !disconnect.gone())) {
    return unlessLeft(finishClient(options, writable, upstream === 'unread' ? 'broke' : upstream), left, disconnect)
  }
  return left
}

/** What `work` comes to, or `ifLeft` where the client leaves in the instant in which its answer begins, and the work never ends. */
function unlessLeft<T>(work: Promise<T>, ifLeft: T, disconnect: Disconnect): Promise<T> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | null = null
    // What is under way may still be coming to its end.
    const forget = disconnect.onGone(() => {
      timer = setTimeout(() => resolve(ifLeft), LAST_LOOK_MS)
    })
    const done = () => {
      forget()
      if (timer !== null) clearTimeout(timer)
    }
    work.then(resolve, reject).finally(done)
  })
}

/** `settled`: the source ended and the writable is still open; `failed`: one of the two sides broke. */
async function pipeToClient(
  prefix: Uint8Array,
  source: ReadableStream<Uint8Array>,
  writable: WritableStream<Uint8Array>,
): Promise<'settled' | 'failed'> {
  try {
    if (prefix.byteLength > 0) {
      const writer = writable.getWriter()
      await writer.write(prefix)
      writer.releaseLock()
    }
    await source.pipeTo(writable, { preventClose: true, preventAbort: true })
    return 'settled'
  } catch {
    // A branch that nobody reads would keep all that the tap still takes. The pump has let go of it already.
    source.cancel().catch(() => undefined)
    return 'failed'
  }
}

async function readTap(
  reader: ReadableStreamBYOBReader,
  options: PassOptions,
  piping: Promise<'settled' | 'failed'>,
): Promise<'ended' | 'broke' | 'unread'> {
  const { disconnect } = options
  let running = true
  const settled = piping.then((pipe) => {
    running = false
    if (pipe === 'failed') disconnect.suspect()
  })
  const cancelling = new Promise<void>((resolve) => {
    disconnect.guard(() => {
      running = false
      resolve()
      setTimeout(options.cancelUpstream, LAST_LOOK_MS)
    })
  })
  const ended = Promise.race([settled, cancelling])
  const { silenceMs } = options
  const intervalMs = silenceMs === null ? TAP_INTERVAL_MS : Math.min(TAP_INTERVAL_MS, silenceMs / LOOKS_PER_SILENCE)
  let heardMs = Date.now()
  let waitMs = intervalMs
  let buffer = new Uint8Array(TAP_READ_BYTES)
  let lookBytes = 0
  try {
    for (;;) {
      if (running && lookBytes === 0) await raceTimer(ended, waitMs)
      // What has come lies in memory, so that a read which does not end at once is one that waits for the upstream.
      const patienceMs = silenceMs === null ? null : Math.max(LAST_LOOK_MS, silenceMs - (Date.now() - heardMs))
      const { done, value } = await readOrCancel(reader.read(buffer), patienceMs, options.cancelUpstream)
      if (done) return 'ended'
      heardMs = Date.now()
      observe(options, value)
      buffer = new Uint8Array(value.buffer)
      lookBytes += value.byteLength
      if (value.byteLength < TAP_READ_BYTES || lookBytes >= TAP_LOOK_MAX_BYTES) {
        waitMs = value.byteLength < TAP_READ_BYTES ? intervalMs : Math.min(intervalMs, TAP_CATCH_UP_MS)
        lookBytes = 0
      }
    }
  } catch {
    return disconnect.cancelled() ? 'unread' : 'broke'
  } finally {
    disconnect.end()
  }
}

/** A read that takes longer than `patienceMs` ends as that of a broken upstream does: rejected. Leaves no timer behind. */
async function readOrCancel<T>(reading: Promise<T>, patienceMs: number | null, cancelUpstream: () => void): Promise<T> {
  if (patienceMs === null) return reading
  const timer = setTimeout(cancelUpstream, patienceMs)
  try {
    return await reading
  } finally {
    clearTimeout(timer)
  }
}

/** A fault of the tap must not look like one of the upstream: the client's bytes go on without it. */
function observe({ observer }: PassOptions, bytes: Uint8Array): void {
  try {
    observer.push(bytes)
  } catch (cause) {
    observer.failed(cause)
  }
}

async function finishClient(
  options: PassOptions,
  writable: WritableStream<Uint8Array>,
  upstream: 'ended' | 'broke',
): Promise<PassOutcome> {
  const writer = writable.getWriter()
  try {
    const epilogue = options.observer.epilogue(upstream)
    if (epilogue === null) await writer.abort(new Error('the upstream broke off'))
    else {
      if (epilogue.byteLength > 0) await writer.write(epilogue)
      await writer.close()
    }
    return { client: 'served', upstream }
  } catch {
    return { client: 'left', upstream }
  }
}

/** Resolves when `first` does or after `ms`, and leaves no timer behind. */
async function raceTimer(first: Promise<unknown>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | null = null
  await Promise.race([first, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))])
  clearTimeout(timer)
}
