/** Hands the record of an ended call to its Meter; past an unreachable Meter into D1; as the last resort into the log. */
import { withinDeadline } from '../../base/deadline.ts'
import { eventLine } from '../../telemetry/log.ts'
import type { SettleAnswer } from '../meter/accounts.ts'
import type { Meter } from '../meter/meter.ts'
import { checkRecord } from '../record/check-record.ts'
import type { SpendRecord } from '../record/record.ts'
import { ensureSchema } from '../schema/ensure-schema.ts'
import { bookRows } from './book-rows.ts'
import { settleGathered } from './gather.ts'
import { notBookedLine } from './not-booked.ts'

/**
 * Bounds of the first two ways. A client that left gives the whole rest of its call 30 s, of which the drain of the
 * upstream takes up to 25: both ways together have to fit into what is left.
 */
const METER_DEADLINE_MS = 2_000
const D1_DEADLINE_MS = 2_500

export type SettleDeps = {
  /** null: no Meter, every record is written to D1 directly. */
  meter: DurableObjectNamespace<Meter> | null
  db: D1Database | null
  /** Takes one line of JSON. */
  log: (line: string) => void
  /** Name of the Meter of a key with limits. Absent: a shard. */
  meterName?: string
  sleep?: (ms: number) => Promise<void>
  /** Uniform in [0, 1). */
  random?: () => number
}

/** Where the record is now. `log`: one line that `npm run ledger -- replay FILE` books. */
export type Settled = { via: 'meter' | 'd1'; repeated: boolean } | { via: 'log'; reason: string }

/**
 * Hands the record of one call over: to its Meter, past an unreachable Meter into D1, and as the last resort as one log line.
 * Call it in `waitUntil`. Sending the same record again is safe on every way. Never throws.
 */
export async function settle(record: SpendRecord, deps: SettleDeps): Promise<Settled> {
  const checked = checkRecord(record)
  if (!checked.ok) return giveUp(record, checked.reason, deps)
  if (checked.notes.length > 0) {
    const { request_id } = checked.record
    deps.log(eventLine('spend_record_mended', { request_id, notes: checked.notes }))
  }
  const metered = deps.meter === null ? null : await throughMeter(deps.meter, checked.record, checked.json, deps)
  if (metered?.ok) return { via: 'meter', repeated: metered.repeated }

  const booked = deps.db === null ? { ok: false as const, reason: 'no D1' } : await intoD1(deps.db, checked.json, deps)
  if (booked.ok) return { via: 'd1', repeated: booked.repeated }
  const reason = metered === null ? booked.reason : `Meter: ${metered.reason}; D1: ${booked.reason}`
  return giveUp(checked.record, reason, deps)
}

type Attempt = { ok: true; repeated: boolean } | { ok: false; reason: string }

async function throughMeter(
  namespace: DurableObjectNamespace<Meter>,
  record: SpendRecord,
  json: string,
  deps: SettleDeps,
): Promise<Attempt> {
  const { meterName } = deps
  // A stub that has failed stays broken, so each try takes a new one.
  const send = async (): Promise<SettleAnswer> =>
    meterName === undefined
      ? settleGathered(namespace, record.request_id, json)
      : namespace.get(namespace.idFromName(meterName)).settle(json)
  const sendTwice = () => send().catch((error: unknown) => (isWorthRetrying(error) ? send() : Promise.reject(error)))
  try {
    const answer = await withinDeadline(sendTwice(), METER_DEADLINE_MS, 'the Meter')
    if (answer.outcome === 'refused') return { ok: false, reason: answer.reason }
    return { ok: true, repeated: answer.outcome === 'repeated' }
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) }
  }
}

/** https://developers.cloudflare.com/durable-objects/best-practices/error-handling/: never again at once when overloaded. */
function isWorthRetrying(error: unknown): boolean {
  return error instanceof Error && 'retryable' in error && error.retryable === true && !('overloaded' in error)
}

async function intoD1(db: D1Database, json: string, deps: SettleDeps): Promise<Attempt> {
  const startedMs = Date.now()
  try {
    await withinDeadline(ensureSchema(db), D1_DEADLINE_MS, 'D1')
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) }
  }
  const booked = await bookRows(db, [{ origin: null, json }], {
    // What the look at the schema took is gone: the bound is on both.
    deadlineMs: Math.max(0, D1_DEADLINE_MS - (Date.now() - startedMs)),
    ...(deps.meterName === undefined ? {} : { unmetered: deps.meterName }),
    ...(deps.sleep === undefined ? {} : { sleep: deps.sleep }),
    ...(deps.random === undefined ? {} : { random: deps.random }),
  })
  const failed = booked.refused[0] ?? booked.unbooked[0]
  return failed === undefined ? { ok: true, repeated: booked.repeated > 0 } : { ok: false, reason: failed.reason }
}

function giveUp(record: unknown, reason: string, deps: SettleDeps): Settled {
  deps.log(notBookedLine(record, reason, deps.meterName ?? null))
  return { via: 'log', reason }
}
