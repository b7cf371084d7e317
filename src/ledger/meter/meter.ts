/** The Meter: the Durable Object that counts money exactly and pours records into D1. */
import { DurableObject } from 'cloudflare:workers'
import { eventLine } from '../../telemetry/log.ts'
import { parseNanoUsd } from '../record/nano-usd.ts'
import {
  type MeterStatus,
  openAccounts,
  type ReserveAnswer,
  type ReserveRequest,
  type SettleAnswer,
} from './accounts.ts'
import { backOffMs, FLUSH_DELAY_MS, flushWaitMs, RESERVATION_TTL_MS } from './meter-rules.ts'
import { isShard } from './name.ts'
import { openStore } from './store.ts'
import { takeTurn } from './turn.ts'

/**
 * The exact spend of one key or team with limits, or one share of the calls of all others (`name.ts`), and the outbox from
 * which their records are poured into D1. A class because Durable Objects have to be; what it decides is in `meter-rules.ts`, what
 * it counts in `accounts.ts`, what it stores in `store.ts`, what an alarm does in `turn.ts`.
 */
export class Meter extends DurableObject<{ DB: D1Database }> {
  /** How long records gather before a pour. A field, so that a test can hold the alarm off or hurry it. */
  flushDelayMs = FLUSH_DELAY_MS
  readonly #accounts
  /** The one alarm of the object serves the pour and the expiry of reservations; the earlier wins. */
  #alarmAtMs: number | null = null
  /** No pour before this time: while D1 is away a settle must not pull the alarm in front of the back-off. */
  #notBeforeMs = 0
  #failures = 0

  constructor(ctx: DurableObjectState, env: { DB: D1Database }) {
    super(ctx, env)
    this.#accounts = openAccounts(openStore(ctx.storage))
    ctx.blockConcurrencyWhile(async () => {
      this.#alarmAtMs = await ctx.storage.getAlarm()
      this.#armForWork()
    })
  }

  /** Holds the estimate of a call, or says which limit it would break. */
  reserve(request: ReserveRequest): ReserveAnswer {
    const nowMs = Date.now()
    const answer = this.#accounts.reserve(request, nowMs)
    if (answer.allowed) this.#arm(nowMs + RESERVATION_TTL_MS)
    return answer
  }

  /** Gives a reservation back whose call never reached an upstream. */
  release(callId: string): void {
    this.#accounts.release(callId)
  }

  /**
   * Counts a call once, however often it is sent: frees its reservation, adds its cost and puts the record into the outbox in
   * one transaction. `recordJson` is a checked `SpendRecord` (`check-record.ts`).
   */
  settle(recordJson: string): SettleAnswer {
    const facts = readFacts(recordJson)
    if (facts === null) return { outcome: 'refused', reason: 'not a record with a request_id' }
    const answer = this.#accounts.settle(facts.id, facts.nano, facts.tokens, recordJson, Date.now())
    if (answer.outcome === 'settled') this.#armForPour()
    return answer
  }

  /** Counts several calls, each on its own: one answer for each record, in their order. */
  settleMany(recordJsons: readonly string[]): SettleAnswer[] {
    return recordJsons.map((json) => this.settle(json))
  }

  /** Counts the cost of a call whose record is in D1 or goes there through another Meter; null where it is not known. */
  adopt(callId: string, nanoUsd: string | null): void {
    this.#accounts.adopt([{ id: callId, nano: parseNanoUsd(nanoUsd) }], Date.now())
  }

  status(): MeterStatus {
    return this.#accounts.status()
  }

  /** Never throws: a handler that throws is dropped for good after seven runs, and with it the outbox. */
  override async alarm(): Promise<void> {
    this.#alarmAtMs = null
    const name = this.ctx.id.name
    const meter = name === undefined || isShard(name) ? null : name
    try {
      await takeTurn({ accounts: this.#accounts, db: this.env.DB, meter, log: (line) => console.warn(line) })
      this.#failures = 0
      this.#notBeforeMs = 0
    } catch (error) {
      this.#failures += 1
      const waitMs = backOffMs(this.#failures)
      this.#notBeforeMs = Date.now() + waitMs
      const reason = error instanceof Error ? error.message : String(error)
      console.error(eventLine('spend_pour_failed', { reason, failures: this.#failures, retry_ms: waitMs }))
      // Not only for the outbox: expiry and adoption have to be tried again as well.
      this.#arm(this.#notBeforeMs)
    }
    this.#armForWork()
  }

  #armForWork(): void {
    if (this.#accounts.hasOutbox()) this.#armForPour()
    const oldestMs = this.#accounts.oldestReservationMs()
    if (oldestMs !== null) this.#arm(Math.max(oldestMs + RESERVATION_TTL_MS, this.#notBeforeMs))
  }

  #armForPour(): void {
    this.#arm(Math.max(Date.now() + flushWaitMs(this.flushDelayMs, Math.random), this.#notBeforeMs))
  }

  /** No await: the output gate holds the answer until the alarm is stored. Each call writes a row, hence the guard. */
  #arm(atMs: number): void {
    if (this.#alarmAtMs !== null && this.#alarmAtMs <= atMs) return
    this.#alarmAtMs = atMs
    void this.ctx.storage.setAlarm(atMs)
  }
}

function readFacts(recordJson: string): { id: string; nano: bigint | null; tokens: number } | null {
  try {
    const record: unknown = JSON.parse(recordJson)
    if (typeof record !== 'object' || record === null || !('request_id' in record)) return null
    if (typeof record.request_id !== 'string' || record.request_id === '') return null
    const nano = 'cost_nano_usd' in record ? parseNanoUsd(record.cost_nano_usd) : null
    const tokens = 'total_tokens' in record ? record.total_tokens : 0
    return { id: record.request_id, nano, tokens: Number.isSafeInteger(tokens) ? Number(tokens) : 0 }
  } catch {
    return null
  }
}
