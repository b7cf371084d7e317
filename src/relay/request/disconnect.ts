/**
 * What happens to the upstream when the client has left: it is read on for its usage, because AWS bills the generation,
 * but not for ever; or it is cancelled at once where the configuration says so. One watch accompanies a call from its
 * first attempt to the end of its upstream.
 */

/** After a disconnect `waitUntil` has 30 s (https://developers.cloudflare.com/workers/runtime-apis/context/); the rest is for settling. */
const DRAIN_MAX_MS = 25_000

export type Disconnect = {
  /** The client has left. */
  gone(): boolean
  /** Calls back when the client leaves, or at once where it has left already; also after `end`. The function returned cancels that. */
  onGone(callback: () => void): () => void
  /** Writing to the client failed: it has probably left, or its upstream broke. Starts the bound of the drain. */
  suspect(): void
  /** An upstream was cancelled because the client had left. */
  cancelled(): boolean
  /** Sets the upstream connection that a disconnect may cancel: that of the attempt under way. */
  guard(cancelUpstream: () => void): void
  /** The upstream is at its end; leaves no timer and no listener behind. */
  end(): void
}

export function watchDisconnect(client: AbortSignal, cancelOnDisconnect: boolean): Disconnect {
  let timer: ReturnType<typeof setTimeout> | null = null
  let cancelUpstream: () => void = () => undefined
  let cancelled = false
  let ended = false
  const cancel = () => {
    if (ended) return
    cancelled = true
    cancelUpstream()
  }
  const suspect = () => {
    if (!ended) timer ??= setTimeout(cancel, DRAIN_MAX_MS)
  }
  const leave = cancelOnDisconnect ? cancel : suspect
  if (client.aborted) leave()
  else client.addEventListener('abort', leave, { once: true })
  return {
    gone: () => client.aborted,
    onGone(callback) {
      if (client.aborted) callback()
      else client.addEventListener('abort', callback, { once: true })
      return () => client.removeEventListener('abort', callback)
    },
    suspect,
    cancelled: () => cancelled,
    guard(cancelThisUpstream) {
      cancelUpstream = cancelThisUpstream
      if (cancelled) cancelUpstream()
    },
    end() {
      ended = true
      if (timer !== null) clearTimeout(timer)
      client.removeEventListener('abort', leave)
    },
  }
}
