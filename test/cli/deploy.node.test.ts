/** `npm run deploy` against a stand-in for wrangler and its account; the dry run with the real wrangler. */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DeployIo, runDeploy } from '../../src/cli/deploy/command.ts'
import type { WranglerRun } from '../../src/cli/wrangler.ts'
import { plainEnvironment, runCommand } from './run.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deploy test '))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

type Account = { worker: Map<string, string> | null; failing?: string }

/** Wrangler as far as `deploy` uses it, on an account that remembers. */
function wranglerOf(account: Account) {
  const calls: string[] = []
  const secretsFiles: string[] = []
  const end = (exitCode: number, stdout = '', stderr = ''): WranglerRun => ({ exitCode, stdout, stderr })
  async function wrangler(args: readonly string[]): Promise<WranglerRun> {
    const at = args.indexOf('--secrets-file')
    const path = at === -1 ? undefined : args[at + 1]
    const command = args.map((arg) => (arg === path ? 'FILE' : arg)).join(' ')
    calls.push(command)
    if (account.failing !== undefined && command.startsWith(account.failing)) return end(1, '', 'Authentication error')
    if (args[0] === 'secret') {
      if (account.worker === null) return end(1, '', '✘ [ERROR] Worker "bedrock-edge" not found.\n')
      return end(0, JSON.stringify([...account.worker.keys()].map((name) => ({ name, type: 'secret_text' }))))
    }
    if (args[0] === 'd1' && account.worker === null) return end(1)
    if (args[0] !== 'deploy') return end(0)
    account.worker ??= new Map()
    if (path !== undefined) {
      secretsFiles.push(path)
      expect((await stat(path)).mode & 0o077).toBe(0)
      const secrets = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>
      for (const [name, value] of Object.entries(secrets)) account.worker.set(name, value)
    }
    return end(0)
  }
  return { calls, secretsFiles, wrangler }
}

async function deploy(account: Account, argv: readonly string[], ask: DeployIo['ask'] = null) {
  const { calls, secretsFiles, wrangler } = wranglerOf(account)
  const printed: string[] = []
  const exitCode = await runDeploy(argv, { print: (line) => printed.push(line), wrangler, ask })
  return { exitCode, calls, secretsFiles, printed: printed.join('\n') }
}

const LIST = 'secret list --format json'
const MIGRATE = 'd1 migrations apply DB --remote'

describe('the first deployment', () => {
  test('uploads with the secrets of the file, then migrates the D1 that the upload has made', async () => {
    const account: Account = { worker: null }
    const secrets = await file('first.env', "# ours\nMASTER_KEY=sk-$HOME\nAWS_KEY='a b'\n")
    const { exitCode, calls, secretsFiles, printed } = await deploy(account, ['--secrets', secrets])
    expect(exitCode).toBe(0)
    expect(calls).toEqual([LIST, 'deploy --secrets-file FILE', MIGRATE])
    expect(account.worker).toEqual(
      new Map([
        ['MASTER_KEY', 'sk-$HOME'],
        ['AWS_KEY', 'a b'],
      ]),
    )
    expect(secretsFiles.map((path) => existsSync(path))).toEqual([false])
    expect(printed).toContain('Secrets set: AWS_KEY, MASTER_KEY.')
    expect(printed).not.toContain('sk-')
  })

  test('takes secrets as JSON too', async () => {
    const account: Account = { worker: null }
    expect((await deploy(account, ['--secrets', await file('first.json', '{"K": "v=1"}')])).exitCode).toBe(0)
    expect(account.worker).toEqual(new Map([['K', 'v=1']]))
  })

  test('asks for secrets where no file is given and somebody can be asked', async () => {
    const account: Account = { worker: null }
    const { exitCode } = await deploy(account, [], async () => new Map([['K', 'typed']]))
    expect(exitCode).toBe(0)
    expect(account.worker).toEqual(new Map([['K', 'typed']]))
  })

  test('says how secrets get in later where there are none and nobody can be asked', async () => {
    const { exitCode, calls, printed } = await deploy({ worker: null }, [])
    expect(exitCode).toBe(0)
    expect(calls).toEqual([LIST, 'deploy', MIGRATE])
    expect(printed).toContain('npm run deploy -- --secrets FILE')
  })
})

