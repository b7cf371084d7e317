/**
 * The way from a bare machine to `main.ts`: built-in modules of Node 18 and JavaScript only, because the host's Node may be
 * too old for TypeScript and nothing is installed yet. It installs what the lockfile names if the last install is
 * missing, older or was interrupted, then hands over to the Node that came with the install.
 */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '..', '..'))
/** Written last: line 1 the digest of the lockfile and platform, line 2 the Node to run on. */
const STAMP = join(ROOT, 'node_modules', '.bedrock-edge-install')
/** First Node that runs TypeScript without a flag, https://nodejs.org/en/blog/release/v22.18.0 */
const TYPESCRIPT_NODE = [22, 18]
const LOCK_POLL_MS = 250
const PARENT_POLL_MS = 1000
/** The host's Node, as line 2 of the stamp says it. */
const HOST = 'host'

/** Ends the process with one message: what happened, and how to mend it. */
function fail(what, mend) {
  process.stderr.write(`bedrock-edge: ${what}\n${mend}\n`)
  process.exit(1)
}

function lockfileDigest() {
  return createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex')
}

/** The Node of the last complete install, or null where there is none for this lockfile and platform. */
function installedNode(digest) {
  if (!existsSync(STAMP)) return null
  const [stamped, node] = readFileSync(STAMP, 'utf8').split('\n')
  if (stamped !== digest || !node) return null
  if (node === HOST) return hostRunsTypeScript() ? process.execPath : null
  return existsSync(join(ROOT, node)) ? join(ROOT, node) : null
}

function hostRunsTypeScript() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return major > TYPESCRIPT_NODE[0] || (major === TYPESCRIPT_NODE[0] && minor >= TYPESCRIPT_NODE[1])
}

/** The Node that an optional dependency brought for this platform, relative to the root, if it runs here. */
function bundledNode() {
  const { optionalDependencies = {} } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  for (const name of Object.keys(optionalDependencies)) {
    const manifest = join(ROOT, 'node_modules', name, 'package.json')
    if (!existsSync(manifest)) continue
    const { bin } = JSON.parse(readFileSync(manifest, 'utf8'))
    if (!bin?.node) continue
    const relative = join('node_modules', name, bin.node)
    if (spawnSync(join(ROOT, relative), ['--version']).status === 0) return relative
  }
  return null
}

/**
 * One install at a time per folder: two at once would delete each other's files. The lock lies outside the folder because
 * the number of the process in it means something on this machine only.
 */
const LOCK = join(tmpdir(), `bedrock-edge-install-${createHash('sha256').update(ROOT).digest('hex').slice(0, 16)}`)

function lockHolder() {
  try {
    return Number(readFileSync(join(LOCK, 'pid'), 'utf8'))
  } catch {
    return null
  }
}

function alive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** A folder that already holds its pid is renamed into place, so nobody ever sees a lock without a holder. */
function takeLock() {
  const mine = `${LOCK}-${process.pid}`
  rmSync(mine, { recursive: true, force: true })
  mkdirSync(mine)
  writeFileSync(join(mine, 'pid'), String(process.pid))
  try {
    renameSync(mine, LOCK)
    return true
  } catch {
    rmSync(mine, { recursive: true, force: true })
    return false
  }
}

/** Moves a dead process's lock away; of several that try, the rename lets one succeed. */
function breakLock() {
  const away = `${LOCK}-dead-${process.pid}`
  try {
    renameSync(LOCK, away)
    rmSync(away, { recursive: true, force: true })
  } catch {
    // Another waiter was quicker; the next turn sees what it left.
  }
}

async function withLock(work) {
  let said = false
  while (!takeLock()) {
    const holder = lockHolder()
    if (holder !== null && !alive(holder)) {
      breakLock()
      continue
    }
    if (!said) process.stderr.write(`bedrock-edge: waiting for another install here (process ${holder}) …\n`)
    said = true
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS))
  }
  const release = () => rmSync(LOCK, { recursive: true, force: true })
  process.once('exit', release)
  const result = await work()
  process.off('exit', release)
  release()
  return result
}

