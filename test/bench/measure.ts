/** One measurement: what a Worker spends on a number of calls, the writing of their records behind the answers included. */
import { setTimeout as wait } from 'node:timers/promises'
import { cpuMs } from './cpu.ts'
import type { RunningWorker } from './workers.ts'

/** Between two looks whether the rows are there; each is a query of its own that the Worker's workerd pays for. */
const BOOKED_POLL_MS = 250
/** Longest wait for the rows of one measurement: the Meters pour within 3 s. */
const BOOKED_TIMEOUT_MS = 60_000

/** Rows that `work` leaves in the Worker's D1. */
export type Work = { calls: number; books: boolean; run(): Promise<void> }

export type Spent = {
  /** CPU of the Worker's workerd per call, µs; null where there is no /proc. */
  cpuUs: number | null
  /** From the first call to the last answer, per call, µs. */
  wallUs: number
}

export async function spentOn(worker: RunningWorker, work: Work): Promise<Spent> {
  const { pid } = worker
  const bookedBefore = work.books ? await worker.bookedCalls() : 0
  const cpuBeforeMs = pid === null ? 0 : cpuMs(pid)
  const startedMs = performance.now()
  await work.run()
  const wallMs = performance.now() - startedMs
  if (work.books) await untilBooked(worker, bookedBefore + work.calls)
  const cpuSpentMs = pid === null ? null : cpuMs(pid) - cpuBeforeMs
  return {
    cpuUs: cpuSpentMs === null ? null : (cpuSpentMs * 1000) / work.calls,
    wallUs: (wallMs * 1000) / work.calls,
  }
}

/** Resolves when the D1 of a Worker holds this many calls. */
export async function untilBooked(worker: RunningWorker, calls: number): Promise<void> {
  const deadlineMs = performance.now() + BOOKED_TIMEOUT_MS
  for (;;) {
    const booked = await worker.bookedCalls()
    if (booked === calls) return
    if (booked > calls) throw new Error(`${booked} calls were booked, ${calls} were made`)
    if (performance.now() > deadlineMs) throw new Error(`only ${booked} of ${calls} calls were booked`)
    await wait(BOOKED_POLL_MS)
  }
}
