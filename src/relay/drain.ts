/**
 * What happens to the upstream when the client has left: it is read on for its usage, because AWS bills the generation,
 * but not for ever; or it is cancelled at once where the configuration says so.
 */

/** `waitUntil` has 30 s in all from the disconnect (https://developers.cloudflare.com/workers/runtime-apis/context/): this for the drain, the rest to settle. */
const DRAIN_MAX_MS = 25_000

export type DisconnectPolicy = {
  clientGone: AbortSignal
  cancelOnDisconnect: boolean
  /** Ends the upstream connection at once. */
  cancelUpstream(): void
}

export type Drain = {
  /** The client is known to have left. Further calls do nothing. */
  begin(): void
  /** The upstream was cancelled by this drain. */
  cancelled(): boolean
  /** The upstream is at its end; leaves no timer and no listener behind. */
  end(): void
}

export function watchDisconnect(policy: DisconnectPolicy): Drain {
  let timer: ReturnType<typeof setTimeout> | null = null
  let cancelled = false
  const cancel = () => {
    cancelled = true
    policy.cancelUpstream()
  }
  const begin = () => {
    if (policy.cancelOnDisconnect) cancel()
    else timer ??= setTimeout(cancel, DRAIN_MAX_MS)
  }
  if (policy.clientGone.aborted) begin()
  else policy.clientGone.addEventListener('abort', begin, { once: true })
  return {
    begin,
    cancelled: () => cancelled,
    end() {
      clearTimeout(timer)
      policy.clientGone.removeEventListener('abort', begin)
    },
  }
}
