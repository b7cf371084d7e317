import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runReplay } from '../../../src/cli/ledger/replay.ts'
import { readNotBooked } from '../../../src/cli/ledger/replay-lines.ts'
import { type RunWrangler, runWrangler } from '../../../src/cli/wrangler.ts'
import { notBookedLine } from '../../../src/ledger/booking/not-booked.ts'
import type { SpendRecord } from '../../../src/ledger/record/record.ts'
import { spendRecord } from '../../ledger/records.ts'
import { schemaStatements } from '../../ledger/schema-statements.ts'

let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay test '))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

/** A D1 database with the schema; without `persist` in memory. */
async function openD1(persist?: string) {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: 'export default { fetch: () => new Response() }',
      d1Databases: { DB: 'DB' },
      ...(persist === undefined ? {} : { resourcePersistencePath: persist }),
    }),
  )
  const db = await miniflare.getD1Database('DB')
  const made = await db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'spend_logs'").first()
  if (made === null) await db.batch(schemaStatements().map((sql) => db.prepare(sql)))
  return { db, close: () => miniflare.dispose() }
}

const SUMS =
  'SELECT (SELECT count(*) FROM spend_logs) AS logged, ifnull((SELECT sum(calls) FROM spend_daily), 0) AS counted'

function logFile(name: string, lines: string[]): string {
  const file = join(folder, name)
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

const line = (record: unknown, meter: string | null = null) => notBookedLine(record, 'D1 was away', meter)

describe('reading log lines', () => {
  const record = spendRecord({ metadata: { note: 'a "b" \\ ü\n' } })
  const plain = line(record, 'key-1')

  it.each([
    ['a plain line', plain],
    ['a line behind a time and a level', `2026-11-23T10:00:00Z WARN ${plain}`],
    ['a message in JSON', JSON.stringify({ timestamp: 1, message: plain })],
    ['a message of Workers Logs, already parsed', JSON.stringify({ $workers: {}, source: JSON.parse(plain) })],
    [
      'what wrangler tail --format json prints',
      JSON.stringify({ outcome: 'ok', logs: [{ message: [plain], level: 'warn' }, { message: ['other'] }] }, null, 2),
    ],
    ['a list over many lines', JSON.stringify([{ event: { message: plain } }], null, 2)],
    ['Windows line ends', `${plain}\r`],
  ])('finds a record in %s', (_, text) => {
    expect(readNotBooked(`{"event":"call"}\n\n${text}\n`)).toEqual({
      found: [{ line: 3, meter: 'key-1', record }],
      bad: [],
    })
  })

  it('names every line that it cannot read by its number and goes on behind it', () => {
    const log = [
      'no json',
      plain.slice(0, -40),
      line({ no: 'id' }),
      plain,
      '{',
      '  "open": 1',
      JSON.stringify({ m: plain.slice(0, 90) }),
    ]
    const { found, bad } = readNotBooked(log.join('\n'))
    expect(found).toMatchObject([{ line: 4 }])
    expect(bad).toEqual([
      { line: 1, reason: 'is not JSON' },
      { line: 2, reason: 'names a record but is no complete JSON' },
      { line: 3, reason: 'the record has no request_id' },
      { line: 5, reason: 'is not JSON' },
      { line: 6, reason: 'is not JSON' },
      { line: 7, reason: 'the record is not an object' },
    ])
  })
})

describe('replay --local', () => {
  it('books each record once in the state folder, says what it did, and does nothing the second time', async () => {
    const persist = mkdtempSync(join(folder, 'state '))
    await (await openD1(persist)).close()
    const records = Array.from({ length: 12 }, (_, index) =>
      spendRecord({ cost_nano_usd: `${9_007_199_254_740_993n + BigInt(index)}` }),
    )
    const file = logFile('local.log', [
      ...records.map((one) => line(one)),
      line(records[0]),
      'garbage',
      line(spendRecord(), 'key-1'),
    ])

    const printed: string[] = []
    const argv = [file, '--local', '--persist', persist]
    expect(await runReplay(argv, { print: (text) => printed.push(text) })).toBe(1)
    expect(await runReplay(argv, { print: (text) => printed.push(text) })).toBe(1)
    expect(printed).toEqual([
      'line 14: is not JSON',
      'sent 14, booked 13, already there 1, not booked 0, unreadable lines 1',
      'line 14: is not JSON',
      'sent 14, booked 0, already there 14, not booked 0, unreadable lines 1',
    ])

    const { db, close } = await openD1(persist)
    expect(await db.prepare(SUMS).first()).toEqual({ logged: 13, counted: 13 })
    const last = await db
      .prepare('SELECT CAST(cost_nano_usd AS TEXT) AS nano FROM spend_logs WHERE request_id = ?')
      .bind(records[11]?.request_id ?? '')
      .first()
    expect(last).toEqual({ nano: '9007199254741004' })
    expect(await db.prepare('SELECT meter FROM spend_unmetered').all()).toMatchObject({ results: [{ meter: 'key-1' }] })
    await close()
  })
})

describe('replay into the deployed database', () => {
  const printed = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' })

  /** Stands in for wrangler: runs the SQL of a file or a command on a local D1 and answers as wrangler does. */
  function wranglerOn(db: Awaited<ReturnType<typeof openD1>>['db'], calls: string[][]): RunWrangler {
    return async (args) => {
      calls.push([...args])
      const value = (name: string) => args[args.indexOf(name) + 1] ?? ''
      if (args.includes('--command')) return printed(JSON.stringify([await db.prepare(value('--command')).all()]))
      const statements = readFileSync(value('--file'), 'utf8')
        .split(';\n')
        .filter((sql) => sql.trim() !== '')
      await db.batch(statements.map((sql) => db.prepare(sql.replace(/;$/, ''))))
      return printed('')
    }
  }

  it('books hostile text literally, in several statements, and counts what it has seen in the database', async () => {
    const { db, close } = await openD1()
    const calls: string[][] = []
    const hostile = `'); DROP TABLE spend_logs; -- ?1 ?2 /* $& ü 💸 */`
    const records: SpendRecord[] = Array.from({ length: 120 }, () =>
      spendRecord({ user: hostile, metadata: { text: 'x'.repeat(2_000) } }),
    )
    const file = logFile(
      'remote.log',
      [...records, ...records.slice(0, 5)].map((one) => line(one, "key'1")),
    )
    const printed: string[] = []
    const deps = { wrangler: wranglerOn(db, calls), print: (text: string) => printed.push(text) }

    expect(await runReplay([file], deps)).toBe(0)
    expect(await runReplay([file], deps)).toBe(0)
    expect(printed).toEqual([
      'sent 125, booked 120, already there 5, not booked 0, unreadable lines 0',
      'sent 125, booked 0, already there 125, not booked 0, unreadable lines 0',
    ])
    expect(calls.every((args) => args.includes('--remote'))).toBe(true)
    expect(await db.prepare(SUMS).first()).toEqual({ logged: 120, counted: 120 })
    const row = await db
      .prepare('SELECT user, metadata FROM spend_logs LIMIT 1')
      .first<{ user: string; metadata: string }>()
    expect(row).toEqual({ user: hostile, metadata: JSON.stringify({ text: 'x'.repeat(2_000) }) })
    const unmetered = await db.prepare('SELECT meter, count(*) AS n FROM spend_unmetered GROUP BY 1').all()
    expect(unmetered.results).toEqual([{ meter: "key'1", n: 120 }])
    await close()
  })

  it('speaks to wrangler as it is: the same file and look-ups through its own command line', async () => {
    const persist = mkdtempSync(join(folder, 'wrangler '))
    const here = (args: readonly string[]) =>
      args.flatMap((arg) => (arg === '--remote' ? ['--local', '--persist-to', persist] : [arg]))
    expect(await runWrangler(here(['d1', 'migrations', 'apply', 'DB', '--remote']), 'captured')).toMatchObject({
      exitCode: 0,
    })
    const records = [1, 2, 3].map(() => spendRecord({ user: "'); SELECT 1; --" }))
    const file = logFile(
      'wrangler.log',
      records.map((one) => line(one, 'key-1')),
    )
    const printed: string[] = []
    const wrangler: RunWrangler = (args, output) => runWrangler(here(args), output)
    const deps = { wrangler, print: (text: string) => printed.push(text) }
    expect(await runReplay([file], deps)).toBe(0)
    expect(await runReplay([file], deps)).toBe(0)
    expect(printed).toEqual([
      'sent 3, booked 3, already there 0, not booked 0, unreadable lines 0',
      'sent 3, booked 0, already there 3, not booked 0, unreadable lines 0',
    ])
    const sums = await wrangler(['d1', 'execute', 'DB', '--remote', '--json', '--command', SUMS], 'captured')
    expect(JSON.parse(sums.stdout)).toMatchObject([{ results: [{ logged: 3, counted: 3 }] }])
  }, 120_000)

  it('names every record with the reason when wrangler fails, and exits with 1', async () => {
    const record = spendRecord()
    const printed: string[] = []
    const wrangler: RunWrangler = async () => ({ exitCode: 1, stdout: '', stderr: 'not logged in' })
    expect(
      await runReplay([logFile('fails.log', [line(record)])], { wrangler, print: (text) => printed.push(text) }),
    ).toBe(1)
    expect(printed).toEqual([
      `line 1: ${record.request_id} not booked: wrangler ended with 1: not logged in`,
      'sent 1, booked 0, already there 0, not booked 1, unreadable lines 0',
    ])
  })
})

describe('the arguments of replay', () => {
  it.each([
    ['no file', []],
    ['two files', ['a', 'b']],
    ['--local without --persist', ['a', '--local']],
    ['--persist without --local', ['a', '--persist', 'x']],
    ['an option that does not exist', ['a', '--force']],
    ['a file that does not exist', ['/nowhere/at/all.log']],
  ])('end with exit code 2 for %s', async (_, argv) => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {})
    expect(await runReplay(argv)).toBe(2)
    expect(error).toHaveBeenCalledOnce()
    error.mockRestore()
  })
})
