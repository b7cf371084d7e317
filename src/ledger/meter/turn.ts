/** What one alarm of a Meter does: it pours the outbox into D1, and then looks after reservations and old ids. */
import { withinDeadline } from '../../base/deadline.ts'
import { eventLine } from '../../telemetry/log.ts'
import { bookRows, type Row } from '../booking/book-rows.ts'
import { notBookedLine } from '../booking/not-booked.ts'
import { parseNanoUsd } from '../record/nano-usd.ts'
import { ensureSchema } from '../schema/ensure-schema.ts'
import type { Accounts } from './accounts.ts'
import { EXPIRED_KEPT_MS, PARKED_RETRY_MS, POURED_KEPT_MS, RESERVATION_TTL_MS } from './meter-rules.ts'
import type { CallRow } from './store.ts'

/** Rows of one pour; also the bound of everything else that a turn does at once. */
const ROWS_PER_STEP = 500
/** Pours of one turn; what is left after them is the next turn's. */
const POURS_PER_TURN = 20
/** A D1 call that hangs would hold the alarm, and with it every later pour, for up to 15 minutes. */
const D1_DEADLINE_MS = 10_000

export type TurnDeps = {
  accounts: Accounts
  db: D1Database
  /** The Meter whose unmetered spend lies in D1; null for a shard, which has no limit to keep. */
  meter: string | null
  log: (line: string) => void
}

/**
 * One turn of a Meter: pour the outbox, add what went to D1 past this Meter, and only then expire reservations, so that a
 * call whose record is in D1 is not called unknown. Throws where D1 does not answer; nothing is lost by that.
 */
export async function takeTurn({ accounts, db, meter, log }: TurnDeps): Promise<void> {
  await withinDeadline(ensureSchema(db), D1_DEADLINE_MS, 'D1')
  accounts.unpark(Date.now() - PARKED_RETRY_MS, ROWS_PER_STEP, Date.now())
  for (let pours = 0; pours < POURS_PER_TURN && accounts.hasOutbox(); pours++) {
    await pour(accounts, db, meter, log)
  }
  if (meter !== null) await adoptUnmetered(accounts, db, meter)
  // Ids are forgotten only after the adoption above succeeded: they are what keeps it from counting a call twice.
  const nowMs = Date.now()
  accounts.forgetPoured(nowMs - POURED_KEPT_MS)
  accounts.expire(nowMs - RESERVATION_TTL_MS, ROWS_PER_STEP, nowMs)
  accounts.closeExpired(nowMs - EXPIRED_KEPT_MS, ROWS_PER_STEP)
}

async function pour(accounts: Accounts, db: D1Database, meter: string | null, log: TurnDeps['log']): Promise<void> {
  const calls = accounts.outbox(ROWS_PER_STEP)
  const rows: Row<CallRow>[] = calls.map((call) => ({ origin: call, json: call.record }))
  const booked = await bookRows(db, rows, { deadlineMs: D1_DEADLINE_MS })

  const refused = new Map(booked.refused.map(({ origin, reason }) => [origin.id, reason]))
  const unbooked = new Set(booked.unbooked.map(({ origin }) => origin.id))
  const nowMs = Date.now()
  accounts.confirm(
    calls.filter(({ id }) => !refused.has(id) && !unbooked.has(id)),
    nowMs,
  )
  accounts.park([...refused.keys()], nowMs)
  for (const { origin, reason } of booked.refused) log(notBookedLine(parsed(origin.record), reason, meter))
  if (booked.repeated > 0) {
    log(eventLine('spend_rows_repeated', { sent: calls.length, repeated: booked.repeated }))
  }
  const failed = booked.unbooked[0]
  if (failed !== undefined) throw new Error(`${booked.unbooked.length} rows wait: ${failed.reason}`)
}

async function adoptUnmetered(accounts: Accounts, db: D1Database, meter: string): Promise<void> {
  const read = db
    .prepare(
      'SELECT request_id, CAST(cost_nano_usd AS TEXT) AS nano FROM spend_unmetered WHERE meter = ?1 ORDER BY request_id LIMIT ?2',
    )
    .bind(meter, ROWS_PER_STEP)
    .all<{ request_id: string; nano: string | null }>()
  const { results } = await withinDeadline(read, D1_DEADLINE_MS, 'D1')
  if (results.length === 0) return
  accounts.adopt(
    results.map((row) => ({ id: row.request_id, nano: parseNanoUsd(row.nano) })),
    Date.now(),
  )
  const ids = JSON.stringify(results.map((row) => row.request_id))
  const forget = db
    .prepare('DELETE FROM spend_unmetered WHERE meter = ?1 AND request_id IN (SELECT value FROM json_each(?2))')
    .bind(meter, ids)
    .run()
  await withinDeadline(forget, D1_DEADLINE_MS, 'D1')
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return json
  }
}