/** How to start npm: the one that runs this script, else the one on the path. */
function npmCommand() {
  const script = process.env.npm_execpath
  if (script && basename(script) === 'npm-cli.js' && statSync(script, { throwIfNoEntry: false })) {
    return { command: process.execPath, prefix: [script], shell: false }
  }
  return process.platform === 'win32'
    ? { command: 'npm.cmd', prefix: [], shell: true }
    : { command: 'npm', prefix: [], shell: false }
}

/** `npm ci` without install scripts: esbuild and workerd run without theirs, and nothing else gets to run code. */
function npmCi() {
  const { command, prefix, shell } = npmCommand()
  const flags = ['ci', '--include=dev', '--include=optional', '--ignore-scripts', '--no-audit', '--no-fund']
  return new Promise((resolve) => {
    const child = spawn(command, [...prefix, ...flags, '--loglevel=error'], { cwd: ROOT, shell, windowsHide: true })
    const stop = (signal) => child.kill(signal)
    let output = ''
    child.stdout.on('data', (data) => (output += data))
    child.stderr.on('data', (data) => (output += data))
    child.on('error', (error) => resolve({ code: null, signal: null, output: String(error.message), missing: true }))
    child.on('close', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM']) process.off(name, stop)
      resolve({ code, signal, output, missing: false })
    })
    for (const name of ['SIGINT', 'SIGTERM']) process.on(name, stop)
  })
}

const NETWORK_FAULT = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network|socket hang up/i

/** Installs and writes the stamp; returns the Node to run on. */
async function install(digest) {
  process.stderr.write('bedrock-edge: installing dependencies (once; half a minute on most machines) …\n')
  rmSync(STAMP, { force: true })
  const { code, signal, output, missing } = await npmCi()
  if (signal) process.exit(128 + constants.signals[signal])
  if (missing)
    fail(`npm cannot be started: ${output}`, 'Install Node.js 20 or newer together with npm, then run this again.')
  if (code !== 0) {
    process.stderr.write(output)
    const mend = NETWORK_FAULT.test(output)
      ? 'The package registry could not be reached. Check the network, the proxy and `npm config get registry`, then run this again.'
      : 'The output of npm above says why. Run this again when it is mended.'
    fail(`\`npm ci\` in ${ROOT} failed with exit code ${code}.`, mend)
  }
  const bundled = bundledNode()
  if (bundled === null && !hostRunsTypeScript()) {
    fail(
      `no Node comes along for ${process.platform}-${process.arch}, and this one (${process.versions.node}) cannot run TypeScript.`,
      `Install Node.js ${TYPESCRIPT_NODE.join('.')} or newer, then run this again.`,
    )
  }
  writeFileSync(STAMP, `${digest}\n${bundled ?? HOST}\n`)
  return bundled === null ? process.execPath : join(ROOT, bundled)
}

/**
 * Runs `main.ts`; signals go on to it, and its exit code is ours. npm signals only its shell, and a shell that dies of it
 * leaves this process behind with another parent: that counts as SIGTERM.
 */
function handOver(node) {
  const args = ['--disable-warning=ExperimentalWarning', join(ROOT, 'src', 'cli', 'main.ts'), ...process.argv.slice(2)]
  // The IPC channel carries nothing: it closes when this process is killed, and `main.ts` then ends its own children.
  const child = spawn(node, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], windowsHide: true })
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name))
  child.on('error', (error) =>
    fail(`${node} cannot be started: ${error.message}`, 'Delete node_modules and run this again.'),
  )
  const parent = process.ppid
  setInterval(() => process.ppid === parent || child.kill('SIGTERM'), PARENT_POLL_MS).unref()
  child.on('exit', (code, signal) => process.exit(signal ? 128 + constants.signals[signal] : (code ?? 1)))
}

const digest = lockfileDigest()
const node = installedNode(digest) ?? (await withLock(async () => installedNode(digest) ?? (await install(digest))))
handOver(node)
