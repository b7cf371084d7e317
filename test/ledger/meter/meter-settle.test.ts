import { env, runDurableObjectAlarm } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { readNotBooked } from '../../../src/cli/ledger/replay-lines.ts'
import { bookRecords } from '../../../src/ledger/booking/book-rows.ts'
import { type SettleDeps, settle } from '../../../src/ledger/booking/settle.ts'
import type { Meter } from '../../../src/ledger/meter/meter.ts'
import { shardName } from '../../../src/ledger/meter/name.ts'
import type { SpendRecord } from '../../../src/ledger/record/record.ts'
import { MIGRATIONS } from '../../../src/ledger/schema/migrations.ts'
import { newCallId } from '../../../src/relay/call-id.ts'
import { ledgerOf } from '../ledger-of.ts'
import { spendRecord } from '../records.ts'

function deps(overrides: Partial<SettleDeps> = {}): SettleDeps & { lines: string[] } {
  const lines: string[] = []
  return {
    meter: env.METER,
    db: env.DB,
    log: (line) => void lines.push(line),
    sleep: async () => {},
    random: () => 0,
    lines,
    ...overrides,
  }
}

/** A namespace whose objects cannot be reached; counts how often it was tried. */
function unreachable(properties: Record<string, boolean> = {}) {
  const state = { tries: 0 }
  const settleCall = async () => {
    state.tries += 1
    throw Object.assign(new Error('Network connection lost.'), properties)
  }
  const namespace = { idFromName: (name: string) => name, get: () => ({ settle: settleCall, settleMany: settleCall }) }
  return { state, namespace: namespace as unknown as DurableObjectNamespace<Meter> }
}

/** What a database that is up to date says of its migrations. */
const MIGRATED = MIGRATIONS.map(({ name }) => ({ name }))

const brokenD1 = {
  prepare: (sql: string) => env.DB.prepare(sql),
  batch: async () => {
    throw new Error('D1_ERROR: Network connection lost.')
  },
} as unknown as D1Database

