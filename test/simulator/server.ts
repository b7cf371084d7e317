/** A simulated Amazon Bedrock on plain http/1.1 sockets of this machine. README.md tells what it can do. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type KeyPair, SIMULATOR_ACCESS_KEY_ID, SIMULATOR_BEARER_KEY, SIMULATOR_SECRET_ACCESS_KEY } from './auth.ts'
import { CONTROL_PREFIX, control } from './control.ts'
import { type Desk, exchange, type Listener } from './exchange.ts'
import { type Fault, type FaultOptions, faultQueue, type MatchInput } from './faults.ts'
import { holds } from './holds.ts'
import { SIMULATED_OPERATIONS, type SimulatedOperation } from './operations.ts'
import { type RateLimits, rateLimiter } from './rate-limits.ts'
import { type ReceivedLog, type ReceivedRequest, receivedLog } from './received.ts'
import { loadRecordings, recordingShelf } from './recordings.ts'

/** Region of the one listener that takes every region. */
export const ANY_REGION = 'any'

/** Idle time before a kept connection is closed, in ms: longer than any test, so that no client meets the closing of one. */
const KEEP_ALIVE_MS = 600_000

const LOOPBACK = '127.0.0.1'

export type SimulatorOptions = {
  /** What is served; without it, the operations of bedrock-runtime. */
  operations?: readonly SimulatedOperation[]
  /** Port of the first listener, the others take the next ones; 0, the default, lets the system choose for each. */
  port?: number
  /** One listener for each, which takes signatures for its region only. Without it there is one, which takes any region. */
  regions?: readonly string[]
  /** `verify`, the default, or `off`: every request is let in. */
  auth?: 'verify' | 'off'
  keyPairs?: readonly KeyPair[]
  bearerKeys?: readonly string[]
  /** Current time, in ms since 1970. */
  now?: () => number
  limits?: RateLimits
  /** Folder of recorded exchanges; `null` replays nothing. */
  recordings?: string | null
}

export type SimulatorListener = { region: string; url: string; port: number }

export type Simulator = {
  /** Base URL of the first listener, without a trailing slash. */
  url: string
  port: number
  listeners: readonly SimulatorListener[]
  /** Base URL of a region's listener. */
  endpoint: (region: string) => string
  /** Sets a fault for the requests that match; returns its id. */
  fault: (match: MatchInput, fault: Fault, options?: FaultOptions) => number
  /** One fault by its id, else all. */
  clearFaults: (id?: number) => void
  /** Lets answers that are held go on; returns how many did. */
  release: (match?: MatchInput) => number
  /** Requests kept, oldest first. */
  requests: (match?: MatchInput) => readonly ReceivedRequest[]
  /** Requests received since the last reset. */
  count: (match?: MatchInput) => number
  /** Resolves as soon as `condition` holds for the requests kept; rejects after `timeoutMs` (10,000). */
  until: ReceivedLog['until']
  /** Requests per minute for one model, or with `null` for each; a limit of `null` lifts it. */
  limit: (model: string | null, requestsPerMinute: number | null) => void
  /** No faults, nothing held, nothing counted, recordings from the start. Limits stay. */
  reset: () => void
  /** Closes every connection. */
  close: () => Promise<void>
}

/** Rejects where a port is taken. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const now = options.now ?? Date.now
  const operations = options.operations ?? SIMULATED_OPERATIONS
  const desk: Desk = {
    operations,
    faults: faultQueue(),
    holds: holds(),
    log: receivedLog(),
    limiter: rateLimiter(options.limits ?? {}, now),
    recordings: recordingShelf(options.recordings === null ? [] : loadRecordings(options.recordings), operations),
    now,
  }
  const simulator = { ...controls(desk) }
  const servers: Server[] = []
  const close = async () => {
    await Promise.all(servers.map(stop))
  }
  const listeners: SimulatorListener[] = []
  try {
    for (const [index, region] of (options.regions ?? [ANY_REGION]).entries()) {
      const port = options.port === undefined || options.port === 0 ? 0 : options.port + index
      const server = serve(listenerOf(region, options, now), desk, simulator)
      const bound = await listen(server, port)
      servers.push(server)
      listeners.push({ region, url: `http://${LOOPBACK}:${bound}`, port: bound })
    }
  } catch (error) {
    await close()
    throw error
  }
  const [first] = listeners
  if (first === undefined) throw new Error('A simulator needs one region at least.')
  return {
    ...simulator,
    url: first.url,
    port: first.port,
    listeners,
    endpoint: (region) => {
      const found = listeners.find((listener) => listener.region === region)
      if (found === undefined) throw new Error(`No listener has the region ${region}.`)
      return found.url
    },
    close,
  }
}

export type SimulatorControls = Omit<Simulator, 'url' | 'port' | 'listeners' | 'endpoint' | 'close'>

function controls(desk: Desk): SimulatorControls {
  return {
    fault: desk.faults.arm,
    clearFaults: desk.faults.clear,
    release: desk.holds.release,
    requests: desk.log.list,
    count: desk.log.count,
    until: desk.log.until,
    limit: desk.limiter.set,
    reset: () => {
      desk.faults.clear()
      desk.holds.release()
      desk.log.clear()
      desk.recordings.rewind()
    },
  }
}

function listenerOf(region: string, options: SimulatorOptions, now: () => number): Listener {
  if (options.auth === 'off') return { region, auth: null }
  return {
    region,
    auth: {
      keyPairs: options.keyPairs ?? [
        { accessKeyId: SIMULATOR_ACCESS_KEY_ID, secretAccessKey: SIMULATOR_SECRET_ACCESS_KEY },
      ],
      bearerKeys: options.bearerKeys ?? [SIMULATOR_BEARER_KEY],
      region: region === ANY_REGION ? null : region,
      now,
    },
  }
}

function serve(listener: Listener, desk: Desk, simulator: SimulatorControls): Server {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, (request, response) => {
    const work = request.url?.startsWith(CONTROL_PREFIX)
      ? control(request, response, simulator, desk.faults)
      : exchange(request, response, listener, desk)
    work.catch((error: unknown) => {
      console.error('simulator:', error)
      response.destroy()
    })
  })
  return server
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, LOOPBACK, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
