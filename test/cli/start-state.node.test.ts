/** The folder that `npm start -- --persist DIR` keeps: of an older version, and for its owner alone. */
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT } from '../../src/cli/root.ts'
import { runCommand } from './run.ts'

const OLD_ID = '019ac1f2-7c40-7d1e-9b0a-5f1f0b8f3a11'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bedrock-edge-state-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A folder as the first version left it: its one migration, recorded as wrangler does, and a row. */
async function stateOfFirstVersion(): Promise<string> {
  const state = join(folder, 'first version')
  await mkdir(state)
  await chmod(state, 0o755)
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      modules: true,
      script: 'export default { fetch: () => new Response() }',
      d1Databases: { DB: 'DB' },
      resourcePersistencePath: state,
    }),
  )
  const db = await miniflare.getD1Database('DB')
  const sql = await readFile(join(ROOT, 'src', 'ledger', 'migrations', '0001_spend.sql'), 'utf8')
  const statements = sql.replace(/^--.*$/gm, '').split(/;\n/)
  for (const statement of statements.filter((text) => text.trim() !== '')) await db.prepare(statement).run()
  await db
    .prepare(
      'CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)',
    )
    .run()
  await db.prepare("INSERT INTO d1_migrations (name) VALUES ('0001_spend.sql')").run()
  await db
    .prepare(
      `INSERT INTO spend_logs (request_id, startTime, endTime, model_group, model, model_id, region, api_base, operation,
        request_tags, metadata, status, http_status, verdict, prompt_tokens, completion_tokens, total_tokens, cost_nano_usd,
        cost_state, attempts, fallbacks, attempt_log, ms_to_headers, ms_total)
       VALUES (?, '2026-11-24T10:00:00.000Z', '2026-11-24T10:00:01.000Z', 'fast', 'm', 'fast/1', 'us-east-1', 'host', 'Converse',
        '[]', '{}', 'success', 200, 'complete', 1, 1, 2, 5, 'priced', 1, 0, '[]', 1, 2)`,
    )
    .bind(OLD_ID)
    .run()
  await miniflare.dispose()
  return state
}

test('a folder of the first version starts, keeps its rows, and is for its owner alone from then on', async () => {
  const state = await stateOfFirstVersion()
  const running = runCommand(['start', '--port', '0', '--persist', state])
  const [, url = '', key = ''] = await running.line(/^ready (\S+) key (\S+)/)
  const response = await fetch(`${url}/spend/logs`, { headers: { authorization: `Bearer ${key}` } })
  expect([response.status, await response.json()]).toMatchObject([
    200,
    [
      {
        request_id: OLD_ID,
        cost_nano_usd: '5',
        known_cost_nano_usd: null,
        cost_missing: [],
        metadata_truncated: false,
      },
    ],
  ])
  const call = await fetch(`${url}/bedrock/model/fast/converse`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: [{ text: 'Say this is a test' }] }] }),
  })
  expect(call.status).toBe(200)

  expect((await stat(state)).mode & 0o777).toBe(0o700)
  // The configuration lies in KV, and none of its files was there before.
  const kept = await readdir(state, { recursive: true })
  const kv = kept.filter((name) => /(^|\/)kv(\/|$)/.test(name))
  expect(kv).not.toEqual([])
  for (const name of kv) expect([name, (await stat(join(state, name))).mode & 0o077]).toEqual([name, 0])

  running.child.kill('SIGTERM')
  expect((await running.ended).code).toBe(0)
})
