import { env } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { bookRecords } from '../../../src/ledger/booking/book-rows.ts'
import { ledgerOf } from '../ledger-of.ts'
import { spendRecord } from '../records.ts'

const quick = { sleep: async () => {}, random: () => 0 }

describe('bookRecords', () => {
  it('inserts each record once and counts it once in the roll-up, however often the batch is delivered', async () => {
    const records = Array.from({ length: 20 }, () => spendRecord({ model_group: 'twice' }))
    expect(await bookRecords(env.DB, records, quick)).toEqual({
      inserted: 20,
      repeated: 0,
      refused: [],
      unbooked: [],
    })
    expect(await bookRecords(env.DB, records, quick)).toEqual({
      inserted: 0,
      repeated: 20,
      refused: [],
      unbooked: [],
    })
    const ledger = await ledgerOf(env.DB, 'twice')
    expect(ledger.calls).toBe(20)
    expect(ledger.daily).toEqual({ calls: 20, nano: 20n * 609_000n })
  })

  it('counts only the new half of a batch of which the other half is booked', async () => {
    const [first, second] = [spendRecord({ model_group: 'half' }), spendRecord({ model_group: 'half' })]
    await bookRecords(env.DB, [first], quick)
    expect(await bookRecords(env.DB, [first, second], quick)).toMatchObject({ inserted: 1, repeated: 1 })
    expect((await ledgerOf(env.DB, 'half')).daily.calls).toBe(2)
  })

  it('keeps the first of two different records with one id in one batch, in the row and in the roll-up alike', async () => {
    const first = spendRecord({ model_group: 'doubled', cost_nano_usd: '5' })
    const again = { ...first, cost_nano_usd: '7' }
    expect(await bookRecords(env.DB, [first, again], quick)).toMatchObject({ inserted: 1, repeated: 1 })
    const ledger = await ledgerOf(env.DB, 'doubled')
    expect(ledger.nano).toBe(5n)
    expect(ledger.daily).toEqual({ calls: 1, nano: 5n })
  })

  it('holds costs above 2^53 nano-USD exactly, in the row and in the sum', async () => {
    const big = '9007199254740993'
    const records = [1, 2, 3].map(() => spendRecord({ model_group: 'big', cost_nano_usd: big }))
    await bookRecords(env.DB, records, quick)
    const ledger = await ledgerOf(env.DB, 'big')
    expect(ledger.rows.map((row) => row.nano)).toEqual([big, big, big])
    expect(ledger.daily.nano).toBe(27_021_597_764_222_979n)
  })

  it('writes the largest cost there is and refuses the record whose sum would leave 64 bits, without rounding', async () => {
    const max = '9223372036854775807'
    const first = spendRecord({ model_group: 'brim', cost_nano_usd: max })
    const second = spendRecord({ model_group: 'brim', cost_nano_usd: '1' })
    await bookRecords(env.DB, [first], quick)
    const result = await bookRecords(env.DB, [second], quick)
    expect(result.refused).toMatchObject([{ record: { request_id: second.request_id } }])
    expect((await ledgerOf(env.DB, 'brim')).daily).toEqual({ calls: 1, nano: BigInt(max) })
  })

  it('isolates the one record that D1 refuses and books its neighbours', async () => {
    const good = Array.from({ length: 9 }, () => spendRecord({ model_group: 'poison' }))
    const bad = spendRecord({ model_group: 'poison', model: null as unknown as string })
    const result = await bookRecords(env.DB, [...good.slice(0, 4), bad, ...good.slice(4)], quick)
    expect(result.inserted).toBe(9)
    expect(result.refused.map(({ record }) => record)).toEqual([bad])
    expect(result.refused[0]?.reason).toMatch(/constraint/i)
    expect((await ledgerOf(env.DB, 'poison')).daily.calls).toBe(9)
  })

  it('leaves expired reservations out of the roll-up but not out of the ledger', async () => {
    const expired = spendRecord({
      model_group: 'expired',
      verdict: 'unknown',
      cost_state: 'unpriced',
      cost_nano_usd: null,
    })
    await bookRecords(env.DB, [expired], quick)
    const ledger = await ledgerOf(env.DB, 'expired')
    expect(ledger.ids).toEqual([expired.request_id])
    expect(ledger.daily.calls).toBe(0)
  })

  it('counts failures, estimated and unpriced calls and cache tokens beside the sums', async () => {
    const group = { model_group: 'states' }
    await bookRecords(
      env.DB,
      [
        spendRecord({ ...group, cost_nano_usd: '10', usage: { cacheReadInputTokens: 3, cacheWriteInputTokens: 4 } }),
        spendRecord({ ...group, cost_nano_usd: '20', cost_state: 'estimated', usage: null }),
        spendRecord({ ...group, cost_nano_usd: null, cost_state: 'unpriced' }),
        spendRecord({ ...group, cost_nano_usd: '0', cost_state: 'failed', status: 'failure', usage: {} }),
      ],
      quick,
    )
    const row = await env.DB.prepare("SELECT * FROM spend_daily WHERE model_group = 'states'").first()
    expect(row).toMatchObject({
      day: '2026-11-20',
      api_key: '',
      team_id: '',
      calls: 4,
      failures: 1,
      prompt_tokens: 520,
      cache_read_tokens: 33,
      cache_write_tokens: 4,
      priced_nano_usd: 10,
      estimated_nano_usd: 20,
      estimated_calls: 1,
      unpriced_calls: 1,
    })
  })

  it('splits what exceeds 500 rows or 1 MB into several batches', async () => {
    const sizes: number[] = []
    const counting = {
      prepare: (sql: string) => env.DB.prepare(sql),
      batch: async <T>(statements: D1PreparedStatement[]) => {
        const results = await env.DB.batch<T>(statements)
        sizes.push(results.at(-1)?.results.length ?? 0)
        return results
      },
    }
    const many = Array.from({ length: 1_001 }, () => spendRecord({ model_group: 'many' }))
    expect(await bookRecords(counting, many, quick)).toMatchObject({ inserted: 1_001 })
    expect(sizes).toEqual([500, 500, 1])

    sizes.length = 0
    const long = Array.from({ length: 3 }, () =>
      spendRecord({ model_group: 'long', metadata: { text: 'x'.repeat(600_000) } }),
    )
    expect(await bookRecords(counting, long, quick)).toMatchObject({ inserted: 3 })
    expect(sizes).toEqual([1, 1, 1])
    expect((await ledgerOf(env.DB, 'many')).daily.calls).toBe(1_001)
  })

  it('writes one row per call and one per roll-up group, and nothing when the batch is repeated', async () => {
    const written: number[] = []
    const metered = {
      prepare: (sql: string) => env.DB.prepare(sql),
      batch: async <T>(statements: D1PreparedStatement[]) => {
        const results = await env.DB.batch<T>(statements)
        written.push(results.reduce((sum, result) => sum + result.meta.rows_written, 0))
        return results
      },
    }
    const records = Array.from({ length: 100 }, () => spendRecord({ model_group: 'rows-written' }))
    await bookRecords(metered, records, quick)
    await bookRecords(metered, records, quick)
    expect(written).toEqual([101, 0])
  })
})

