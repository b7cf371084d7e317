import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { bookRecords } from '../../../src/ledger/booking/book-rows.ts'
import type { ReserveRequest } from '../../../src/ledger/meter/accounts.ts'
import type { Meter } from '../../../src/ledger/meter/meter.ts'
import type { Limits } from '../../../src/ledger/meter/meter-rules.ts'
import { newCallId } from '../../../src/relay/call-id.ts'
import { ledgerOf } from '../ledger-of.ts'
import { spendRecord } from '../records.ts'

const HOUR_MS = 3_600_000
const NO_LIMITS: Limits = { budgetNanoUsd: null, rpm: null, tpm: null }

async function meterOf(name: string) {
  const meter = env.METER.getByName(name)
  await runInDurableObject(meter, (object: Meter) => {
    object.flushDelayMs = 24 * HOUR_MS
  })
  return meter
}

function request(limits: Partial<Limits>, overrides: Partial<ReserveRequest> = {}): ReserveRequest {
  const call = {
    model_group: 'reserved',
    operation: 'Converse',
    api_key: 'digest',
    team_id: null,
    user: null,
    end_user: null,
    client_call_id: null,
  }
  return {
    callId: newCallId(Date.now()),
    estimateNanoUsd: '1000',
    estimateTokens: 100,
    limits: { ...NO_LIMITS, ...limits },
    call,
    ...overrides,
  }
}

/** Start of a clock minute, so that a test never straddles two. */
function freezeClock(): number {
  vi.useFakeTimers({ toFake: ['Date'] })
  const minuteMs = Math.ceil(Date.now() / 60_000) * 60_000
  vi.setSystemTime(minuteMs)
  return minuteMs
}

afterEach(() => {
  vi.useRealTimers()
})

describe('reserving against a budget', () => {
  it('lets exactly 37 of 500 concurrent calls through a budget for 37', async () => {
    const meter = await meterOf('budget-37')
    const answers = await Promise.all(
      Array.from({ length: 500 }, () => meter.reserve(request({ budgetNanoUsd: '37999' }))),
    )
    expect(answers.filter((answer) => answer.allowed)).toHaveLength(37)
    expect(answers.find((answer) => !answer.allowed)).toEqual({
      allowed: false,
      limit: 'budget',
      retryAfterMs: null,
      spentNanoUsd: '0',
      reservedNanoUsd: '37000',
    })
    expect(await meter.status()).toMatchObject({ reservations: 37, reservedNanoUsd: '37000' })
  })

  it('frees the difference between estimate and cost when a call settles', async () => {
    const meter = await meterOf('difference')
    const first = request({ budgetNanoUsd: '1500' })
    expect(await meter.reserve(first)).toEqual({ allowed: true })
    expect(await meter.reserve(request({ budgetNanoUsd: '1500' }))).toMatchObject({ allowed: false })
    await meter.settle(JSON.stringify(spendRecord({ request_id: first.callId, cost_nano_usd: '400' })))
    expect(await meter.status()).toMatchObject({ spentNanoUsd: '400', reservedNanoUsd: '0' })
    expect(await meter.reserve(request({ budgetNanoUsd: '1500' }))).toEqual({ allowed: true })
  })

  it('holds the money of a call once when it asks twice', async () => {
    const meter = await meterOf('asks-twice')
    const same = request({ budgetNanoUsd: '1000' })
    expect(await meter.reserve(same)).toEqual({ allowed: true })
    expect(await meter.reserve(same)).toEqual({ allowed: true })
    expect((await meter.status()).reservedNanoUsd).toBe('1000')
  })

  it('gives a released reservation back and leaves no record of it', async () => {
    const meter = await meterOf('released')
    const call = request({ budgetNanoUsd: '1000' })
    await meter.reserve(call)
    await meter.release(call.callId)
    expect(await meter.status()).toEqual({
      spentNanoUsd: '0',
      reservedNanoUsd: '0',
      reservations: 0,
      outbox: 0,
      parked: 0,
    })
  })

  it('counts a call whose cost is not known at its estimate', async () => {
    const meter = await meterOf('unknown-cost')
    const call = request({ budgetNanoUsd: '5000' })
    await meter.reserve(call)
    await meter.settle(
      JSON.stringify(spendRecord({ request_id: call.callId, cost_nano_usd: null, cost_state: 'unpriced' })),
    )
    expect(await meter.status()).toMatchObject({ spentNanoUsd: '1000', reservedNanoUsd: '0' })
  })

  it('keeps budget and reservations through an eviction', async () => {
    const meter = await meterOf('evicted-budget')
    await meter.reserve(request({ budgetNanoUsd: '2000' }))
    await evictDurableObject(meter)
    expect(await meter.reserve(request({ budgetNanoUsd: '2000' }))).toEqual({ allowed: true })
    expect(await meter.reserve(request({ budgetNanoUsd: '2000' }))).toMatchObject({ allowed: false, limit: 'budget' })
  })

  it('is exact for budgets and estimates above 2^53 nano-USD', async () => {
    const meter = await meterOf('huge-budget')
    const limits = { budgetNanoUsd: '9007199254740993' }
    expect(await meter.reserve(request(limits, { estimateNanoUsd: '9007199254740992' }))).toEqual({ allowed: true })
    expect(await meter.reserve(request(limits, { estimateNanoUsd: '2' }))).toMatchObject({ allowed: false })
    expect(await meter.reserve(request(limits, { estimateNanoUsd: '1' }))).toEqual({ allowed: true })
  })

  it('answers a malformed estimate or budget with a value', async () => {
    const meter = await meterOf('malformed')
    for (const bad of [
      request({}, { estimateNanoUsd: '1.5' }),
      request({}, { estimateNanoUsd: '-1' }),
      request({}, { estimateTokens: Number.NaN }),
      request({ budgetNanoUsd: '9223372036854775808' }),
    ]) {
      expect(await meter.reserve(bad)).toEqual({ allowed: false, limit: 'malformed' })
    }
  })
})

