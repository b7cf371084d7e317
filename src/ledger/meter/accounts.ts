/** What one Meter has counted: money spent, money held for open reservations, and the minute window. */
import { parseNanoUsd } from '../record/nano-usd.ts'
import { expiredRecord, type ReservedCall } from './expired.ts'
import { brokenLimit, type Limits, type MinuteWindow, minuteOf } from './meter-rules.ts'
import { CALL_STATE, type CallRow, type MeterStore } from './store.ts'

/** Ask to hold money for one call. */
export type ReserveRequest = {
  callId: string
  /** Upper bound of the cost, nano-USD as a decimal string: a budget is exact only as far as this is one. */
  estimateNanoUsd: string
  /** Upper bound of all tokens, for `tpm`. */
  estimateTokens: number
  limits: Limits
  call: ReservedCall
}

export type ReserveAnswer =
  | { allowed: true }
  | {
      allowed: false
      limit: 'budget' | 'rpm' | 'tpm'
      /** null where waiting does not help. */
      retryAfterMs: number | null
      spentNanoUsd: string
      reservedNanoUsd: string
    }
  /** The estimate or the budget is no integer of nano-USD within 64 bits, or the tokens are no counter. */
  | { allowed: false; limit: 'malformed' }

export type SettleAnswer = { outcome: 'settled' | 'repeated' } | { outcome: 'refused'; reason: string }

export type MeterStatus = {
  spentNanoUsd: string
  reservedNanoUsd: string
  /** Calls by state: open reservations, records on their way to D1, records that D1 refused. */
  reservations: number
  outbox: number
  parked: number
}

export type Accounts = ReturnType<typeof openAccounts>

/** STRICT columns refuse what is no integer, and a refusal inside a transaction would be an exception. */
function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/**
 * The money of one Meter. `spent` = poured total + all settled, expired and parked calls; `held` = open reservations.
 * Both are read from storage once and then kept in step in memory. Every function is synchronous, so no two calls
 * interleave: that is the whole proof that a budget is exact. Memory changes only after storage has taken the change.
 */
