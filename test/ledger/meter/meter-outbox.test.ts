import {
  abortAllDurableObjects,
  env,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from 'cloudflare:test'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { bookRecords } from '../../../src/ledger/booking/book-rows.ts'
import type { Meter } from '../../../src/ledger/meter/meter.ts'
import type { SpendRecord } from '../../../src/ledger/record/record.ts'
import { ledgerOf } from '../ledger-of.ts'
import { spendRecord } from '../records.ts'

const HOUR_MS = 3_600_000

/** The Meter of a name, its own alarm held off so that only the test runs it. */
async function meterOf(name: string) {
  const meter = env.METER.getByName(name)
  await runInDurableObject(meter, (object: Meter) => {
    object.flushDelayMs = 24 * HOUR_MS
  })
  return meter
}

/** Replaces the object's D1 by one whose batches do what `batch` does. */
function replaceD1(meter: DurableObjectStub<Meter>, batch: (statements: D1PreparedStatement[]) => Promise<unknown>) {
  return runInDurableObject(meter, (object: Meter) => {
    const real = env.DB
    Object.assign(object, { env: { DB: { prepare: (sql: string) => real.prepare(sql), batch } } })
  })
}

const alarmOf = (meter: DurableObjectStub<Meter>) => runInDurableObject(meter, (_, state) => state.storage.getAlarm())
const send = (meter: DurableObjectStub<Meter>, record: SpendRecord) => meter.settle(JSON.stringify(record))

afterEach(() => {
  vi.useRealTimers()
})

describe('the outbox of a Meter', () => {
  it('pours settled records into D1 with the roll-up and keeps the spend', async () => {
    const meter = await meterOf('pours')
    const records = Array.from({ length: 30 }, () => spendRecord({ model_group: 'pours' }))
    for (const record of records) expect(await send(meter, record)).toEqual({ outcome: 'settled' })
    expect(await meter.status()).toMatchObject({ spentNanoUsd: '18270000', outbox: 30 })
    expect(await runDurableObjectAlarm(meter)).toBe(true)
    const ledger = await ledgerOf(env.DB, 'pours')
    expect(ledger.ids).toEqual(records.map((record) => record.request_id).sort())
    expect(ledger.daily).toEqual({ calls: 30, nano: 18_270_000n })
    expect(await meter.status()).toMatchObject({ spentNanoUsd: '18270000', outbox: 0 })
  })

  it('makes a row readable by itself within six seconds of the settle', async () => {
    const record = spendRecord({ model_group: 'by-itself' })
    await send(env.METER.getByName('by-itself'), record)
    await expect
      .poll(async () => (await ledgerOf(env.DB, 'by-itself')).ids, { timeout: 6_000, interval: 100 })
      .toEqual([record.request_id])
  }, 10_000)

  it('books a call once that is settled twice before the pour, after it and after an eviction', async () => {
    const meter = await meterOf('twice')
    const record = spendRecord({ model_group: 'settled-twice' })
    expect(await send(meter, record)).toEqual({ outcome: 'settled' })
    expect(await send(meter, record)).toEqual({ outcome: 'repeated' })
    await runDurableObjectAlarm(meter)
    expect(await send(meter, record)).toEqual({ outcome: 'repeated' })
    await evictDurableObject(meter)
    expect(await send(meter, record)).toEqual({ outcome: 'repeated' })
    expect((await meter.status()).spentNanoUsd).toBe('609000')
    expect((await ledgerOf(env.DB, 'settled-twice')).daily).toEqual({ calls: 1, nano: 609_000n })
  })

  it('forgets poured ids after two minutes, and a settle repeated even later still cannot double the ledger', async () => {
    const meter = await meterOf('forgets')
    const record = spendRecord({ model_group: 'forgets' })
    await send(meter, record)
    await runDurableObjectAlarm(meter)
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + 3 * 60_000)
    await send(meter, spendRecord({ model_group: 'forgets' }))
    await runDurableObjectAlarm(meter)
    expect(
      await runInDurableObject(meter, (_, { storage }) => storage.sql.exec('SELECT n FROM poured').toArray()),
    ).toHaveLength(1)
    expect(await send(meter, record)).toEqual({ outcome: 'settled' })
    await runDurableObjectAlarm(meter)
    expect((await ledgerOf(env.DB, 'forgets')).daily.calls).toBe(2)
  })

  it('keeps records through an eviction between settle and alarm', async () => {
    const meter = await meterOf('evicted')
    await send(meter, spendRecord({ model_group: 'evicted' }))
    await evictDurableObject(meter)
    expect(await meter.status()).toMatchObject({ spentNanoUsd: '609000', outbox: 1 })
    expect(await runDurableObjectAlarm(meter)).toBe(true)
    expect((await ledgerOf(env.DB, 'evicted')).daily.calls).toBe(1)
  })

  it('keeps records through an abort between settle and alarm, and pours them without being asked', async () => {
    const meter = await meterOf('aborted')
    const record = spendRecord({ model_group: 'aborted' })
    await send(meter, record)
    await abortAllDurableObjects()
    const again = await meterOf('aborted')
    expect(await alarmOf(again)).not.toBeNull()
    await runDurableObjectAlarm(again)
    expect((await ledgerOf(env.DB, 'aborted')).ids).toEqual([record.request_id])
  })

  it('counts a record once when the object dies between D1 having it and the outbox letting it go', async () => {
    const meter = await meterOf('died-between')
    const record = spendRecord({ model_group: 'died-between' })
    await send(meter, record)
    await bookRecords(env.DB, [record])
    await abortAllDurableObjects()
    const again = await meterOf('died-between')
    await runDurableObjectAlarm(again)
    expect((await ledgerOf(env.DB, 'died-between')).daily.calls).toBe(1)
    expect(await again.status()).toMatchObject({ spentNanoUsd: '609000', outbox: 0 })
  })

  it('does nothing when its alarm is repeated', async () => {
    const meter = await meterOf('repeated')
    await send(meter, spendRecord({ model_group: 'alarm-repeated' }))
    await runDurableObjectAlarm(meter)
    await runInDurableObject(meter, (object: Meter) => object.alarm())
    await runInDurableObject(meter, (object: Meter) => object.alarm())
    expect((await ledgerOf(env.DB, 'alarm-repeated')).daily.calls).toBe(1)
    expect(await meter.status()).toMatchObject({ spentNanoUsd: '609000', outbox: 0 })
  })

  it('puts records that arrive during a pour into the next one', async () => {
    const meter = await meterOf('arrives')
    const [first, second] = [spendRecord({ model_group: 'arrives' }), spendRecord({ model_group: 'arrives' })]
    await send(meter, first)
    let sent: Promise<unknown> | null = null
    await replaceD1(meter, async (statements) => {
      sent ??= send(env.METER.getByName('arrives'), second)
      await sent
      return env.DB.batch(statements)
    })
    await runDurableObjectAlarm(meter)
    expect((await ledgerOf(env.DB, 'arrives')).daily.calls).toBe(2)
    expect(await meter.status()).toMatchObject({ spentNanoUsd: '1218000', outbox: 0 })
  })

  it('pours a backlog of several batches in one turn', async () => {
    const meter = await meterOf('backlog')
    await runInDurableObject(meter, (object: Meter) => {
      for (let index = 0; index < 1_200; index++) object.settle(JSON.stringify(spendRecord({ model_group: 'backlog' })))
    })
    await runDurableObjectAlarm(meter)
    expect((await ledgerOf(env.DB, 'backlog')).daily.calls).toBe(1_200)
    expect((await meter.status()).outbox).toBe(0)
  })

  it('refuses what is no record without throwing', async () => {
    const meter = await meterOf('no-record')
    for (const text of ['', 'null', '[]', '{"request_id":7}', '{"request_id":']) {
      expect(await meter.settle(text)).toMatchObject({ outcome: 'refused' })
    }
  })

  it('sums costs beyond 2^53 nano-USD exactly, across an eviction', async () => {
    const meter = await meterOf('exact')
    for (let index = 0; index < 3; index++) await send(meter, spendRecord({ cost_nano_usd: '9007199254740993' }))
    await runDurableObjectAlarm(meter)
    await send(meter, spendRecord({ cost_nano_usd: '9223372036854775807' }))
    await evictDurableObject(meter)
    expect((await meter.status()).spentNanoUsd).toBe((27_021_597_764_222_979n + 9_223_372_036_854_775_807n).toString())
  })
})

