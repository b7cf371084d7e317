/** A record that D1 can never take cannot be made, whatever callers and upstreams write into its fields. */
import { env } from 'cloudflare:test'
import { describe, expect, test } from 'vitest'
import { replayScript } from '../../../src/cli/ledger/replay-script.ts'
import { bookRows } from '../../../src/ledger/booking/book-rows.ts'
import { notBookedLine } from '../../../src/ledger/booking/not-booked.ts'
import { settle } from '../../../src/ledger/booking/settle.ts'
import { readSpendLogs } from '../../../src/ledger/reading/logs.ts'
import { checkRecord, RECORD_BYTES_MAX } from '../../../src/ledger/record/check-record.ts'
import { COST_STATES, VERDICTS } from '../../../src/ledger/record/words.ts'
import { eventLine } from '../../../src/telemetry/log.ts'
import { spendRecord } from '../records.ts'
import { hostileRecord, randomFrom } from './hostile-values.ts'

/** Any other number makes other records. */
const SEED = 20_261_125
const RECORDS = 300
/** Bound of a log line, `telemetry/log.ts`. */
const LINE_BYTES_MAX = 64 * 1024

const random = randomFrom(SEED)
const given = Array.from({ length: RECORDS }, (_, index) => hostileRecord(index, random))
const bytesOf = (text: string) => new TextEncoder().encode(text).byteLength

describe(`records of hostile values, seed ${SEED}`, () => {
  test('are all in D1 afterwards, and can all be read', async () => {
    const rows = given.map((record) => {
      const checked = checkRecord(record)
      if (!checked.ok) throw new Error(checked.reason)
      return { origin: record.request_id, json: checked.json }
    })
    expect(await bookRows(env.DB, rows)).toEqual({ inserted: RECORDS, repeated: 0, refused: [], unbooked: [] })
    const page = await readSpendLogs(env.DB, { limit: RECORDS })
    expect(page).toMatchObject({ ok: true, nextCursor: null })
    const read = page.ok ? page.rows : []
    expect(read.map((row) => row.request_id)).toEqual(given.map((record) => record.request_id).reverse())
    for (const row of read) {
      expect(COST_STATES).toContain(row.cost_state)
      expect(VERDICTS).toContain(row.verdict)
      expect(row.request_tags.every((tag) => typeof tag === 'string')).toBe(true)
    }
  })

  test('are within 32 KiB, say what was cut, and are left alone by a second check', () => {
    for (const record of given) {
      const checked = checkRecord(record)
      if (!checked.ok) throw new Error(checked.reason)
      expect(bytesOf(checked.json)).toBeLessThanOrEqual(RECORD_BYTES_MAX)
      const cuts = checked.notes.filter((note) => note.includes(' was cut'))
      if (cuts.length > 0) expect(checked.record.metadata_truncated).toBe(true)
      expect(checkRecord(JSON.parse(checked.json))).toMatchObject({ ok: true, json: checked.json, notes: [] })
    }
  })

  test('fit whole into the log line that stands in for a row, and into a statement of the replay', () => {
    for (const record of given) {
      const checked = checkRecord(record)
      if (!checked.ok) throw new Error(checked.reason)
      const line = notBookedLine(checked.record, 'D1: away', null)
      expect(bytesOf(line)).toBeLessThanOrEqual(LINE_BYTES_MAX)
      expect(JSON.parse(line)).toMatchObject({ event: 'spend_record_not_booked', record: JSON.parse(checked.json) })
      expect(replayScript([checked.record], null).tooLong).toEqual([])
    }
  })

  test('make log lines that are JSON and short even before they are checked', () => {
    for (const record of given.slice(0, RECORDS / 3)) {
      for (const line of [eventLine('call', record), notBookedLine(record, 'x'.repeat(100_000), null)]) {
        expect(bytesOf(line)).toBeLessThanOrEqual(LINE_BYTES_MAX)
        expect(JSON.parse(line)).toHaveProperty('event')
      }
    }
  })
})

test('a million million tokens of each kind are counted, and no column of them is 0', () => {
  const usage = { inputTokens: 999_999_999_999, outputTokens: 999_999_999_999, cacheReadInputTokens: 999_999_999_999 }
  const counts = {
    prompt_tokens: 1_999_999_999_998,
    completion_tokens: 999_999_999_999,
    total_tokens: 2_999_999_999_997,
  }
  const checked = checkRecord(spendRecord({ usage: { ...usage, totalTokens: 2_999_999_999_997 }, ...counts }))
  expect(checked).toMatchObject({ ok: true, notes: [], record: { usage, ...counts, metadata_truncated: false } })
})

test('calls of one day that each cost the most a record may say are all booked and summed', async () => {
  const group = 'dearest'
  for (let index = 0; index < 20; index++) {
    const record = spendRecord({ model_group: group, cost_nano_usd: '10000000000000000', total_tokens: 1e12 })
    expect(await settle(record, { meter: null, db: env.DB, log: () => {} })).toMatchObject({ via: 'd1' })
  }
  const sum = await env.DB.prepare(
    'SELECT CAST(priced_nano_usd AS TEXT) AS nano FROM spend_daily WHERE model_group = ?',
  )
    .bind(group)
    .first()
  expect(sum).toEqual({ nano: '200000000000000000' })
})