describe('reserving against limits per minute', () => {
  it('lets exactly rpm calls through a minute, also after an eviction, and says when the next minute begins', async () => {
    const minuteMs = freezeClock()
    vi.setSystemTime(minuteMs + 15_000)
    const meter = await meterOf('rpm')
    const answers = await Promise.all(Array.from({ length: 20 }, () => meter.reserve(request({ rpm: 5 }))))
    expect(answers.filter((answer) => answer.allowed)).toHaveLength(5)
    await evictDurableObject(meter)
    expect(await meter.reserve(request({ rpm: 5 }))).toMatchObject({
      allowed: false,
      limit: 'rpm',
      retryAfterMs: 45_000,
    })
    vi.setSystemTime(minuteMs + 60_000)
    expect(await meter.reserve(request({ rpm: 5 }))).toEqual({ allowed: true })
  })

  it('counts estimated tokens against tpm and corrects them when the call settles within its minute, also after an eviction', async () => {
    freezeClock()
    const meter = await meterOf('tpm')
    const first = request({ tpm: 150 })
    expect(await meter.reserve(first)).toEqual({ allowed: true })
    expect(await meter.reserve(request({ tpm: 150 }))).toMatchObject({ allowed: false, limit: 'tpm' })
    await meter.settle(JSON.stringify(spendRecord({ request_id: first.callId, total_tokens: 40 })))
    await evictDurableObject(meter)
    expect(await meter.reserve(request({ tpm: 150 }))).toEqual({ allowed: true })
    expect(await meter.reserve(request({ tpm: 150 }))).toMatchObject({ allowed: false, limit: 'tpm' })
  })
})

