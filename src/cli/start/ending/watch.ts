/** The other end of `reaper.ts`. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { childPids } from './processes.ts'
import type { ReaperOrder } from './reaper.ts'

export type Watch = {
  /** Says again which children there are, after one was started or replaced. */
  update: () => void
  /** The run has ended its children itself. */
  done: () => void
}

/** @param folder temporary state to delete when this process is killed */
export function watchOver(folder: string): Watch {
  const reaper = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'reaper.ts')],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    },
  )
  // Without a reaper the run is as good as before, only less tidy when it is killed.
  reaper.on('error', () => undefined)
  reaper.stdin.on('error', () => undefined)
  reaper.unref()
  const say = (order: ReaperOrder) => reaper.stdin.write(`${JSON.stringify(order)}\n`)
  const update = () => {
    const pids = childPids(process.pid).filter((pid) => pid !== reaper.pid)
    say({ pids, folder })
  }
  return {
    update,
    done() {
      say({ pids: [] })
      reaper.stdin.end()
    },
  }
}