describe('the outbox of a Meter while D1 fails', () => {
  it('loses and doubles nothing when D1 is away for a minute, and backs off from 1 s to 30 s', async () => {
    const meter = await meterOf('minute')
    vi.useFakeTimers({ toFake: ['Date'] })
    const startMs = Date.now()
    let tries = 0
    await replaceD1(meter, async (statements) => {
      tries += 1
      if (Date.now() < startMs + 60_000) throw new Error('D1_ERROR: D1 DB is overloaded. Too many requests queued.')
      return env.DB.batch(statements)
    })
    const sent: string[] = []
    const waits: number[] = []
    while (waits.length < 10) {
      const record = spendRecord({ model_group: 'minute-away' })
      sent.push(record.request_id)
      expect(await send(meter, record)).toEqual({ outcome: 'settled' })
      await runDurableObjectAlarm(meter)
      if ((await meter.status()).outbox === 0) break
      const nextMs = Number(await alarmOf(meter))
      waits.push(nextMs - Date.now())
      // Settling more calls must not pull the alarm in front of the back-off.
      const another = spendRecord({ model_group: 'minute-away' })
      sent.push(another.request_id)
      await send(meter, another)
      expect(await alarmOf(meter)).toBe(nextMs)
      vi.setSystemTime(nextMs)
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000])
    expect(tries).toBe(7)
    const ledger = await ledgerOf(env.DB, 'minute-away')
    expect(ledger.ids).toEqual(sent.toSorted())
    expect(ledger.daily).toEqual({ calls: sent.length, nano: BigInt(sent.length) * 609_000n })
  })

  it('never lets its alarm throw, whatever D1 throws, and is armed again afterwards', async () => {
    const meter = await meterOf('never-throws')
    await send(meter, spendRecord({ model_group: 'never-throws' }))
    await replaceD1(meter, () => {
      throw new TypeError('boom')
    })
    await runInDurableObject(meter, (object: Meter) => object.alarm())
    expect(await alarmOf(meter)).not.toBeNull()
    expect((await meter.status()).outbox).toBe(1)
  })

  it('parks and logs whole a record that D1 refuses, and pours all others', async () => {
    const lines: string[] = []
    const warn = vi.spyOn(console, 'warn').mockImplementation((line: string) => void lines.push(line))
    const meter = await meterOf('poison')
    const good = Array.from({ length: 6 }, () => spendRecord({ model_group: 'meter-poison' }))
    const bad = spendRecord({ model_group: 'meter-poison', region: null as unknown as string })
    for (const record of [...good.slice(0, 3), bad, ...good.slice(3)]) await send(meter, record)
    await runDurableObjectAlarm(meter)
    warn.mockRestore()
    expect((await ledgerOf(env.DB, 'meter-poison')).ids).toEqual(good.map((record) => record.request_id).sort())
    expect(await meter.status()).toMatchObject({ outbox: 0, parked: 1, spentNanoUsd: (7n * 609_000n).toString() })
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ event: 'spend_record_not_booked', record: bad }])
    expect(await send(meter, bad)).toEqual({ outcome: 'repeated' })
  })

  it('offers a parked record again after an hour, and lets it go once it is booked', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const meter = await meterOf('parked')
    const bad = spendRecord({ model_group: 'parked', region: null as unknown as string })
    await send(meter, bad)
    await runDurableObjectAlarm(meter)
    await bookRecords(env.DB, [{ ...bad, region: 'us-east-1' }])
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + HOUR_MS + 1_000)
    await send(meter, spendRecord({ model_group: 'parked' }))
    await runDurableObjectAlarm(meter)
    vi.restoreAllMocks()
    expect(await meter.status()).toMatchObject({ outbox: 0, parked: 0, spentNanoUsd: '1218000' })
    expect((await ledgerOf(env.DB, 'parked')).daily.calls).toBe(2)
  })
})