describe('settle', () => {
  it('books through the shard of the call, which pours it', async () => {
    const record = spendRecord({ model_group: 'shard' })
    expect(await settle(record, deps())).toEqual({ via: 'meter', repeated: false })
    expect(await settle(record, deps())).toEqual({ via: 'meter', repeated: true })
    await runDurableObjectAlarm(env.METER.getByName(shardName(record.request_id)))
    expect((await ledgerOf(env.DB, 'shard')).ids).toEqual([record.request_id])
  })

  it('spreads calls over eight shards', () => {
    const names = new Set(Array.from({ length: 500 }, (_, index) => shardName(newCallId(index))))
    expect([...names].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7].map((shard) => `shard-${shard}`))
  })

  it('books through the own Meter of a key with limits', async () => {
    await settle(spendRecord({ cost_nano_usd: '123' }), deps({ meterName: 'limited-key' }))
    expect(await env.METER.getByName('limited-key').status()).toMatchObject({ spentNanoUsd: '123', outbox: 1 })
  })

  it('writes to D1 directly where there is no Meter', async () => {
    const record = spendRecord({ model_group: 'direct' })
    expect(await settle(record, deps({ meter: null }))).toEqual({ via: 'd1', repeated: false })
    expect(await settle(record, deps({ meter: null }))).toEqual({ via: 'd1', repeated: true })
    expect((await ledgerOf(env.DB, 'direct')).daily.calls).toBe(1)
  })

  it('asks a Meter twice when the platform says that a retry may help, then writes to D1', async () => {
    const gone = unreachable({ retryable: true })
    const record = spendRecord({ model_group: 'past-the-meter' })
    expect(await settle(record, deps({ meter: gone.namespace }))).toEqual({ via: 'd1', repeated: false })
    expect(gone.state.tries).toBe(2)
    expect((await ledgerOf(env.DB, 'past-the-meter')).ids).toEqual([record.request_id])
  })

  it('does not ask an overloaded Meter again', async () => {
    const gone = unreachable({ retryable: true, overloaded: true })
    expect(await settle(spendRecord(), deps({ meter: gone.namespace }))).toMatchObject({ via: 'd1' })
    expect(gone.state.tries).toBe(1)
  })

  it('notes a record that went past the Meter of a key with limits, which adds it at its next turn', async () => {
    const record = spendRecord({ cost_nano_usd: '55' })
    await settle(record, deps({ meter: unreachable().namespace, meterName: 'key-noted' }))
    const meter = env.METER.getByName('key-noted')
    await meter.settle(JSON.stringify(spendRecord({ cost_nano_usd: '1' })))
    await runDurableObjectAlarm(meter)
    expect((await meter.status()).spentNanoUsd).toBe('56')
  })

  it('leaves one line with the whole record when Meter and D1 are away, which books it once', async () => {
    const away = deps({ meter: unreachable().namespace, db: brokenD1, meterName: 'key-line' })
    const record = spendRecord({ model_group: 'line', metadata: { note: 'ü "quoted"\nline' } })
    expect(await settle(record, away)).toMatchObject({ via: 'log' })
    expect(away.lines).toHaveLength(1)
    expect(away.lines[0]).not.toContain('\n')
    expect(JSON.parse(away.lines[0] ?? '')).toMatchObject({
      event: 'spend_record_not_booked',
      meter: 'key-line',
      record,
    })

    const { found, bad } = readNotBooked(`${away.lines[0]}\n${away.lines[0]}\n`)
    expect(bad).toEqual([])
    const records = found.map((one) => one.record)
    expect(records).toEqual([record, record])
    expect(await bookRecords(env.DB, records)).toMatchObject({ inserted: 1, repeated: 1 })
    expect(await bookRecords(env.DB, records)).toMatchObject({ inserted: 0, repeated: 2 })
    expect((await ledgerOf(env.DB, 'line')).daily.calls).toBe(1)
  })

  it('gives the look at the schema and the booking one bound together, not one each', async () => {
    const answers = {
      run: () => new Promise((resolve) => setTimeout(resolve, 2_000)),
      all: async () => ({ results: MIGRATED }),
    }
    const slow = { prepare: () => ({ ...answers, bind: () => answers }), batch: () => new Promise(() => {}) }
    const startedMs = Date.now()
    const db = slow as unknown as D1Database
    expect(await settle(spendRecord(), deps({ meter: null, db }))).toMatchObject({ via: 'log' })
    expect(Date.now() - startedMs).toBeLessThan(3_500)
  })

  it('gives a Meter and a D1 that hang a few seconds in all', async () => {
    const never = { idFromName: () => '', get: () => ({ settleMany: () => new Promise<never>(() => {}) }) }
    const hangingD1 = { prepare: (sql: string) => env.DB.prepare(sql), batch: () => new Promise<never>(() => {}) }
    const hanging = deps({
      meter: never as unknown as DurableObjectNamespace<Meter>,
      db: hangingD1 as unknown as D1Database,
    })
    const startedMs = Date.now()
    expect(await settle(spendRecord(), hanging)).toMatchObject({ via: 'log' })
    expect(Date.now() - startedMs).toBeLessThan(5_000)
  }, 10_000)
})

