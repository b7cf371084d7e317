/** What booking costs: through the Meters with their pours, against a write to D1 for every call; and what each takes. */
import { createClient, type Target } from './load.ts'
import { spentOn, untilBooked } from './measure.ts'
import type { BenchOptions } from './options.ts'
import { COST_UNIT, type Figure, type Table } from './report.ts'
import { compare, interleave, median, type Rounds } from './statistics.ts'
import { type RunningWorker, startLedgerWorker } from './workers.ts'

/** Paths of ledger-worker.js by what is shown. */
const NOTHING = '/nothing'
const INSERT = 'D1 write per call'
const SETTLE = 'settle and pour'
const PATHS: Readonly<Record<string, string>> = { [INSERT]: '/insert', [SETTLE]: '/settle', [NOTHING]: NOTHING }

/** Calls before the first that counts, as a part of one round's. */
const WARM_UP = 0.5

/** Rows of one request to `/one-batch`. */
const BATCH_ROWS = 500

/** Enough that the Meter never waits for its callers. */
const MANY_CONNECTIONS = 32

export async function benchLedger(options: BenchOptions): Promise<Table[]> {
  const worker = await startLedgerWorker()
  try {
    return [await costOfBooking(worker, options), await throughput(worker, options.throughputMs)]
  } finally {
    await worker.stop()
  }
}

async function costOfBooking(worker: RunningWorker, { ledgerCalls, rounds }: BenchOptions): Promise<Table> {
  const client = createClient()
  const measure = async (way: string): Promise<number> => {
    const run = () => client.load(targetOf(worker, PATHS[way] ?? way), ledgerCalls)
    const { cpuUs, wallUs } = await spentOn(worker, { calls: ledgerCalls, books: way !== NOTHING, run })
    return cpuUs ?? wallUs
  }
  for (const path of Object.values(PATHS)) await client.load(targetOf(worker, path), Math.ceil(ledgerCalls * WARM_UP))
  await untilBooked(worker, 2 * Math.ceil(ledgerCalls * WARM_UP))
  const values = await interleave(Object.keys(PATHS), rounds, measure)
  client.close()
  const figures = compare(withoutRoute(values), INSERT).map((figure): Figure => ({ ...figure, unit: COST_UNIT }))
  return { title: 'booking a call: cost without the route itself, 8 connections', figures }
}

/** The cost of a request that books nothing is in both ways and would bring their ratio closer to 1. */
function withoutRoute(values: Rounds): Rounds {
  const routeUs = median(values.get(NOTHING) ?? [])
  return new Map(
    [...values].filter(([way]) => way !== NOTHING).map(([way, costs]) => [way, costs.map((cost) => cost - routeUs)]),
  )
}

async function throughput(worker: RunningWorker, ms: number): Promise<Table> {
  const client = createClient(MANY_CONNECTIONS)
  const rate = async (path: string, rowsPerCall: number, connectionClient = client) => {
    const bookedBefore = await worker.bookedCalls()
    const startedMs = performance.now()
    const rows = (await connectionClient.loadFor(targetOf(worker, path), ms)) * rowsPerCall
    const takenMs = performance.now() - startedMs
    await untilBooked(worker, bookedBefore + rows)
    const pouredMs = performance.now() - startedMs
    return { taken: (rows * 1000) / takenMs, poured: (rows * 1000) / pouredMs }
  }
  const meter = await rate('/one-meter', 1)
  const inserts = await rate('/one-insert', 1)
  const single = createClient(1)
  const batches = await rate('/one-batch', BATCH_ROWS, single)
  client.close()
  single.close()
  const figure = (variant: string, value: number): Figure => ({
    variant,
    value,
    unit: 'rows/s',
    ratio: value / inserts.taken,
  })
  return {
    title: `rows a second, for ${ms / 1000} s each`,
    figures: [
      figure('one D1, a write per row', inserts.taken),
      figure(`one D1, writes of ${BATCH_ROWS} rows`, batches.taken),
      figure('one Meter, settled', meter.taken),
      figure('one Meter, until all are in D1', meter.poured),
    ],
  }
}

function targetOf(worker: RunningWorker, path: string): Target {
  return { url: new URL(path, worker.url), method: 'GET', headers: {} }
}
