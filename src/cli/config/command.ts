/** `npm run config -- check | push | pull`. */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import { literalSecretPaths, REDACTED, redactConfig } from '../../config/redact.ts'
import { parseConfigJson } from '../../config/stored-json.ts'
import type { RunWrangler } from '../wrangler.ts'
import { checkConfigFile, type FileIssue, formatIssue, type LoadedFile } from './config-file.ts'
import { type ConfigStore, localStore, remoteStore } from './config-store.ts'

export { type FileIssue, formatIssue, type LoadedFile, loadConfigFile } from './config-file.ts'

/** Exit codes: done, the store could not be reached, bad usage or a faulty configuration. */
const DONE = 0
const FAILED = 1
const FAULTY = 2

/** Least of what Cloudflare's limit of 5 KB for a variable may mean (https://developers.cloudflare.com/workers/platform/limits/). */
const CONFIG_JSON_BYTES_MAX = 5_000

const USAGE = `usage:
  npm run config -- check [--strict] FILE
  npm run config -- push FILE [--local --persist DIR] [--skip-faulty] [--allow-literal-secrets]
  npm run config -- pull [FILE] [--local --persist DIR]

check   says what is wrong with a configuration, with line and setting
push    checks it and stores it for the deployed Worker, or in the folder of a local gateway
pull    shows what is stored, without secrets, or writes it to FILE

--strict       what is left out because it does not concern Bedrock is an error
--skip-faulty  entries of model_list that cannot be served are left out instead of refusing the file; the Worker then does
               the same, and says so in /health`

/** Where output goes and how wrangler is run; tests put their own in. */
export type ConfigCommandIo = {
  out: (line: string) => void
  err: (line: string) => void
  runWrangler?: RunWrangler
}

const CONSOLE: ConfigCommandIo = { out: (line) => console.log(line), err: (line) => console.error(line) }

/** `argv` begins with the subcommand. Gives the exit code of the process. */
export async function runConfigCommand(argv: readonly string[], io: ConfigCommandIo = CONSOLE): Promise<number> {
  const command = readCommand(argv)
  if (command === null) {
    io.err(USAGE)
    return FAULTY
  }
  switch (command.action) {
    case 'check':
      return check(command, io)
    case 'push':
      return push(command, io)
    case 'pull':
      return pull(command, io)
  }
}

type Command =
  | { action: 'check'; file: string; isStrict: boolean }
  | { action: 'push'; file: string; persist?: string; allowLiteralSecrets: boolean; skipFaulty: boolean }
  | { action: 'pull'; file?: string; persist?: string }

function readCommand(argv: readonly string[]): Command | null {
  const parsed = parse(argv)
  if (parsed === null) return null
  const { values, positionals } = parsed
  const [action, file, ...rest] = positionals
  const isLocal = values.local === true
  if (rest.length > 0 || isLocal !== (values.persist !== undefined)) return null
  const place = values.persist === undefined ? {} : { persist: values.persist }
  const allowLiteralSecrets = values['allow-literal-secrets'] === true
  const skipFaulty = values['skip-faulty'] === true
  const isStrict = values.strict === true
  if (isStrict && action !== 'check') return null
  if (action === 'push' && file !== undefined) return { action, file, allowLiteralSecrets, skipFaulty, ...place }
  if (allowLiteralSecrets || skipFaulty) return null
  if (action === 'pull') return { action, ...place, ...(file === undefined ? {} : { file }) }
  return action === 'check' && file !== undefined && !isLocal ? { action, file, isStrict } : null
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        local: { type: 'boolean' },
        persist: { type: 'string' },
        'allow-literal-secrets': { type: 'boolean' },
        'skip-faulty': { type: 'boolean' },
        strict: { type: 'boolean' },
      },
    })
  } catch {
    return null
  }
}

async function check({ file, isStrict }: Command & { action: 'check' }, io: ConfigCommandIo): Promise<number> {
  const loaded = await checkConfigFile(file)
  const found = loaded.ok ? loaded.warnings : loaded.issues
  const issues = isStrict ? found.map(strictly) : found
  printIssues(file, issues, io.out)
  if (!loaded.ok || issues.some(({ severity }) => severity === 'error')) {
    io.out(`${file} is faulty: ${count(issues, 'error')}`)
    return FAULTY
  }
  printSummary(file, loaded, io.out)
  return DONE
}

