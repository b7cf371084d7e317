/** Books rows in D1: in batches, again where D1 was away for a moment, and around a row that D1 never takes. */
import { type Deadline, startDeadline } from '../../base/deadline.ts'
import type { SpendRecord } from '../record/record.ts'
import { ADD_TO_DAILY, INSERT_RECORDS, NOTE_UNMETERED } from './book-sql.ts'
import { classifyD1Fault, retryWaitMs, TRIES_MAX } from './d1-faults.ts'

/** A statement's parameter may have 2 MB in D1; half of that leaves room for what the wire adds. */
const CHUNK_BYTES_MAX = 1_000_000
/** Rows that one fault can delay, and the depth of the search for a bad one. */
const CHUNK_ROWS_MAX = 500
/** A call to D1 that hangs must not hold up its caller: giving up is safe, because repeating is. */
const WRITE_DEADLINE_MS = 10_000

export type BookOptions = {
  /** Name of the Meter that did not see these records and has to add them to its spend later. */
  unmetered?: string
  /** Bound on the whole call, milliseconds. */
  deadlineMs?: number
  sleep?: (ms: number) => Promise<void>
  /** Uniform in [0, 1). */
  random?: () => number
}

/** One record as it is sent: its JSON is made once, by whoever checked it. */
export type Row<Origin> = { origin: Origin; json: string }

export type RowsBooked<Origin> = {
  /** Rows that are new. */
  inserted: number
  /** Rows that were in the ledger already, or twice in this call. */
  repeated: number
  /** Rows that D1 will never take, each with its reason. */
  refused: { origin: Origin; reason: string }[]
  /** Rows that did not get through; sending them again is safe. */
  unbooked: { origin: Origin; reason: string }[]
}

export type RecordsBooked = {
  inserted: number
  repeated: number
  refused: { record: SpendRecord; reason: string }[]
  unbooked: { record: SpendRecord; reason: string }[]
}

/** What is used of `D1Database`, spelt out because Node's side of the project does not know the Worker's types. */
export type SpendDatabase = {
  prepare(sql: string): { bind(...values: string[]): unknown }
  batch(statements: unknown[]): Promise<{ results: unknown[] }[]>
}

/** Books records that were checked (`check-record.ts`): each once, however often it is sent. Never throws. */
export async function bookRecords(
  db: SpendDatabase,
  records: readonly SpendRecord[],
  options: BookOptions = {},
): Promise<RecordsBooked> {
  const rows = records.map((record) => ({ origin: record, json: JSON.stringify(record) }))
  const booked = await bookRows(db, rows, options)
  const named = ({ origin, reason }: { origin: SpendRecord; reason: string }) => ({ record: origin, reason })
  return { ...booked, refused: booked.refused.map(named), unbooked: booked.unbooked.map(named) }
}

/** `bookRecords` for callers that hold the JSON already. */
export async function bookRows<Origin>(
  db: SpendDatabase,
  rows: readonly Row<Origin>[],
  options: BookOptions = {},
): Promise<RowsBooked<Origin>> {
  const result: RowsBooked<Origin> = { inserted: 0, repeated: 0, refused: [], unbooked: [] }
  const deadline = startDeadline(options.deadlineMs ?? WRITE_DEADLINE_MS)
  const waiting = chunksOf(rows)
  for (let chunk = waiting.shift(); chunk !== undefined; chunk = waiting.shift()) {
    const answer = await bookChunk(db, chunk, options, deadline)
    if (answer.kind === 'booked') {
      result.inserted += answer.inserted
      result.repeated += chunk.length - answer.inserted
    } else if (answer.kind === 'unavailable') {
      // The database, not the rows: nothing behind this chunk fares better.
      const left = [...chunk, ...waiting.splice(0).flat()]
      result.unbooked.push(...left.map(({ origin }) => ({ origin, reason: answer.reason })))
    } else if (chunk.length === 1) {
      result.refused.push(...chunk.map(({ origin }) => ({ origin, reason: answer.reason })))
    } else {
      const middle = Math.ceil(chunk.length / 2)
      waiting.unshift(chunk.slice(0, middle), chunk.slice(middle))
    }
  }
  deadline.stop()
  return result
}

type ChunkAnswer =
  | { kind: 'booked'; inserted: number }
  | { kind: 'refused'; reason: string }
  | { kind: 'unavailable'; reason: string }

async function bookChunk(
  db: SpendDatabase,
  chunk: readonly Row<unknown>[],
  options: BookOptions,
  deadline: Deadline,
): Promise<ChunkAnswer> {
  const json = `[${chunk.map((row) => row.json).join(',')}]`
  const sleep = options.sleep ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)))
  for (let tries = 1; ; tries++) {
    const answer = await Promise.race([bookOnce(db, json, options.unmetered), deadline.passed])
    if (answer === 'passed') return { kind: 'unavailable', reason: 'D1 did not answer in time' }
    if (answer.kind === 'booked') return answer
    if (answer.kind === 'data') return { kind: 'refused', reason: answer.message }
    if (answer.kind === 'unavailable' || tries === TRIES_MAX) return { kind: 'unavailable', reason: answer.message }
    await sleep(retryWaitMs(tries, options.random ?? Math.random))
  }
}

/** One transaction: the roll-up and the note for the Meter first, both counting what the insert is about to add. */
async function bookOnce(db: SpendDatabase, json: string, unmetered: string | undefined) {
  try {
    const statements = [db.prepare(ADD_TO_DAILY).bind(json)]
    if (unmetered !== undefined) statements.push(db.prepare(NOTE_UNMETERED).bind(json, unmetered))
    const results = await db.batch([...statements, db.prepare(INSERT_RECORDS).bind(json)])
    return { kind: 'booked' as const, inserted: results.at(-1)?.results.length ?? 0 }
  } catch (error) {
    return classifyD1Fault(error)
  }
}

function chunksOf<Origin>(rows: readonly Row<Origin>[]): Row<Origin>[][] {
  const chunks: Row<Origin>[][] = []
  const encoder = new TextEncoder()
  let bytes = 0
  for (const row of rows) {
    const rowBytes = encoder.encode(row.json).byteLength + 1
    const last = chunks.at(-1)
    if (last === undefined || last.length === CHUNK_ROWS_MAX || bytes + rowBytes > CHUNK_BYTES_MAX) {
      chunks.push([row])
      bytes = rowBytes
    } else {
      last.push(row)
      bytes += rowBytes
    }
  }
  return chunks
}
