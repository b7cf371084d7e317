/** The gateway on this machine: the built Worker on workerd with embedded D1, KV and Durable Objects. */
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { CONFIG_KEY } from '../../config/load.ts'
import { buildWorker } from './build-worker.ts'
import { readWranglerConfig, type WranglerConfig } from './worker-options.ts'

/** The one address that is listened on: what runs here is not for the network. */
export const LOOPBACK = '127.0.0.1'

/** Longest wait for the first 200 of `/health/readiness`. */
const READY_TIMEOUT_MS = 30_000
const READY_POLL_MS = 50

export type GatewayOptions = {
  /** The configuration as KV holds it; absent, KV keeps what it has. */
  configJson?: string
  /** Secrets and variables of the Worker. */
  bindings: Readonly<Record<string, string>>
  /** 0 lets the system choose. */
  port: number
  /** Folder that keeps the state; absent, it lives as long as the process. */
  stateFolder?: string
  /** One line that the Worker wrote to its console. */
  onLog: (message: string) => void
  /** Main module of the Worker, from the root of the project; without it, the one that wrangler.toml names. */
  main?: string
  /** A workerd that crashed has been replaced. */
  onRestart?: () => void
  /** The caller ends the gateway when a signal comes; otherwise the process exits at once, with 128 + signal. */
  signalsAreHandled?: boolean
}

export type LocalGateway = {
  /** Origin without a trailing slash; Bedrock's API is below `/bedrock`. */
  url: string
  miniflare: Miniflare
  stop: () => Promise<void>
}

/**
 * Starts workerd and returns when the gateway is ready for calls.
 * Rejects with what is wrong, and with nothing left running: `ERR_ADDRESS_IN_USE` as `code` for a taken port.
 */
export async function openGateway(options: GatewayOptions): Promise<LocalGateway> {
  const wrangler = readWranglerConfig()
  const script = await buildWorker(options.main ?? wrangler.main)
  const start = () => startMiniflare(wrangler, script, options)
  const miniflare = options.signalsAreHandled === true ? withoutSignalHandlers(start) : start()
  const stop = () => miniflare.dispose()
  try {
    await miniflare.ready
    if (options.configJson !== undefined) {
      await (await miniflare.getKVNamespace('CONFIG')).put(CONFIG_KEY, options.configJson)
    }
    const url = (await miniflare.unsafeGetDirectURL()).origin
    await untilReady(url)
    return { url, miniflare, stop }
  } catch (error) {
    // A Miniflare that failed to start rejects its disposal with the same reason.
    await stop().catch(() => undefined)
    throw error
  }
}

function startMiniflare(wrangler: WranglerConfig, script: string, options: GatewayOptions): Miniflare {
  const { bindings, port, stateFolder, onLog, onRestart } = options
  return new Miniflare(
    convertV4MiniflareOptions({
      ...wrangler.options,
      modules: true,
      script,
      bindings: { ...bindings },
      // workerd itself listens here, so clients that leave and streams are as true as in production.
      unsafeDirectSockets: [{ host: LOOPBACK, port }],
      ...(stateFolder === undefined ? {} : { resourcePersistencePath: stateFolder }),
      ...(onRestart === undefined ? {} : { unsafeHandleRuntimeRestart: onRestart }),
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: ({ message }) => onLog(message),
      // `request.cf` would be fetched from the network.
      cf: false,
      telemetry: { enabled: false },
    }),
  )
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Takes away the signal handlers that Miniflare's constructor sets: they exit before anybody else can tidy up. */
function withoutSignalHandlers(start: () => Miniflare): Miniflare {
  const before = new Set(SIGNALS.flatMap((signal) => process.listeners(signal)))
  const miniflare = start()
  for (const signal of SIGNALS) {
    for (const listener of process.listeners(signal)) if (!before.has(listener)) process.off(signal, listener)
  }
  return miniflare
}

async function untilReady(url: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS
  for (;;) {
    const response = await fetch(`${url}/health/readiness`)
    const body = await response.text()
    if (response.status === 200) return
    if (Date.now() > deadline) throw new Error(`not ready after ${READY_TIMEOUT_MS / 1000} s: ${body}`)
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS))
  }
}
