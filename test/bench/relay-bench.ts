/** The gateway, with its ledger and without, against the bare Worker in front of the same upstream. */
import { createClient, type Target } from './load.ts'
import { spentOn, untilBooked } from './measure.ts'
import type { BenchOptions } from './options.ts'
import { COST_UNIT, type Figure, type Table } from './report.ts'
import { compare, interleave, median, type Rounds } from './statistics.ts'
import { startUpstream } from './upstream-process.ts'
import { MASTER_KEY, MODEL_NAME, type RunningWorker, startBareWorker, startGateway } from './workers.ts'
import { CONVERSE, REQUEST_BODY, STREAM, type Workload } from './workloads.ts'

const BARE = 'bare Worker'
const OFF = 'gateway, ledger off'
const ON = 'gateway, ledger on'

const AIMS: Readonly<Record<Workload['action'], Readonly<Record<string, number>>>> = {
  converse: { [OFF]: 2, [ON]: 3 },
  'converse-stream': { [OFF]: 1.5, [ON]: 2 },
}

/** Calls before the first that counts, as a part of one round's: the engine compiles what is hot. */
const WARM_UP = 0.5

type Workers = ReadonlyMap<string, RunningWorker>

export async function benchRelay(options: BenchOptions): Promise<Table[]> {
  const upstream = await startUpstream()
  const workers = new Map<string, RunningWorker>()
  try {
    workers.set(BARE, await startBareWorker(upstream.url))
    workers.set(OFF, await startGateway(upstream.url, 'off'))
    workers.set(ON, await startGateway(upstream.url, 'on'))
    await warmUp(workers, options)
    return [
      await atFullLoad(workers, CONVERSE, options.converseCalls, options.rounds),
      await atFullLoad(workers, STREAM, options.streamCalls, options.rounds),
      await onOneConnection(workers, CONVERSE, 'answer', options),
      await onOneConnection(workers, STREAM, 'first byte', options),
    ]
  } finally {
    for (const worker of workers.values()) await worker.stop()
    await upstream.stop()
  }
}

async function warmUp(workers: Workers, { converseCalls, streamCalls }: BenchOptions): Promise<void> {
  const client = createClient()
  const counts = [
    [CONVERSE, Math.ceil(converseCalls * WARM_UP)],
    [STREAM, Math.ceil(streamCalls * WARM_UP)],
  ] as const
  for (const worker of workers.values()) {
    for (const [workload, calls] of counts) await client.load(targetOf(worker, workload), calls)
  }
  client.close()
  await untilBooked(workerOf(workers, ON), counts[0][1] + counts[1][1])
}

async function atFullLoad(workers: Workers, workload: Workload, calls: number, rounds: number): Promise<Table> {
  const client = createClient()
  const measure = async (variant: string): Promise<number> => {
    const worker = workerOf(workers, variant)
    const run = () => client.load(targetOf(worker, workload), calls)
    const { cpuUs, wallUs } = await spentOn(worker, { calls, books: variant === ON, run })
    return cpuUs ?? wallUs
  }
  const values = await interleave([...workers.keys()], rounds, measure)
  client.close()
  return { title: `${workload.title}: cost of a call, 8 connections`, figures: figuresOf(values, workload, COST_UNIT) }
}

async function onOneConnection(
  workers: Workers,
  workload: Workload,
  until: 'answer' | 'first byte',
  { latencyCalls, rounds }: BenchOptions,
): Promise<Table> {
  const client = createClient(1)
  const values = await interleave([...workers.keys()], rounds, async (variant) => {
    const target = targetOf(workerOf(workers, variant), workload)
    const waitsMs: number[] = []
    for (let call = 0; call < latencyCalls; call++) {
      const { firstByteMs, totalMs } = await client.once(target)
      waitsMs.push(until === 'answer' ? totalMs : firstByteMs)
    }
    return median(waitsMs) * 1000
  })
  client.close()
  const figures = compare(values, BARE).map((figure): Figure => ({ ...figure, unit: 'µs' }))
  return { title: `${workload.title}: wait for the ${until}, p50, 1 connection`, figures }
}

function figuresOf(values: Rounds, workload: Workload, unit: Figure['unit']): Figure[] {
  return compare(values, BARE).map((figure) => {
    const aim = AIMS[workload.action][figure.variant]
    return { ...figure, unit, ...(aim === undefined ? {} : { aim }) }
  })
}

function workerOf(workers: Workers, variant: string): RunningWorker {
  const worker = workers.get(variant)
  if (worker === undefined) throw new Error(`no Worker runs as ${variant}`)
  return worker
}

function targetOf(worker: RunningWorker, { action }: Workload): Target {
  return {
    url: new URL(`/bedrock/model/${MODEL_NAME}/${action}`, worker.url),
    method: 'POST',
    headers: {
      authorization: `Bearer ${MASTER_KEY}`,
      'content-type': 'application/json',
      'content-length': REQUEST_BODY.length,
    },
    body: REQUEST_BODY,
  }
}