export function openAccounts(store: MeterStore) {
  const sums = store.countAndSum()
  const sumOf = (state: CallRow['state']) => sums.get(state)?.nano ?? 0n
  let spent = store.total() + sumOf(CALL_STATE.settled) + sumOf(CALL_STATE.expired) + sumOf(CALL_STATE.parked)
  let held = sumOf(CALL_STATE.reserved)
  let window: MinuteWindow = store.window()
  const flushes = store.flushes()
  const poured = new Set(flushes.flatMap(({ ids }) => ids))

  function rememberPoured(ids: readonly string[], at: number): void {
    flushes.push({ at, ids })
    for (const id of ids) poured.add(id)
  }

  /** Counts a call's true cost instead of what was assumed for it so far. */
  function replace(known: CallRow | null, nano: bigint): void {
    if (known?.state === CALL_STATE.reserved) held -= known.nano
    if (known?.state === CALL_STATE.expired) spent -= known.nano
    spent += nano
  }

  /** Whether this call's cost is counted for good. */
  function isCounted(id: string, known: CallRow | null): boolean {
    return poured.has(id) || known?.state === CALL_STATE.settled || known?.state === CALL_STATE.parked
  }

  /** The window with the estimate of a call of this minute replaced by what it used; null where nothing changes. */
  function correctedWindow(known: CallRow | null, tokens: number): MinuteWindow | null {
    if (known?.state !== CALL_STATE.reserved || known.tokens === tokens) return null
    if (minuteOf(known.at) !== window.startedMs) return null
    return { ...window, tokens: Math.max(0, window.tokens - known.tokens + tokens) }
  }

  return {
    reserve(request: ReserveRequest, nowMs: number): ReserveAnswer {
      const { callId, limits } = request
      const estimateNanoUsd = parseNanoUsd(request.estimateNanoUsd)
      const budget = limits.budgetNanoUsd === null ? 0n : parseNanoUsd(limits.budgetNanoUsd)
      if (estimateNanoUsd === null || budget === null || !isCount(request.estimateTokens)) {
        return { allowed: false, limit: 'malformed' }
      }
      // The same call asking twice holds its money once.
      if (poured.has(callId) || store.find(callId) !== null) return { allowed: true }

      const demand = { estimateNanoUsd, estimateTokens: request.estimateTokens }
      const broken = brokenLimit(limits, demand, spent + held, window, nowMs)
      if (broken !== null) {
        return { allowed: false, ...broken, spentNanoUsd: spent.toString(), reservedNanoUsd: held.toString() }
      }
      const started = minuteOf(nowMs)
      const used = window.startedMs === started ? window : { startedMs: started, calls: 0, tokens: 0 }
      const next = { startedMs: started, calls: used.calls + 1, tokens: used.tokens + request.estimateTokens }
      const counted = limits.rpm !== null || limits.tpm !== null
      store.together(() => {
        store.put({
          id: callId,
          state: CALL_STATE.reserved,
          nano: estimateNanoUsd,
          tokens: request.estimateTokens,
          at: nowMs,
          record: JSON.stringify(request.call),
        })
        if (counted) store.setWindow(next)
      })
      held += estimateNanoUsd
      if (counted) window = next
      return { allowed: true }
    },

    /** Gives a reservation back: the call never reached an upstream, so it leaves no record. */
    release(callId: string): void {
      const known = store.find(callId)
      if (known?.state !== CALL_STATE.reserved) return
      store.remove([callId])
      held -= known.nano
    },

    /** A cost that is not known counts as its estimate: a budget errs on the side of its owner. */
    settle(id: string, nano: bigint | null, tokens: number, record: string, nowMs: number): SettleAnswer {
      const known = store.find(id)
      if (isCounted(id, known)) return { outcome: 'repeated' }
      const counts = nano ?? known?.nano ?? 0n
      const corrected = correctedWindow(known, tokens)
      store.together(() => {
        store.put({ id, state: CALL_STATE.settled, nano: counts, tokens, at: nowMs, record })
        if (corrected !== null) store.setWindow(corrected)
      })
      replace(known, counts)
      if (corrected !== null) window = corrected
      return { outcome: 'settled' }
    },

    /** Counts calls that are in D1 already, or that another Meter pours: spend without a record. */
    adopt(calls: readonly { id: string; nano: bigint | null }[], nowMs: number): void {
      const fresh = calls
        .map((call) => ({ ...call, known: store.find(call.id) }))
        .filter(({ id, known }) => !isCounted(id, known))
        .map(({ id, nano, known }) => ({ id, known, nano: nano ?? known?.nano ?? 0n }))
      if (fresh.length === 0) return
      const ids = fresh.map(({ id }) => id)
      store.together(() => {
        store.remove(ids)
        store.setTotal(fresh.reduce((sum, { nano }) => sum + nano, store.total()))
        store.rememberPoured(ids, nowMs)
      })
      for (const { known, nano } of fresh) replace(known, nano)
      rememberPoured(ids, nowMs)
    },

    outbox: (limit: number): CallRow[] => store.inState(CALL_STATE.settled, limit),

    /** D1 has these: they leave the outbox and stay in the total, in one transaction. */
    confirm(calls: readonly CallRow[], nowMs: number): void {
      if (calls.length === 0) return
      const ids = calls.map(({ id }) => id)
      store.together(() => {
        store.remove(ids)
        store.setTotal(calls.reduce((sum, { nano }) => sum + nano, store.total()))
        store.rememberPoured(ids, nowMs)
      })
      rememberPoured(ids, nowMs)
    },

    park(ids: readonly string[], nowMs: number): void {
      if (ids.length > 0) store.move(ids, CALL_STATE.settled, CALL_STATE.parked, nowMs)
    },

    /** Offers records that were parked before `beforeMs` to D1 again. */
    unpark(beforeMs: number, limit: number, nowMs: number): void {
      const ids = store.inStateSince(CALL_STATE.parked, beforeMs, limit).map(({ id }) => id)
      if (ids.length > 0) store.move(ids, CALL_STATE.parked, CALL_STATE.settled, nowMs)
    },

    /** Turns reservations older than `beforeMs` into rows of their own; their estimates count as spent from here on. */
    expire(beforeMs: number, limit: number, nowMs: number): void {
      for (const { id, nano, tokens, at, record } of store.inStateSince(CALL_STATE.reserved, beforeMs, limit)) {
        const row = expiredRecord(id, JSON.parse(record) as ReservedCall, at, nowMs, nano)
        store.together(() => {
          store.put({ id, state: CALL_STATE.expired, nano, tokens, at: nowMs, record })
          store.put({
            id: row.request_id,
            state: CALL_STATE.settled,
            nano: 0n,
            tokens: 0,
            at: nowMs,
            record: JSON.stringify(row),
          })
        })
        held -= nano
        spent += nano
      }
    },

    /** Makes the estimates of reservations final that expired before `beforeMs`. */
    closeExpired(beforeMs: number, limit: number): void {
      const calls = store.inStateSince(CALL_STATE.expired, beforeMs, limit)
      if (calls.length === 0) return
      store.together(() => {
        store.remove(calls.map(({ id }) => id))
        store.setTotal(calls.reduce((sum, { nano }) => sum + nano, store.total()))
      })
    },

    forgetPoured(beforeMs: number): void {
      const old = flushes.findIndex(({ at }) => at >= beforeMs)
      const forgotten = flushes.splice(0, old === -1 ? flushes.length : old)
      if (forgotten.length === 0) return
      store.forgetPoured(beforeMs)
      for (const { ids } of forgotten) for (const id of ids) poured.delete(id)
    },

    hasOutbox: (): boolean => store.inState(CALL_STATE.settled, 1).length > 0,

    oldestReservationMs: (): number | null => store.oldestIn(CALL_STATE.reserved),

    status(): MeterStatus {
      const now = store.countAndSum()
      return {
        spentNanoUsd: spent.toString(),
        reservedNanoUsd: held.toString(),
        reservations: now.get(CALL_STATE.reserved)?.calls ?? 0,
        outbox: now.get(CALL_STATE.settled)?.calls ?? 0,
        parked: now.get(CALL_STATE.parked)?.calls ?? 0,
      }
    },
  }
}
