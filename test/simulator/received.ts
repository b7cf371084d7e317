/** What the simulator received and what became of it, kept in bounded number and size, so that tests can ask. */
import { createHash } from 'node:crypto'
import type { AuthVerdict } from './auth.ts'
import { type Fault, type Matched, type MatchInput, matches } from './faults.ts'
import type { Ending } from './misbehave.ts'

/** Requests kept; older ones are counted only. */
const REQUESTS_MAX = 2000

/** Bytes of all bodies kept together; beyond it the oldest bodies go, their length and digest stay. */
const BODIES_MAX_BYTES = 64 * 1024 * 1024

/** `client-closed`: the client's connection closed before the answer was finished. */
export type Outcome = 'open' | Ending | 'reset' | 'client-closed'

export type ReceivedRequest = Matched & {
  /** Counts from 1 since the start. */
  id: number
  method: string
  /** Path and query as they stood in the request line. */
  rawUrl: string
  /** Names in lower case; a repeated header is joined with a comma. */
  headers: Readonly<Record<string, string>>
  /** Names and values by turns, as they came. */
  rawHeaders: readonly string[]
  body: Uint8Array | null
  bodyBytes: number
  bodySha256: string
  auth: AuthVerdict | null
  fault: Fault | null
  /** Name of the recorded exchange that answered. */
  recording: string | null
  /** `null` until a status line was sent. */
  status: number | null
  requestId: string
  /** It waits for a release. */
  held: boolean
  outcome: Outcome
  /** Bytes of the answer's body handed to the socket. */
  bytesSent: number
  receivedAtMs: number
  /** When the outcome came about. */
  endedAtMs: number | null
}

/** Time that `until` waits where none is given, in ms. */
const UNTIL_DEFAULT_MS = 10_000

export type ReceivedLog = ReturnType<typeof receivedLog>

export function receivedLog() {
  let kept: ReceivedRequest[] = []
  let counts = new Map<string, { subject: Matched; count: number }>()
  let lastId = 0
  const watchers = new Set<() => void>()
  const changed = () => {
    for (const watcher of [...watchers]) watcher()
  }

  const list = (match: MatchInput = {}): readonly ReceivedRequest[] => kept.filter((request) => matches(match, request))

  return {
    /** Counts a request and keeps its record; what happens to it later is told by `update`. */
    add(request: Omit<ReceivedRequest, 'id'>): ReceivedRequest {
      lastId += 1
      const record = { ...request, id: lastId }
      const key = JSON.stringify([record.model, record.operation, record.region])
      const entry = counts.get(key) ?? { subject: record, count: 0 }
      counts.set(key, { ...entry, count: entry.count + 1 })
      kept.push(record)
      if (kept.length > REQUESTS_MAX) kept.shift()
      changed()
      return record
    },

    update(record: ReceivedRequest, change: Partial<ReceivedRequest>): void {
      Object.assign(record, change)
      if (change.body) {
        record.bodyBytes = change.body.byteLength
        record.bodySha256 = createHash('sha256').update(change.body).digest('hex')
        dropOldBodies(kept)
      }
      changed()
    },

    list,

    /** All since the last reset, those no longer kept included. */
    count: (match: MatchInput = {}): number =>
      [...counts.values()].filter(({ subject }) => matches(match, subject)).reduce((sum, { count }) => sum + count, 0),

    /** Resolves with the requests kept as soon as `condition` holds for them; rejects after `timeoutMs`. */
    until(
      condition: (requests: readonly ReceivedRequest[]) => boolean,
      timeoutMs: number = UNTIL_DEFAULT_MS,
    ): Promise<readonly ReceivedRequest[]> {
      return new Promise((resolve, reject) => {
        const settle = (finish: () => void) => {
          watchers.delete(check)
          clearTimeout(timer)
          finish()
        }
        const check = () => {
          if (condition(kept)) settle(() => resolve([...kept]))
        }
        const timer = setTimeout(() => {
          settle(() =>
            reject(new Error(`The condition did not hold within ${timeoutMs} ms; ${kept.length} requests are kept.`)),
          )
        }, timeoutMs)
        watchers.add(check)
        check()
      })
    },

    clear(): void {
      kept = []
      counts = new Map()
      changed()
    },
  }
}

function dropOldBodies(kept: readonly ReceivedRequest[]): void {
  let total = kept.reduce((sum, request) => sum + (request.body?.byteLength ?? 0), 0)
  for (const request of kept) {
    if (total <= BODIES_MAX_BYTES) return
    total -= request.body?.byteLength ?? 0
    request.body = null
  }
}
