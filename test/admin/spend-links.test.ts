/** What a page of `/spend/logs` says of the next one, whoever asks, and what the first question of a new deployment finds. */
import { env } from 'cloudflare:test'
import { expect, test } from 'vitest'
import { readiness } from '../../src/admin/health-report.ts'
import { spendLogs } from '../../src/admin/spend.ts'
import { bookRecords } from '../../src/ledger/booking/book-rows.ts'
import { DAY_START_MS, spendRecord } from '../ledger/records.ts'

test('the next page is named without the host, which the caller could choose', async () => {
  await bookRecords(env.DB, [spendRecord({}, DAY_START_MS), spendRecord({}, DAY_START_MS + 1)])
  const request = new Request('https://elsewhere.example/spend/logs?limit=1&status=success')
  const first = await spendLogs(request, env.DB)
  const next = /^<([^>]+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
  expect(next).toMatch(/^\/spend\/logs\?limit=1&status=success&cursor=[\w-]+$/)

  const second = await spendLogs(new Request(new URL(next, 'https://gateway.example')), env.DB)
  expect(second.status).toBe(200)
  const ids = [
    ...((await first.json()) as { request_id: string }[]),
    ...((await second.json()) as { request_id: string }[]),
  ]
  expect(new Set(ids.map((row) => row.request_id)).size).toBe(2)
})

test('the first look at readiness makes the tables of an empty database, and says how a configuration comes', async () => {
  for (const table of ['spend_logs', 'spend_daily', 'spend_unmetered', 'd1_migrations']) {
    await env.DB.prepare(`DROP TABLE ${table}`).run()
  }
  // An object of its own, as a new isolate has one.
  const db = { prepare: (sql: string) => env.DB.prepare(sql), batch: (all: D1PreparedStatement[]) => env.DB.batch(all) }
  const answer = await readiness(null, db as D1Database)
  expect(answer.status).toBe(503)
  expect(await answer.json()).toMatchObject({
    status: 'unhealthy',
    db: 'connected',
    config: 'missing',
    hint: expect.stringContaining('npm run config -- push FILE'),
  })
  expect(await env.DB.prepare('SELECT count(*) AS rows FROM spend_logs').first()).toEqual({ rows: 0 })
})
