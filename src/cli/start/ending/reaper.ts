/**
 * Watches over one run of `start`, as a process of its own: when the run is killed outright it can end nothing itself, and
 * workerd and the simulator would stay for ever. It reads from stdin, which closes with the run, lines
 * `{"pids": [numbers], "folder": text?}`; the last one counts. `{"pids": []}` leaves nothing to do.
 */
import { rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'

export type ReaperOrder = {
  /** Processes to end. */
  pids: number[]
  /** Temporary state to delete. */
  folder?: string
}

/** Ctrl-C reaches every process of the terminal; this one ends with its stdin only. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)

let order: ReaperOrder = { pids: [] }
for await (const line of createInterface({ input: process.stdin })) order = JSON.parse(line)

for (const pid of order.pids) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
if (order.folder !== undefined) await rm(order.folder, { recursive: true, force: true, maxRetries: 5 })
