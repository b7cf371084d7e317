/** CPU time of a workerd, which says more than requests per second: client and upstream share the machine with it. */
import { existsSync, readFileSync } from 'node:fs'
import { childPids, statOf } from '../../src/cli/start/ending/processes.ts'

/** One tick of `/proc/<pid>/stat`: USER_HZ is 100 on every Linux that Node runs on (proc(5), `utime`). */
const TICK_MS = 10

/** Positions of `utime` and `stime` (fields 14 and 15 of proc(5)) behind the process name. */
const UTIME_AT = 11
const STIME_AT = 12

export const HAS_PROC = existsSync('/proc/self/stat')

/** User and system time of a process since its start, ms. */
export function cpuMs(pid: number): number {
  const stat = statOf(pid)
  if (stat === null) throw new Error(`the process ${pid} has ended`)
  return (Number(stat[UTIME_AT]) + Number(stat[STIME_AT])) * TICK_MS
}

/** Runs `start` and gives with its result the workerd that it brought up; null where there is no /proc. */
export async function withPid<Started>(
  start: () => Promise<Started>,
): Promise<{ started: Started; pid: number | null }> {
  const before = new Set(workerds())
  const started = await start()
  return { started, pid: workerds().find((pid) => !before.has(pid)) ?? null }
}

function workerds(): number[] {
  if (!HAS_PROC) return []
  return childPids(process.pid).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'workerd'
    } catch {
      return false
    }
  })
}
