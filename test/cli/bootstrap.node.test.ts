/** The way from a bare machine to the first command, with an npm of the test's own in front: no network, no real install. */
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ROOT } from '../../src/cli/root.ts'
import { isAlive, plainEnvironment, type Running, run } from './run.ts'

let folder: string
let project: string

/** Installs one package with a `node` in it, as the real lockfile does, and counts how often it was asked. */
const NPM = `#!/bin/sh
echo "$@" >> "$NPM_LOG"
rm -rf node_modules
if [ -n "$NPM_FAILS" ]; then echo "npm error code $NPM_FAILS"; exit 7; fi
if [ -n "$NPM_WAITS" ]; then mkdir node_modules; echo $$ > "$NPM_WAITS"; exec sleep 60; fi
mkdir -p node_modules/node-here
echo '{"bin":{"node":"node"}}' > node_modules/node-here/package.json
ln -s "$REAL_NODE" node_modules/node-here/node
`

/** Stands in for the commands: says how it was called, and ends as it is told. */
const MAIN = `const [command, code] = process.argv.slice(2)
if (command === 'stay') {
  process.on('SIGTERM', () => process.exit(0))
  process.on('disconnect', () => process.exit(0))
  setInterval(() => undefined, 1000)
}
console.log('called', JSON.stringify(process.argv.slice(2)))
if (command === 'exit') process.exit(Number(code))
`

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bedrock edge bootstrap '))
  project = join(folder, 'a clone')
  await mkdir(join(project, 'src', 'cli'), { recursive: true })
  await mkdir(join(folder, 'bin'))
  await copyFile(join(ROOT, 'src', 'cli', 'bootstrap.mjs'), join(project, 'src', 'cli', 'bootstrap.mjs'))
  await writeFile(join(project, 'src', 'cli', 'main.ts'), MAIN)
  await writeFile(join(project, 'package.json'), JSON.stringify({ optionalDependencies: { 'node-here': '1.0.0' } }))
  await writeFile(join(project, 'package-lock.json'), '{"version": 1}')
  await writeFile(join(folder, 'bin', 'npm'), NPM, { mode: 0o755 })
})

afterEach(() => rm(folder, { recursive: true, force: true }))

function bootstrap(args: readonly string[], more: Record<string, string> = {}): Running {
  const env = plainEnvironment({
    PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH}`,
    NPM_LOG: join(folder, 'npm.log'),
    REAL_NODE: process.execPath,
    TMPDIR: folder,
    ...more,
  })
  return run(process.execPath, [join(project, 'src', 'cli', 'bootstrap.mjs'), ...args], { cwd: project, env })
}

async function installs(): Promise<number> {
  const log = await readFile(join(folder, 'npm.log'), 'utf8').catch(() => '')
  return log.split('\n').filter((line) => line.startsWith('ci ')).length
}

describe('installing', () => {
  test('the first run installs, without install scripts, and the next one does not', async () => {
    const first = await bootstrap(['exit', '0']).ended
    expect([first.code, await installs()]).toEqual([0, 1])
    expect(await readFile(join(folder, 'npm.log'), 'utf8')).toContain('--ignore-scripts')
    expect((await bootstrap(['exit', '0']).ended).code).toBe(0)
    expect(await installs()).toBe(1)
  })

  test('another lockfile is installed', async () => {
    await bootstrap(['exit', '0']).ended
    await writeFile(join(project, 'package-lock.json'), '{"version": 2}')
    expect((await bootstrap(['exit', '0']).ended).code).toBe(0)
    expect(await installs()).toBe(2)
  })

  test('an install that was interrupted is done again', async () => {
    const pidFile = join(folder, 'npm.pid')
    const running = bootstrap(['exit', '0'], { NPM_WAITS: pidFile })
    const npm = await pollFor(() => readFile(pidFile, 'utf8').catch(() => ''))
    running.child.kill('SIGTERM')
    expect((await running.ended).code).not.toBe(0)
    await expect.poll(() => isAlive(Number(npm))).toBe(false)
    expect((await bootstrap(['exit', '0']).ended).code).toBe(0)
    expect(await installs()).toBe(2)
  })

  test('an install that was killed outright leaves no lock that holds', async () => {
    const pidFile = join(folder, 'npm.pid')
    const running = bootstrap(['exit', '0'], { NPM_WAITS: pidFile })
    const npm = Number(await pollFor(() => readFile(pidFile, 'utf8').catch(() => '')))
    running.child.kill('SIGKILL')
    process.kill(npm, 'SIGKILL')
    await running.ended
    expect((await bootstrap(['exit', '0']).ended).code).toBe(0)
    expect(await installs()).toBe(2)
  })

  test('of several runs at once one installs and the others wait for it', async () => {
    const ended = await Promise.all([1, 2, 3].map(() => bootstrap(['exit', '0']).ended))
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(await installs()).toBe(1)
  })

  test('a failed install shows what npm said, and where the network is the reason says that', async () => {
    const network = await bootstrap(['exit', '0'], { NPM_FAILS: 'ENOTFOUND' }).ended
    expect([network.code, network.stdout]).toEqual([1, ''])
    expect(network.stderr).toContain('npm error code ENOTFOUND')
    expect(network.stderr).toContain('The package registry could not be reached')
    const other = await bootstrap(['exit', '0'], { NPM_FAILS: 'EUSAGE' }).ended
    expect(other.stderr).toContain('npm error code EUSAGE')
    expect(other.stderr).not.toContain('could not be reached')
  })

  test('a machine without npm is told to install it', async () => {
    const { code, stderr } = await bootstrap(['exit', '0'], { PATH: join(folder, 'nothing') }).ended
    expect(code).toBe(1)
    expect(stderr).toMatch(/npm cannot be started[\s\S]*Install Node\.js/)
  })
})

describe('handing over', () => {
  test('arguments arrive as they are, and the exit code comes back', async () => {
    const { code, stdout } = await bootstrap(['exit', '3', 'my config.yaml', '--port=0', '*']).ended
    expect(code).toBe(3)
    expect(stdout).toBe(`called ["exit","3","my config.yaml","--port=0","*"]\n`)
  })

  test('SIGTERM reaches the command, and its exit code is that of the run', async () => {
    const running = bootstrap(['stay'])
    await running.line(/called/)
    running.child.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0, signal: null })
  })

  test('a command whose parent is killed outright is told so and ends', async () => {
    const running = bootstrap(['stay'])
    await running.line(/called/)
    running.child.kill('SIGKILL')
    // The stdout that both share closes only when the command has ended too.
    expect((await running.ended).signal).toBe('SIGKILL')
  })
})

async function pollFor(read: () => Promise<string>): Promise<string> {
  let text = ''
  await expect.poll(async () => (text = (await read()).trim()), { timeout: 10_000 }).not.toBe('')
  return text
}