describe('settle with nonsense in a record', () => {
  it.each<[string, Partial<Record<keyof SpendRecord, unknown>>, Record<string, unknown>]>([
    ['a counter that is NaN', { prompt_tokens: Number.NaN }, { prompt_tokens: 0 }],
    ['a negative counter', { completion_tokens: -5 }, { completion_tokens: 0 }],
    ['a fractional counter', { total_tokens: 1.5 }, { total_tokens: 0 }],
    ['an infinite duration', { ms_total: Number.POSITIVE_INFINITY }, { ms_total: 0 }],
    ['a text that is null', { region: null }, { region: '' }],
    ['a word that does not exist', { verdict: 'fine' }, { verdict: 'exception' }],
    ['a list that is a text', { request_tags: 'a,b' }, { request_tags: '[]' }],
    ['half a surrogate pair and a NUL', { user: 'a\ud800b\0c' }, { user: 'a\ufffdb\ufffdc' }],
    ['a raw usage with a bigint', { raw_usage: { tokens: 5n, of: 'x' } }, { raw_usage: '{"of":"x"}' }],
    [
      'a raw usage that is nested 10,000 deep',
      { raw_usage: JSON.parse(`${'['.repeat(10_000)}${']'.repeat(10_000)}`) },
      { raw_usage: '[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]', metadata_truncated: 1 },
    ],
    [
      'a time to live of 33 KB',
      { usage: { cacheDetails: [{ ttl: 'x'.repeat(33_000), inputTokens: 5 }], inputTokens: 7 } },
      {
        usage: JSON.stringify({ inputTokens: 7, cacheDetails: [{ ttl: 'x'.repeat(256), inputTokens: 5 }] }),
        metadata_truncated: 1,
      },
    ],
    ['100 KB in a text', { end_user: 'y'.repeat(100_000) }, { end_user: 'y'.repeat(2_048), metadata_truncated: 1 }],
    ['more tags than anybody has', { request_tags: Array(5_000).fill('t') }, { metadata_truncated: 1 }],
    [
      'a cost beyond all calls',
      { cost_nano_usd: '100000000000000001' },
      { cost_nano_usd: null, cost_state: 'unpriced' },
    ],
    [
      'a usage counter that is negative',
      { usage: { inputTokens: -1, outputTokens: 2 } },
      { usage: '{"outputTokens":2}' },
    ],
    ['a cost that is a JavaScript number', { cost_nano_usd: 12 }, { cost_nano_usd: null, cost_state: 'unpriced' }],
    ['a negative cost', { cost_nano_usd: '-12' }, { cost_nano_usd: null, cost_state: 'unpriced' }],
    [
      'a cost beyond 64 bits',
      { cost_nano_usd: '9223372036854775808' },
      { cost_nano_usd: null, cost_state: 'unpriced' },
    ],
    ['a priced state without a cost', { cost_nano_usd: null }, { cost_nano_usd: null, cost_state: 'unpriced' }],
    [
      '200 kB of metadata',
      { metadata: { text: 'x'.repeat(200_000) } },
      { metadata: JSON.stringify({ text: 'x'.repeat(4_096) }), metadata_truncated: 1 },
    ],
  ])('books a record with %s, mended, and says so in the log', async (name, wrong, stored) => {
    const direct = deps({ meter: null })
    const record = { ...spendRecord({ model_group: name }), ...wrong } as SpendRecord
    expect(await settle(record, direct)).toEqual({ via: 'd1', repeated: false })
    const row = await env.DB.prepare('SELECT * FROM spend_logs WHERE request_id = ?').bind(record.request_id).first()
    expect(row).toMatchObject(stored)
    expect(direct.lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: 'spend_record_mended', request_id: record.request_id, notes: [expect.any(String)] },
    ])
  })

  it('books an ordinary record without a word, fractions of a millisecond rounded', async () => {
    const direct = deps({ meter: null })
    const record = spendRecord({ ms_total: 12.6 })
    await settle(record, direct)
    expect(direct.lines).toEqual([])
    const row = await env.DB.prepare('SELECT ms_total FROM spend_logs WHERE request_id = ?')
      .bind(record.request_id)
      .first()
    expect(row).toEqual({ ms_total: 13 })
  })

  it.each([
    ['null', null],
    ['a text', 'x'],
    ['no request_id', {}],
  ])('logs %s and does not throw', async (_, value) => {
    const direct = deps({ meter: null })
    expect(await settle(value as unknown as SpendRecord, direct)).toMatchObject({ via: 'log' })
    expect(JSON.parse(direct.lines[0] ?? '')).toMatchObject({ event: 'spend_record_not_booked', record: value })
  })
})
