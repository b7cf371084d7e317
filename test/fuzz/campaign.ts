/** Many hostile requests against the gateway and a simulator that is in order, and what they left behind. */
import { existsSync } from 'node:fs'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { seededRandom } from '../routing/support.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { faultOf } from './fault-of.ts'
import { hostileRequest } from './hostile-requests.ts'
import { listenerOf, residentBytes, SOCKETS } from './listener-memory.ts'
import { exchange } from './raw-exchange.ts'

export type CampaignOptions = { requests: number; seed: number; atOnce: number; onProgress?(done: number): void }

export type Report = {
  /** How often each status came, by kind of request; `none` where the connection was closed without one. */
  statuses: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** What must not have happened, with how often and the number of the first request that did it. */
  faults: readonly { what: string; times: number; first: number | null }[]
  askedUpstream: number
  rows: number
  growthBytes: number | null
}

const MODELS = { nova: 'amazon.nova-micro-v1:0', claude: 'anthropic.claude-3-haiku-20240307-v1:0' }

/**
 * What workerd may have grown by over the second half of all requests: two heaps of V8 between collections, and what the database of
 * Miniflare, which lives in the same process, takes for each row. Streams or bodies that are kept come to far more.
 */
const GROWTH_MAX_BYTES = 150_000_000
const GROWTH_MAX_BYTES_PER_REQUEST = 10_000

/** A process that has worked for less than this still grows by itself. */
const MEASURED_MIN = 10_000

/** Time in which everything behind the answers has to be over. */
const SETTLED_MS = 60_000

export async function runCampaign({ requests, seed, atOnce, onProgress }: CampaignOptions): Promise<Report> {
  const simulator = await startSimulator({ regions: ['us-east-1', 'us-west-2'], recordings: null })
  const model_list = Object.entries(MODELS).flatMap(([name, id]) =>
    simulator.listeners.map(({ region }) => deploymentOf(simulator, name, id, region)),
  )
  const gateway = await startGateway({ config: { model_list, general_settings: { master_key: MASTER_KEY } } })
  try {
    const tally = createTally()
    const port = Number(new URL(gateway.url).port)
    const pid = existsSync(SOCKETS) ? listenerOf(port) : null
    let halfwayBytes = 0
    let next = 0
    const work = async (): Promise<void> => {
      for (let number = next++; number < requests; number = next++) {
        if (number === requests >> 1 && pid !== null) halfwayBytes = residentBytes(pid)
        const request = hostileRequest(seededRandom(seed + number), Object.keys(MODELS))
        const done = await exchange(port, request)
        tally.count(request.kind, done.reply?.status ?? 'none')
        const fault = faultOf(request, done)
        if (fault !== null) tally.fault(`${request.kind}: ${fault}`, number)
        if (number % 1_000 === 999) onProgress?.(number + 1)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
    const rows = await settled(gateway, simulator, tally)
    const askedUpstream = simulator.count()
    await checkAftermath(gateway, tally)
    const growthBytes = pid === null || requests < MEASURED_MIN ? null : residentBytes(pid) - halfwayBytes
    const growthMax = GROWTH_MAX_BYTES + (requests / 2) * GROWTH_MAX_BYTES_PER_REQUEST
    if (growthBytes !== null && growthBytes > growthMax) tally.fault(`memory grew by ${growthBytes} bytes`, null)
    return { ...tally.report(), askedUpstream, rows, growthBytes }
  } finally {
    await gateway.stop()
    await simulator.close()
  }
}

function createTally() {
  const statuses: Record<string, Record<string, number>> = {}
  const faults = new Map<string, { times: number; first: number | null }>()
  return {
    count(kind: string, status: number | string): void {
      const ofKind = statuses[kind] ?? {}
      statuses[kind] = ofKind
      ofKind[status] = (ofKind[status] ?? 0) + 1
    },
    fault(what: string, number: number | null): void {
      const known = faults.get(what) ?? { times: 0, first: number }
      faults.set(what, { ...known, times: known.times + 1 })
    },
    report: () => ({ statuses, faults: [...faults].map(([what, rest]) => ({ what, ...rest })) }),
  }
}

/** When all is over: a row for every call that reached an upstream, nobody ill, nothing in flight, room for large bodies. */
async function settled(
  gateway: RunningGateway,
  simulator: Simulator,
  tally: ReturnType<typeof createTally>,
): Promise<number> {
  const lines = () => gateway.logs.filter(({ event }) => event === 'call')
  const database = await gateway.database()
  const rowsNow = async () => {
    const row = await database.prepare('SELECT COUNT(*) AS n FROM spend_logs').first<{ n: number }>()
    return row?.n ?? 0
  }
  let rows = await rowsNow()
  for (const deadline = Date.now() + SETTLED_MS; Date.now() < deadline; rows = await rowsNow()) {
    if (rows === lines().length && attemptsIn(lines()) >= simulator.count()) break
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  const attempts = attemptsIn(lines())
  if (attempts < simulator.count())
    tally.fault(`${simulator.count()} requests reached upstreams, ${attempts} attempts are in the log`, null)
  if (rows !== lines().length) tally.fault(`${rows} rows for ${lines().length} calls`, null)
  for (const { event, cause, reason } of gateway.logs) {
    if (event === 'fault') tally.fault(`the gateway failed: ${String(cause).slice(0, 300)}`, null)
    if (event === 'health') tally.fault(`a deployment was taken from others: ${String(reason)}`, null)
    if (event === 'text') tally.fault('something wrote to the log past the gateway', null)
  }
  for (const { auth, rawUrl } of simulator.requests()) {
    if (auth !== null && !auth.ok)
      tally.fault(`AWS refused a signature (${auth.error}) of ${rawUrl.slice(0, 200)}`, null)
  }
  return rows
}

function attemptsIn(lines: readonly Record<string, unknown>[]): number {
  return lines.reduce((sum, line) => sum + Number(line.attempts), 0)
}

async function checkAftermath({ url }: RunningGateway, tally: ReturnType<typeof createTally>): Promise<void> {
  const headers = { authorization: `Bearer ${MASTER_KEY}` }
  const health = (await (await fetch(`${url}/health`, { headers })).json()) as {
    passive?: { inFlight?: number; state?: string }[]
  }
  for (const { inFlight, state } of health.passive ?? []) {
    if (inFlight !== 0) tally.fault(`${inFlight} calls are still in flight`, null)
    if (state !== 'healthy') tally.fault(`a deployment is ${state}`, null)
  }
  // Two bodies of this size fit only where no other is held.
  const body = new Uint8Array(20_000_000).fill(0x20)
  const large = () => fetch(`${url}/bedrock/model/nova/converse`, { method: 'POST', headers, body })
  const statuses = (await Promise.all([large(), large()])).map(({ status }) => status)
  if (statuses.includes(503)) tally.fault('memory for bodies did not come back', null)
}
