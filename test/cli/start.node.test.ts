/** `npm start` as a process: what it prints, how it ends, and what it leaves behind. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY } from '../clients/harness.ts'
import { SIMULATOR_SECRET_ACCESS_KEY } from '../simulator/auth.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { descendants, isAlive, plainEnvironment, type Running, type RunOptions, runCommand } from './run.ts'

let folder: string
const runs: Running[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bedrock edge test '))
})

afterEach(async () => {
  for (const { child } of runs) child.kill('SIGTERM')
  await Promise.all(runs.splice(0).map((one) => one.ended))
})

afterAll(() => rm(folder, { recursive: true, force: true }))

function start(args: readonly string[], options?: RunOptions): Running {
  const running = runCommand(['start', ...args], options)
  runs.push(running)
  return running
}

async function ready(running: Running): Promise<{ url: string; key: string }> {
  const [, url = '', key = ''] = await running.line(/^ready (\S+) key (\S+)$/)
  return { url, key }
}

async function stop(running: Running): Promise<number | null> {
  running.child.kill('SIGTERM')
  return (await running.ended).code
}

async function converse(url: string, key: string, model: string): Promise<Response> {
  return fetch(`${url}/bedrock/model/${model}/converse`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ messages: [{ role: 'user', content: [{ text: 'hi' }] }] }),
  })
}

describe('with the sample configuration', () => {
  test('the ready line comes when readiness is 200 and its key opens every model of the sample', async () => {
    const { url, key } = await ready(start(['--port', '0']))
    expect((await fetch(`${url}/health/readiness`)).status).toBe(200)
    for (const model of ['fast', 'claude', 'amazon.nova-lite-v1%3A0']) {
      const response = await converse(url, key, model)
      expect([model, response.status]).toEqual([model, 200])
      expect(response.headers.get('x-litellm-response-cost')).toMatch(/^0\.\d+$/)
    }
  })

  test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it with 0, and no child stays', async (signal) => {
    const running = start(['--port', '0'])
    await ready(running)
    const children = descendants(running.pid)
    expect(children.length).toBeGreaterThanOrEqual(2)
    running.child.kill(signal)
    expect((await running.ended).code).toBe(0)
    await expect.poll(() => children.filter(isAlive)).toEqual([])
  })

  test('when it is killed outright, its children end and its temporary state goes', async () => {
    const temporary = join(folder, 'temporary')
    await mkdir(temporary)
    const running = start(['--port', '0'], { env: plainEnvironment({ TMPDIR: temporary }) })
    await ready(running)
    const children = descendants(running.pid)
    expect(await readdir(temporary)).not.toEqual([])
    running.child.kill('SIGKILL')
    await running.ended
    await expect.poll(() => children.filter(isAlive), { timeout: 10_000 }).toEqual([])
    await expect.poll(() => readdir(temporary), { timeout: 10_000 }).toEqual([])
  })

  test('when the simulated Bedrock dies, the run ends with 1 and says so', async () => {
    const running = start(['--port', '0'])
    const { url, key } = await ready(running)
    expect((await converse(url, key, 'fast')).status).toBe(200)
    const simulator = await simulatorOf(running)
    process.kill(simulator, 'SIGKILL')
    const { code, stderr } = await running.ended
    expect(code).toBe(1)
    expect(stderr).toContain('the simulated Bedrock has ended')
  })

  test('without --persist nothing is left in the temporary folder', async () => {
    const temporary = join(folder, 'empty afterwards')
    await mkdir(temporary)
    const running = start(['--port', '0'], { env: plainEnvironment({ TMPDIR: temporary }) })
    await ready(running)
    expect(await stop(running)).toBe(0)
    expect(await readdir(temporary)).toEqual([])
  })

  test('with --persist the spend of one run is there in the next', async () => {
    const state = join(folder, 'kept state')
    const first = start(['--port', '0', '--persist', state])
    const before = await ready(first)
    const callId = (await converse(before.url, before.key, 'fast')).headers.get('x-litellm-call-id')
    await expect.poll(() => idsOf(before), { timeout: 10_000 }).toEqual([callId])
    expect(await stop(first)).toBe(0)

    const after = await ready(start(['--port', '0', '--persist', state]))
    expect(await idsOf(after)).toEqual([callId])
  })
})

describe('with a configuration of one’s own', () => {
  let simulator: Simulator
  let file: string

  beforeAll(async () => {
    simulator = await startSimulator()
    file = join(folder, 'my config.yaml')
    const deployment = deploymentOf(simulator, 'mine', 'amazon.nova-lite-v1:0', 'any')
    const params = { ...(deployment.litellm_params as object), aws_region_name: 'us-east-1' }
    const config = {
      model_list: [{ ...deployment, litellm_params: { ...params, aws_secret_access_key: 'os.environ/MY_SECRET' } }],
      general_settings: { master_key: 'os.environ/MY_KEY' },
    }
    // JSON is YAML.
    await writeFile(file, JSON.stringify(config))
  })

  afterAll(() => simulator.close())

  test('its secrets come from the environment, and no simulator is started', async () => {
    const env = plainEnvironment({ MY_SECRET: SIMULATOR_SECRET_ACCESS_KEY, MY_KEY: MASTER_KEY })
    const running = start(['--config', file, '--port', '0'], { env })
    const { url, key } = await ready(running)
    expect(key).toBe(MASTER_KEY)
    expect((await converse(url, key, 'mine')).status).toBe(200)
    expect(await simulatorOf(running).catch(() => 'none')).toBe('none')
  })

  test('without a master key anywhere a random one for this run is printed and opens the gateway', async () => {
    const { general_settings: _, ...keyless } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
    const other = join(folder, 'keyless.yaml')
    await writeFile(other, JSON.stringify(keyless))
    const env = plainEnvironment({ MY_SECRET: SIMULATOR_SECRET_ACCESS_KEY })
    const { url, key } = await ready(start(['--config', other, '--port', '0'], { env }))
    expect(key).toMatch(/^sk-[A-Za-z0-9_-]{32}$/)
    expect((await converse(url, key, 'mine')).status).toBe(200)
    expect((await converse(url, MASTER_KEY, 'mine')).status).toBe(403)
  })

  test('--skip-faulty starts without the entries that cannot be served, and names them', async () => {
    const config = JSON.parse(await readFile(file, 'utf8')) as { model_list: object[] }
    const faulty = { model_name: 'bad', litellm_params: { model: 'bedrock/x', aws_profile_name: 'dev' } }
    const other = join(folder, 'skipping.yaml')
    await writeFile(other, JSON.stringify({ ...config, model_list: [...config.model_list, faulty] }))
    const env = plainEnvironment({ MY_SECRET: SIMULATOR_SECRET_ACCESS_KEY, MY_KEY: MASTER_KEY })
    expect((await start(['--config', other, '--port', '0'], { env }).ended).code).toBe(2)
    const running = start(['--config', other, '--skip-faulty', '--port', '0'], { env })
    const { url, key } = await ready(running)
    expect((await converse(url, key, 'mine')).status).toBe(200)
    await stop(running)
    expect((await running.ended).stderr).toMatch(
      /^warning .*skipping\.yaml:1 model_list\[1\]: "bad" cannot be served and is left out/m,
    )
  })

  test('a secret that is not set is a fault with its path and exit code 2', async () => {
    const { code, stdout, stderr } = await start(['--config', file, '--port', '0']).ended
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('litellm_params.aws_secret_access_key')
    expect(stderr).toContain('MY_SECRET')
  })

  test('every fault is told with file, line and path, and exit code 2', async () => {
    const faulty = join(folder, 'faulty.yaml')
    await writeFile(
      faulty,
      'model_list:\n  - model_name: x\n    litellm_params:\n      model: bedrock/a b\ngeneral_settings:\n  master_key: nope\n',
    )
    const { code, stderr } = await start(['--config', faulty, '--port', '0']).ended
    expect(code).toBe(2)
    expect(stderr).toMatch(/faulty\.yaml:4 model_list\[0\]\.litellm_params\.model: /)
    expect(stderr).toMatch(/faulty\.yaml:6 general_settings\.master_key: /)
  })

  test('a file that is not there is one line that names it, and exit code 2', async () => {
    const { code, stderr } = await start(['--config', join(folder, 'none.yaml'), '--port', '0']).ended
    expect(code).toBe(2)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain('none.yaml')
  })
})

describe('a bad command line', () => {
  test('a taken port is one line that names it and the way out, and exit code 3', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const { code, stdout, stderr } = await start(['--port', String(port)]).ended
    other.close()
    expect([code, stdout]).toEqual([3, ''])
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(new RegExp(`port ${port} .*--port`))
  })

  test.each([
    { args: ['--port', '99999'], said: '--port 99999' },
    { args: ['--port', 'http'], said: '--port http' },
    { args: ['--prot', '1'], said: '--prot' },
    { args: ['config.yaml'], said: 'config.yaml' },
    { args: ['--skip-faulty'], said: '--config' },
  ])('$args is refused with exit code 2 and the usage', async ({ args, said }) => {
    const { code, stderr } = await start(args).ended
    expect(code).toBe(2)
    expect(stderr).toContain(said)
    expect(stderr).toContain('usage:')
  })

  test('a folder that cannot be made is refused with exit code 2', async () => {
    const file = join(folder, 'a file')
    await writeFile(file, '')
    const { code, stderr } = await start(['--persist', join(file, 'below'), '--port', '0']).ended
    expect(code).toBe(2)
    expect(stderr).toContain('--persist')
  })
})

async function idsOf({ url, key }: { url: string; key: string }): Promise<string[]> {
  const response = await fetch(`${url}/spend/logs`, { headers: { authorization: `Bearer ${key}` } })
  return ((await response.json()) as { request_id: string }[]).map((row) => row.request_id)
}

/** Pid of the simulated Bedrock: the child whose command line names it. */
async function simulatorOf(running: Running): Promise<number> {
  for (const pid of descendants(running.pid)) {
    if ((await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes('simulator')) return pid
  }
  throw new Error('no simulated Bedrock runs')
}
