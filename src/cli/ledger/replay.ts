/** `npm run ledger -- replay FILE`: books the records of log lines that could not be booked, each once. */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { bookRecords } from '../../ledger/booking/book-rows.ts'
import type { SpendRecord } from '../../ledger/record/record.ts'
import { askingWrangler, type RunWrangler } from '../wrangler.ts'
import { type FoundRecord, readNotBooked } from './replay-lines.ts'
import { replayScript } from './replay-script.ts'

const USAGE = `usage: npm run ledger -- replay FILE [--local --persist DIR]

FILE holds log lines; those with "event":"spend_record_not_booked" are booked, each once, however often it is replayed.
Without --local they go into the D1 database of wrangler.toml; with it into the state folder of
npm start -- --persist DIR, which must not be running.
`

/** Ids of one look-up: 500 of 44 characters stay far below D1's 100 KB of SQL. */
const IDS_PER_QUERY = 500

/** Of what wrangler says when it fails. */
const MESSAGE_MAX_CHARS = 2_000

export type ReplayDeps = { wrangler?: RunWrangler; print?: (line: string) => void }

/** What became of the records of one Meter. */
type Booked = { inserted: number; repeated: number; failed: { record: SpendRecord; reason: string }[] }
type Booker = (records: SpendRecord[], meter: string | null) => Promise<Booked>

/** `argv`: what follows `replay`. Exit code: 0 all booked, 1 something is left to do, 2 bad usage. */
export async function runReplay(argv: string[], deps: ReplayDeps = {}): Promise<number> {
  const print = deps.print ?? ((line: string) => console.log(line))
  const options = readOptions(argv)
  if (options === null) {
    console.error(USAGE)
    return 2
  }
  for (const path of [options.file, ...(options.persist === null ? [] : [options.persist])]) {
    if (existsSync(path)) continue
    console.error(`${path} does not exist`)
    return 2
  }
  const { found, bad } = readNotBooked(await readFile(options.file, 'utf8'))
  const result = await (options.persist === null
    ? bookAll(found, bookThroughWrangler(deps.wrangler ?? askingWrangler))
    : bookLocally(found, options.persist))

  const lineOf = new Map(found.map(({ record, line }) => [record.request_id, line]))
  for (const { line, reason } of bad) print(`line ${line}: ${reason}`)
  for (const { record, reason } of result.failed) {
    print(`line ${lineOf.get(record.request_id)}: ${record.request_id} not booked: ${reason}`)
  }
  print(
    `sent ${found.length}, booked ${result.inserted}, already there ${result.repeated}, ` +
      `not booked ${result.failed.length}, unreadable lines ${bad.length}`,
  )
  return result.failed.length + bad.length === 0 ? 0 : 1
}

function readOptions(argv: string[]): { file: string; persist: string | null } | null {
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      allowPositionals: true,
      options: { local: { type: 'boolean' }, persist: { type: 'string' } },
    })
    const [file, ...rest] = positionals
    const isLocal = values.local === true
    if (file === undefined || rest.length > 0 || isLocal !== (values.persist !== undefined)) return null
    // npm runs scripts in the project's folder and says in INIT_CWD where it was called.
    const from = process.env.INIT_CWD ?? process.cwd()
    return { file: resolve(from, file), persist: values.persist === undefined ? null : resolve(from, values.persist) }
  } catch {
    return null
  }
}

/** One call per Meter, since the note for a Meter names it. */
async function bookAll(found: FoundRecord[], book: Booker): Promise<Booked> {
  const total: Booked = { inserted: 0, repeated: 0, failed: [] }
  for (const [meter, group] of Map.groupBy(found, (one) => one.meter)) {
    const records = group.map(({ record }) => record)
    const booked = await book(records, meter)
    total.inserted += booked.inserted
    total.repeated += booked.repeated
    total.failed.push(...booked.failed)
  }
  return total
}

/** The database of `npm start -- --persist DIR`, opened by the same workerd that the gateway runs on. */
async function bookLocally(found: FoundRecord[], persist: string): Promise<Booked> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: 'export default { fetch: () => new Response() }',
      d1Databases: { DB: 'DB' },
      resourcePersistencePath: persist,
    }),
  )
  try {
    const db = await miniflare.getD1Database('DB')
    return await bookAll(found, async (records, meter) => {
      const booked = await bookRecords(db, records, meter === null ? {} : { unmetered: meter })
      return { ...booked, failed: [...booked.refused, ...booked.unbooked] }
    })
  } finally {
    await miniflare.dispose()
  }
}

/** Looks up which ids are there, imports the file, and looks again: what is counted as booked has been seen in D1. */
function bookThroughWrangler(wrangler: RunWrangler): Booker {
  return async (given, meter) => {
    const records = [...new Map(given.map((record) => [record.request_id, record])).values()]
    const { sql, tooLong } = replayScript(records, meter)
    const ids = records.map((record) => record.request_id)
    let before = new Set<string>()
    let importFault = 'not in the database after the import'
    try {
      before = await presentIds(wrangler, ids)
      if (sql !== '') await importSql(wrangler, sql)
    } catch (error) {
      importFault = error instanceof Error ? error.message : String(error)
      return { inserted: 0, repeated: before.size, failed: missing(records, before, importFault) }
    }
    const after = await presentIds(wrangler, ids)
    const skipped = new Set(tooLong.map((record) => record.request_id))
    const failed = missing(records, after, importFault).map((one) =>
      skipped.has(one.record.request_id) ? { ...one, reason: 'longer than one SQL statement may be' } : one,
    )
    return { inserted: after.size - before.size, repeated: given.length - records.length + before.size, failed }
  }
}

function missing(records: SpendRecord[], present: Set<string>, reason: string): Booked['failed'] {
  return records.filter((record) => !present.has(record.request_id)).map((record) => ({ record, reason }))
}

async function importSql(wrangler: RunWrangler, sql: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bedrock-edge-replay-'))
  try {
    const file = join(folder, 'replay.sql')
    await writeFile(file, sql)
    await outputOf(wrangler, ['d1', 'execute', 'DB', '--remote', '--yes', '--file', file])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function presentIds(wrangler: RunWrangler, ids: string[]): Promise<Set<string>> {
  const present = new Set<string>()
  for (let index = 0; index < ids.length; index += IDS_PER_QUERY) {
    const list = ids.slice(index, index + IDS_PER_QUERY).map((id) => `'${id.replaceAll("'", "''")}'`)
    const sql = `SELECT request_id FROM spend_logs WHERE request_id IN (${list.join(', ')})`
    const args = ['d1', 'execute', 'DB', '--remote', '--json', '--command', sql]
    const answer: unknown = JSON.parse(await outputOf(wrangler, args))
    for (const row of (answer as { results: { request_id: string }[] }[])[0]?.results ?? []) present.add(row.request_id)
  }
  return present
}

/** What a run printed; rejects with what it said where it failed. */
async function outputOf(wrangler: RunWrangler, args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await wrangler(args, 'captured')
  if (exitCode === 0) return stdout
  throw new Error(`wrangler ended with ${exitCode}: ${(stderr || stdout).trim().slice(0, MESSAGE_MAX_CHARS)}`)
}
