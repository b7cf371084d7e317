/** The tables of one Meter and every SQL statement on them. */
import type { MinuteWindow } from './meter-rules.ts'

/**
 * All SQL of a Meter. One table is reservation and outbox in one, so a call costs one row to reserve, one to settle and
 * one to delete. Money is TEXT: a JavaScript number binds as REAL, and `sum()` comes out as a double.
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS call (
  id TEXT NOT NULL PRIMARY KEY, state INTEGER NOT NULL, nano TEXT NOT NULL, tokens INTEGER NOT NULL,
  at INTEGER NOT NULL, record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS total (k INTEGER PRIMARY KEY, spent TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS poured (n INTEGER PRIMARY KEY, at INTEGER NOT NULL, ids TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS minute (
  k INTEGER PRIMARY KEY, started INTEGER NOT NULL, calls INTEGER NOT NULL, tokens INTEGER NOT NULL
) STRICT;`

/** `call.state`. Settled rows are the outbox; an expired one waits for its late settle; a parked one was refused by D1. */
export const CALL_STATE = { reserved: 0, settled: 1, expired: 2, parked: 3 } as const
export type CallState = (typeof CALL_STATE)[keyof typeof CALL_STATE]

/**
 * `nano`: the estimate while reserved or expired, the cost once settled. `at`: ms, when it came into its state.
 * `record`: the JSON of a `ReservedCall` while reserved or expired, of the spend record once settled.
 */
export type CallRow = { id: string; state: CallState; nano: bigint; tokens: number; at: number; record: string }

export type MeterStore = ReturnType<typeof openStore>

/** Opens the tables of one object. Every function is one synchronous step; `together` makes several one transaction. */
export function openStore(storage: DurableObjectStorage) {
  const { sql } = storage
  sql.exec(SCHEMA)

  // Cursors are always read to their end: an unread one keeps the transaction from committing.
  const rows = (query: string, ...values: (string | number)[]) => sql.exec(query, ...values).toArray()

  const toCall = (row: Record<string, SqlStorageValue>): CallRow => ({
    id: String(row.id),
    state: Number(row.state) as CallState,
    nano: BigInt(String(row.nano)),
    tokens: Number(row.tokens),
    at: Number(row.at),
    record: String(row.record),
  })

  return {
    together: (work: () => void): void => storage.transactionSync(work),

    find: (id: string): CallRow | null => rows('SELECT * FROM call WHERE id = ?', id).map(toCall)[0] ?? null,

    put(call: CallRow): void {
      rows(
        `INSERT INTO call (id, state, nano, tokens, at, record) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET
           state = excluded.state, nano = excluded.nano, tokens = excluded.tokens, at = excluded.at, record = excluded.record`,
        call.id,
        call.state,
        call.nano.toString(),
        call.tokens,
        call.at,
        call.record,
      )
    },

    /** Moves calls from one state to another; those that have left `from` meanwhile are not touched. */
    move(ids: readonly string[], from: CallState, to: CallState, at: number): void {
      rows(
        'UPDATE call SET state = ?, at = ? WHERE state = ? AND id IN (SELECT value FROM json_each(?))',
        to,
        at,
        from,
        JSON.stringify(ids),
      )
    },

    remove(ids: readonly string[]): void {
      rows('DELETE FROM call WHERE id IN (SELECT value FROM json_each(?))', JSON.stringify(ids))
    },

    /** Oldest first: ids sort by time. */
    inState: (state: CallState, limit: number): CallRow[] =>
      rows('SELECT * FROM call WHERE state = ? ORDER BY id LIMIT ?', state, limit).map(toCall),

    inStateSince: (state: CallState, before: number, limit: number): CallRow[] =>
      rows('SELECT * FROM call WHERE state = ? AND at <= ? ORDER BY id LIMIT ?', state, before, limit).map(toCall),

    oldestIn(state: CallState): number | null {
      const at = rows('SELECT min(at) AS at FROM call WHERE state = ?', state)[0]?.at
      return typeof at === 'number' ? at : null
    },

    /** Number and sum of the calls by state. Added up here, since SQL would give a rounded double or overflow. */
    countAndSum(): Map<CallState, { calls: number; nano: bigint }> {
      const sums = new Map<CallState, { calls: number; nano: bigint }>()
      for (const row of sql.exec('SELECT state, nano FROM call')) {
        const state = Number(row.state) as CallState
        const sum = sums.get(state) ?? { calls: 0, nano: 0n }
        sums.set(state, { calls: sum.calls + 1, nano: sum.nano + BigInt(String(row.nano)) })
      }
      return sums
    },

    total: (): bigint => BigInt(String(rows('SELECT spent FROM total WHERE k = 1')[0]?.spent ?? '0')),

    setTotal(spent: bigint): void {
      rows(
        'INSERT INTO total (k, spent) VALUES (1, ?) ON CONFLICT (k) DO UPDATE SET spent = excluded.spent',
        spent.toString(),
      )
    },

    rememberPoured(ids: readonly string[], at: number): void {
      rows('INSERT INTO poured (at, ids) VALUES (?, ?)', at, JSON.stringify(ids))
    },

    /** Oldest first. */
    flushes: (): { at: number; ids: readonly string[] }[] =>
      rows('SELECT at, ids FROM poured ORDER BY n').map((row) => ({
        at: Number(row.at),
        ids: JSON.parse(String(row.ids)) as string[],
      })),

    forgetPoured(before: number): void {
      rows('DELETE FROM poured WHERE at < ?', before)
    },

    window(): MinuteWindow {
      const row = rows('SELECT started, calls, tokens FROM minute WHERE k = 1')[0]
      return { startedMs: Number(row?.started ?? 0), calls: Number(row?.calls ?? 0), tokens: Number(row?.tokens ?? 0) }
    },

    setWindow(window: MinuteWindow): void {
      rows(
        `INSERT INTO minute (k, started, calls, tokens) VALUES (1, ?, ?, ?)
         ON CONFLICT (k) DO UPDATE SET started = excluded.started, calls = excluded.calls, tokens = excluded.tokens`,
        window.startedMs,
        window.calls,
        window.tokens,
      )
    },
  }
}