/** D1 whose batches fail with these messages in turn, and then work. */
function failing(...messages: string[]) {
  let batches = 0
  return {
    get batches() {
      return batches
    },
    prepare: (sql: string) => env.DB.prepare(sql),
    batch: async <T>(statements: D1PreparedStatement[]) => {
      const message = messages[batches++]
      if (message !== undefined) throw new Error(`D1_ERROR: ${message}`)
      return env.DB.batch<T>(statements)
    },
  }
}

describe('bookRecords while D1 fails', () => {
  it('retries transient faults with growing waits under full jitter and succeeds on the third try', async () => {
    const waits: number[] = []
    const db = failing('Network connection lost.', 'D1 DB storage caused object to be reset.')
    const options = { sleep: async (ms: number) => void waits.push(ms), random: () => 0.999 }
    expect(await bookRecords(db, [spendRecord()], options)).toMatchObject({ inserted: 1, unbooked: [] })
    expect(waits).toEqual([49, 99])
  })

  it('gives up after three tries and hands every record back as unbooked', async () => {
    const db = failing(...Array<string>(9).fill('Network connection lost.'))
    const records = Array.from({ length: 501 }, () => spendRecord())
    const result = await bookRecords(db, records, quick)
    expect(result.inserted).toBe(0)
    expect(result.unbooked.map(({ record }) => record)).toEqual(records)
    expect(result.unbooked[0]?.reason).toContain('Network connection lost')
    expect(db.batches).toBe(3)
  })

  it('does not hammer an overloaded D1 and does not blame the rows', async () => {
    const db = failing('D1 DB is overloaded. Too many requests queued.')
    const result = await bookRecords(db, [spendRecord(), spendRecord()], quick)
    expect(result).toMatchObject({ inserted: 0, refused: [] })
    expect(result.unbooked).toHaveLength(2)
    expect(db.batches).toBe(1)
  })

  it('takes a missing table for an absent database, not for bad rows', async () => {
    const result = await bookRecords(failing('no such table: spend_logs: SQLITE_ERROR'), [spendRecord()], quick)
    expect(result).toMatchObject({ refused: [], unbooked: [{ reason: expect.stringContaining('no such table') }] })
  })

  it('returns at its deadline when D1 hangs', async () => {
    const db = { prepare: (sql: string) => env.DB.prepare(sql), batch: () => new Promise<never>(() => {}) }
    const result = await bookRecords(db, [spendRecord()], { ...quick, deadlineMs: 20 })
    expect(result.unbooked).toMatchObject([{ reason: 'D1 did not answer in time' }])
  })
})