/** With --strict nothing may be left out. */
function strictly(issue: FileIssue): FileIssue {
  return issue.isLeftOut === true ? { ...issue, severity: 'error' } : issue
}

function printIssues(file: string, issues: readonly FileIssue[], print: (line: string) => void): void {
  for (const issue of issues) print(formatIssue(file, issue))
}

function count(issues: readonly FileIssue[], severity: FileIssue['severity']): string {
  const number = issues.filter((issue) => issue.severity === severity).length
  return `${number} ${severity}${number === 1 ? '' : 's'}`
}

function printSummary(file: string, loaded: LoadedFile & { ok: true }, print: (line: string) => void): void {
  const { deployments, groups, patterns } = loaded.config
  const byPattern = patterns.length === 0 ? '' : `, patterns ${patterns.length}`
  print(
    `${file} is valid: deployments ${deployments.length}, model groups ${groups.size}${byPattern}, ${count(loaded.warnings, 'warning')}`,
  )
  if (loaded.secrets.length > 0) print(`secrets that the Worker needs: ${loaded.secrets.join(', ')}`)
  const bytes = Buffer.byteLength(loaded.json)
  if (bytes > CONFIG_JSON_BYTES_MAX) {
    print(`${bytes} bytes as JSON: too large for CONFIG_JSON (${CONFIG_JSON_BYTES_MAX}), it fits only KV`)
  }
}

async function push(command: Command & { action: 'push' }, io: ConfigCommandIo): Promise<number> {
  const { file, skipFaulty } = command
  const loaded = await checkConfigFile(file, { skipFaulty })
  printIssues(file, loaded.ok ? loaded.warnings : loaded.issues, io.err)
  if (!loaded.ok) {
    io.err(`nothing was stored: ${file} is faulty`)
    return FAULTY
  }
  const literals = literalSecretPaths(loaded.raw)
  if (literals.length > 0 && !command.allowLiteralSecrets) {
    const message = 'a secret stands here as it is: write os.environ/NAME and set that secret on the Worker'
    for (const path of literals)
      io.err(formatIssue(file, { severity: 'error', path, message, ...loaded.placeOf(path) }))
    io.err('nothing was stored: give --allow-literal-secrets to store these secrets in KV all the same')
    return FAULTY
  }
  const store = storeOf(command, io)
  const stored = await store.put(loaded.json)
  if (!stored.ok) {
    io.err(stored.message)
    return FAILED
  }
  printSummary(file, loaded, io.out)
  io.out(`stored as version ${loaded.config.version} in ${store.name}`)
  return DONE
}

function storeOf(command: { persist?: string }, io: ConfigCommandIo): ConfigStore {
  return command.persist === undefined ? remoteStore(io.runWrangler) : localStore(command.persist)
}

async function pull(command: Command & { action: 'pull' }, io: ConfigCommandIo): Promise<number> {
  const store = storeOf(command, io)
  const stored = await store.get()
  if (!stored.ok) {
    io.err(stored.message)
    return FAILED
  }
  if (stored.json === null || stored.json === undefined || stored.json.trim() === '') {
    io.err(`there is no configuration in ${store.name}: npm run config -- push FILE`)
    return FAILED
  }
  const parsed = parseConfigJson(stored.json)
  if (!parsed.ok) {
    io.err(`${parsed.issue.message} (in ${store.name}): push a valid file over it`)
    return FAULTY
  }
  const shown = redactConfig(parsed.value)
  const text = command.file?.endsWith('.json')
    ? `${JSON.stringify(shown, null, 2)}\n`
    : stringify(shown, { version: '1.1', lineWidth: 0 })
  if (text.includes(REDACTED)) io.err(`${REDACTED} stands for what may be a secret and is not shown`)
  if (command.file === undefined) io.out(text.trimEnd())
  else return writeNew(command.file, text, io)
  return DONE
}

/** The file may be the original with its comments, so it is never written over. */
async function writeNew(file: string, text: string, io: ConfigCommandIo): Promise<number> {
  try {
    await writeFile(file, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST'
    io.err(exists ? `${file} exists already: name a new file` : `${file} could not be written: ${String(error)}`)
    return FAULTY
  }
  io.out(`written to ${file}`)
  return DONE
}
