/**
 * `npm run deploy`: puts the Worker into a Cloudflare account. Wrangler creates by name whatever wrangler.toml binds and the
 * account does not have yet (https://developers.cloudflare.com/workers/wrangler/configuration/#automatic-provisioning), and
 * finds it again the next time, so no id is ever written down.
 */
import { parseArgs } from 'node:util'
import { type RunWrangler, runWrangler, type WranglerRun } from '../wrangler.ts'
import { askForSecrets, readSecretsFile, type Secrets, withSecretsFile } from './secrets-file.ts'

const DONE = 0
const FAILED = 1
const BAD_USAGE = 2

const USAGE = `usage:
  npm run deploy [-- --secrets FILE] [--dry-run]

--secrets  NAME=value lines or a JSON object; only secrets that the Worker does not have yet are set
--dry-run  builds and checks what would be deployed, without an account`

export type DeployIo = {
  print: (line: string) => void
  wrangler: RunWrangler
  /** Null where nobody can be asked. */
  ask: (() => Promise<Secrets>) | null
}

type Step = { action: string; run: () => Promise<WranglerRun> }

/** By its binding: wrangler knows the database behind it. */
const MIGRATE = ['d1', 'migrations', 'apply', 'DB', '--remote']

/** Wrangler's words for a Worker that the account does not have. */
const WORKER_NOT_FOUND = /Worker "[^"]*"[^\n]* not found/

const LOG_IN =
  'Log in with "npx wrangler login", or set CLOUDFLARE_API_TOKEN (and CLOUDFLARE_ACCOUNT_ID where there are several accounts), then run this again. "npm run deploy -- --dry-run" needs no account.'

/** Gives the exit code: 0 deployed, 1 wrangler failed, 2 bad usage or a faulty file of secrets. */
export async function runDeploy(argv: readonly string[], io: DeployIo = terminalIo()): Promise<number> {
  const options = readOptions(argv)
  if (typeof options === 'string') {
    io.print(`${options}\n\n${USAGE}`)
    return BAD_USAGE
  }
  let secrets: Secrets = new Map()
  if (options.secrets !== undefined) {
    const read = await readSecretsFile(options.secrets)
    if (!read.ok) {
      io.print(read.message)
      return BAD_USAGE
    }
    secrets = read.secrets
  }
  return options.dryRun ? dryRun(secrets, io) : deploy(secrets, io)
}

function readOptions(argv: readonly string[]): { secrets?: string; dryRun: boolean } | string {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { secrets: { type: 'string' }, 'dry-run': { type: 'boolean', default: false } },
    })
    const { secrets, 'dry-run': dryRun } = values
    return { dryRun, ...(secrets === undefined ? {} : { secrets }) }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function dryRun(secrets: Secrets, io: DeployIo): Promise<number> {
  const { exitCode } = await upload(secrets, ['--dry-run'], io)
  if (exitCode !== 0) return failed('build the Worker', io)
  io.print(
    [
      'The Worker builds and its bindings are well formed.',
      ...(secrets.size === 0 ? [] : [`Secrets that a deployment would set, where missing: ${namesOf(secrets)}.`]),
      'Not tried, because it takes an account: creating KV, D1 and the Durable Object, the migrations of D1, the upload.',
    ].join('\n'),
  )
  return DONE
}

async function deploy(given: Secrets, io: DeployIo): Promise<number> {
  const present = await secretsOfWorker(io)
  if (present === 'unknown') return FAILED
  const isFirst = present === 'no-worker'
  const secrets = isFirst ? await secretsOfFirst(given, io) : missingOf(given, present, io)
  const uploadIt: Step = { action: 'deploy the Worker', run: () => upload(secrets, [], io) }
  const migrateIt: Step = { action: 'migrate D1', run: () => io.wrangler(MIGRATE, 'shown') }
  // An existing D1 gets its new columns before the code that uses them; a new one exists only once the Worker does.
  for (const { action, run } of isFirst ? [uploadIt, migrateIt] : [migrateIt, uploadIt]) {
    const { exitCode } = await run()
    if (exitCode !== 0) return failed(action, io)
  }
  if (secrets.size > 0) io.print(`Secrets set: ${namesOf(secrets)}.`)
  io.print('Deployed. The configuration comes next, if it is not there yet: npm run config -- push FILE')
  return DONE
}

/** Names of the secrets that the deployed Worker has. */
async function secretsOfWorker(io: DeployIo): Promise<ReadonlySet<string> | 'no-worker' | 'unknown'> {
  const { exitCode, stdout, stderr } = await io.wrangler(['secret', 'list', '--format', 'json'], 'captured')
  if (exitCode === 0) {
    const listed = JSON.parse(stdout) as { name: string }[]
    return new Set(listed.map(({ name }) => name))
  }
  if (WORKER_NOT_FOUND.test(stdout + stderr)) return 'no-worker'
  io.print(`${stderr.trim()}\nThe account could not be asked (wrangler's exit code ${exitCode}). ${LOG_IN}`)
  return 'unknown'
}

async function secretsOfFirst(given: Secrets, io: DeployIo): Promise<Secrets> {
  if (given.size > 0) return given
  const asked = io.ask === null ? given : await io.ask()
  if (asked.size === 0)
    io.print('No secrets are set. Later: npm run deploy -- --secrets FILE, or npx wrangler secret put NAME')
  return asked
}

function missingOf(given: Secrets, present: ReadonlySet<string>, io: DeployIo): Secrets {
  const kept = [...given.keys()].filter((name) => present.has(name))
  if (kept.length > 0)
    io.print(`Set before, and left as they are: ${kept.join(', ')}. To change one: npx wrangler secret put NAME`)
  return new Map([...given].filter(([name]) => !present.has(name)))
}

function upload(secrets: Secrets, flags: readonly string[], io: DeployIo): Promise<WranglerRun> {
  if (secrets.size === 0) return io.wrangler(['deploy', ...flags], 'shown')
  return withSecretsFile(secrets, (path) => io.wrangler(['deploy', ...flags, '--secrets-file', path], 'shown'))
}

function failed(action: string, io: DeployIo): number {
  io.print(
    `wrangler could not ${action}; its output above says why. Run this again when it is mended: what is done stays done.`,
  )
  return FAILED
}

const namesOf = (secrets: Secrets): string => [...secrets.keys()].toSorted().join(', ')

function terminalIo(): DeployIo {
  return {
    print: (line) => process.stderr.write(`${line}\n`),
    wrangler: runWrangler,
    ask: process.stdin.isTTY ? askForSecrets : null,
  }
}