describe('a reservation that is never settled', () => {
  it('leaves one row of its own that no sum counts, and its estimate counts as spent', async () => {
    freezeClock()
    const meter = await meterOf('expires')
    const call = request({ budgetNanoUsd: '1000' }, { call: { ...request({}).call, model_group: 'expires' } })
    await meter.reserve(call)
    vi.setSystemTime(Date.now() + 76 * 60_000)
    await runDurableObjectAlarm(meter)
    expect(await meter.status()).toMatchObject({ spentNanoUsd: '1000', reservedNanoUsd: '0', outbox: 1 })
    await runDurableObjectAlarm(meter)
    const ledger = await ledgerOf(env.DB, 'expires')
    expect(ledger.rows).toEqual([
      { request_id: `${call.callId}/expired`, nano: null, cost_state: 'unpriced', verdict: 'unknown' },
    ])
    expect(ledger.daily.calls).toBe(0)
    expect(await meter.reserve(request({ budgetNanoUsd: '1000' }))).toMatchObject({ allowed: false })
  })

  it('is corrected by a late settle, which is an ordinary row under the id of the call', async () => {
    freezeClock()
    const meter = await meterOf('late')
    const call = request({ budgetNanoUsd: '1000' }, { call: { ...request({}).call, model_group: 'late' } })
    await meter.reserve(call)
    vi.setSystemTime(Date.now() + 76 * 60_000)
    await runDurableObjectAlarm(meter)
    await evictDurableObject(meter)
    await meterOf('late')
    const late = spendRecord({ request_id: call.callId, model_group: 'late', cost_nano_usd: '300' })
    expect(await meter.settle(JSON.stringify(late))).toEqual({ outcome: 'settled' })
    await runDurableObjectAlarm(meter)
    const ledger = await ledgerOf(env.DB, 'late')
    expect(ledger.ids).toEqual([call.callId, `${call.callId}/expired`])
    expect(ledger.daily).toEqual({ calls: 1, nano: 300n })
    expect((await meter.status()).spentNanoUsd).toBe('300')
  })

  it('keeps its estimate in the total a day later', async () => {
    freezeClock()
    const meter = await meterOf('closed')
    await meter.reserve(request({ budgetNanoUsd: '1000' }))
    vi.setSystemTime(Date.now() + 76 * 60_000)
    await runDurableObjectAlarm(meter)
    vi.setSystemTime(Date.now() + 25 * HOUR_MS)
    await runDurableObjectAlarm(meter)
    const calls = await runInDurableObject(meter, (_, { storage }) => storage.sql.exec('SELECT id FROM call').toArray())
    expect(calls).toEqual([])
    expect((await meter.status()).spentNanoUsd).toBe('1000')
  })
})

describe('a call that was booked past its Meter', () => {
  it('is added to the spend at the next turn, once, and frees its reservation instead of expiring it', async () => {
    freezeClock()
    const meter = await meterOf('key-past')
    const call = request({ budgetNanoUsd: '1000' })
    await meter.reserve(call)
    const record = spendRecord({ request_id: call.callId, model_group: 'past', cost_nano_usd: '250' })
    await bookRecords(env.DB, [record], { unmetered: 'key-past' })
    vi.setSystemTime(Date.now() + 76 * 60_000)
    await runDurableObjectAlarm(meter)
    expect(await meter.status()).toMatchObject({
      spentNanoUsd: '250',
      reservedNanoUsd: '0',
      reservations: 0,
      outbox: 0,
    })
    expect(await env.DB.prepare("SELECT * FROM spend_unmetered WHERE meter = 'key-past'").all()).toMatchObject({
      results: [],
    })
    expect(await meter.settle(JSON.stringify(record))).toEqual({ outcome: 'repeated' })
    expect((await meter.status()).spentNanoUsd).toBe('250')
  })

  it('is counted once when the Meter had it after all', async () => {
    const meter = await meterOf('key-both')
    const record = spendRecord({ model_group: 'both' })
    await meter.settle(JSON.stringify(record))
    await bookRecords(env.DB, [record], { unmetered: 'key-both' })
    await runDurableObjectAlarm(meter)
    expect((await meter.status()).spentNanoUsd).toBe('609000')
    expect((await ledgerOf(env.DB, 'both')).daily.calls).toBe(1)
  })

  it('adds the spend of a call whose record another Meter pours, once', async () => {
    const meter = await meterOf('team-1')
    await meter.adopt('call-1', '700')
    await meter.adopt('call-1', '700')
    expect(await meter.status()).toMatchObject({ spentNanoUsd: '700', outbox: 0 })
    await evictDurableObject(meter)
    await meter.adopt('call-1', '700')
    expect((await meter.status()).spentNanoUsd).toBe('700')
  })
})