describe('a later deployment', () => {
  test('migrates before the new code is there, and changes nothing but the version', async () => {
    const account: Account = { worker: new Map([['K', 'old']]) }
    const asked = () => Promise.reject(new Error('asked again'))
    const { exitCode, calls } = await deploy(account, [], asked)
    expect(exitCode).toBe(0)
    expect(calls).toEqual([LIST, MIGRATE, 'deploy'])
    expect(account.worker).toEqual(new Map([['K', 'old']]))
  })

  test('with a file sets only the secrets that are missing, and names those that stay', async () => {
    const account: Account = { worker: new Map([['K', 'old']]) }
    const { calls, printed } = await deploy(account, ['--secrets', await file('more.env', 'K=new\nL=other\n')])
    expect(calls).toEqual([LIST, MIGRATE, 'deploy --secrets-file FILE'])
    expect(account.worker).toEqual(
      new Map([
        ['K', 'old'],
        ['L', 'other'],
      ]),
    )
    expect(printed).toContain('left as they are: K.')
  })

  test('that cannot migrate leaves the running code in place and ends with 1', async () => {
    const { exitCode, calls, printed } = await deploy({ worker: new Map(), failing: 'd1' }, [])
    expect(exitCode).toBe(1)
    expect(calls).toEqual([LIST, MIGRATE])
    expect(printed).toContain('could not migrate D1')
  })
})

describe('what cannot work', () => {
  test('an account that cannot be asked ends with 1 before anything is changed, and says how to log in', async () => {
    const { exitCode, calls, printed } = await deploy({ worker: null, failing: 'secret list' }, [])
    expect(exitCode).toBe(1)
    expect(calls).toEqual([LIST])
    expect(printed).toContain('Authentication error')
    expect(printed).toContain('CLOUDFLARE_API_TOKEN')
  })

  test.each([
    ['a missing file', null, 'there is no such file'],
    ['a file without secrets', '# nothing\n', 'no secret stands here'],
    ['broken JSON', '{"K": ', 'not valid JSON'],
    ['a value that is no text', '{"K": 5}', 'K has no value'],
    ['an empty value', 'K=\n', 'K has no value'],
    ['a name that no configuration can ask for', '{"K-1": "v"}', 'a name may hold only'],
  ])('%s of secrets ends with 2 before the account is asked', async (_name, text, message) => {
    const path = text === null ? join(folder, 'none.env') : await file('faulty.env', text)
    const { exitCode, calls, printed } = await deploy({ worker: null }, ['--secrets', path])
    expect([exitCode, calls]).toEqual([2, []])
    expect(printed).toContain(`${path}: `)
    expect(printed).toContain(message)
  })

  test('an option that does not exist ends with 2 and the usage', async () => {
    const { exitCode, calls, printed } = await deploy({ worker: null }, ['--force'])
    expect([exitCode, calls]).toEqual([2, []])
    expect(printed).toContain('npm run deploy [-- --secrets FILE] [--dry-run]')
  })
})

describe('with the real wrangler', () => {
  /** No account of this machine may be reached by a test. */
  const env = () =>
    plainEnvironment({
      CLOUDFLARE_API_TOKEN: undefined,
      CLOUDFLARE_API_KEY: undefined,
      XDG_CONFIG_HOME: folder,
      HOME: folder,
      WRANGLER_SEND_METRICS: 'false',
    })

  test('--dry-run builds the Worker with all its bindings and leaves wrangler.toml as it is', async () => {
    const before = await readFile('wrangler.toml', 'utf8')
    const secrets = await file('dry.env', 'MASTER_KEY=sk-dry\n')
    const { code, stdout, stderr } = await runCommand(['deploy', '--dry-run', '--secrets', secrets], { env: env() })
      .ended
    expect(code).toBe(0)
    for (const binding of ['env.CONFIG', 'env.DB', 'env.METER']) expect(stdout).toContain(binding)
    expect(stdout).toContain('--dry-run: exiting now.')
    expect(stderr).toContain('Secrets that a deployment would set, where missing: MASTER_KEY.')
    expect(stderr).toContain('it takes an account')
    expect(stdout + stderr).not.toContain('sk-dry')
    expect(await readFile('wrangler.toml', 'utf8')).toBe(before)
  })

  test('without an account a deployment ends with 1 and says what to do', async () => {
    const { code, stderr } = await runCommand(['deploy'], { env: env() }).ended
    expect(code).toBe(1)
    expect(stderr).toContain('Log in with "npx wrangler login", or set CLOUDFLARE_API_TOKEN')
  })
})
