/** The memory of the process that listens on a port of this machine, where there is a /proc to ask. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export const SOCKETS = '/proc/net/tcp'

/** The process that listens on a port of this machine: its socket's inode, and who has that open. */
export function listenerOf(port: number): number {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  const listening = readFileSync(SOCKETS, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  const inode = listening.find(([, local, , state]) => local?.endsWith(`:${hexPort}`) && state === '0A')?.[9]
  const isOwner = (pid: string) => {
    try {
      return readdirSync(`/proc/${pid}/fd`).some(
        (fd) => readlinkOrNone(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`,
      )
    } catch {
      return false
    }
  }
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && Number(name) !== process.pid && isOwner(name))
  if (inode === undefined || pid === undefined) throw new Error(`nobody listens on ${port}`)
  return Number(pid)
}

function readlinkOrNone(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes) * 1024
}
