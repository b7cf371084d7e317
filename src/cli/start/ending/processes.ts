/** The children of a process, as the operating system lists them: Miniflare does not tell the pid of its workerd. */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Pids of the direct children of `parent`; empty where the system offers no list (Windows). */
export function childPids(parent: number): number[] {
  if (existsSync('/proc/self/stat')) return pairsOfProc().flatMap(([pid, ppid]) => (ppid === parent ? [pid] : []))
  if (process.platform === 'win32') return []
  const listing = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  return listing.split('\n').flatMap((line) => {
    const [pid, ppid] = line.trim().split(/\s+/).map(Number)
    return pid !== undefined && ppid === parent ? [pid] : []
  })
}

function pairsOfProc(): [pid: number, ppid: number][] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name): [number, number][] => {
      const stat = statOf(Number(name))
      return stat === null ? [] : [[Number(name), Number(stat[1])]]
    })
}

/** Fields of `/proc/<pid>/stat` after the name, which may hold spaces: state, ppid, … (proc(5)); null where it is gone. */
export function statOf(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return null
  }
}
