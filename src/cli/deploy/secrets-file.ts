/** Secrets on their way to the Worker: from a file, or asked for at the terminal. They go to wrangler in a file of their own. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { parseEnv } from 'node:util'

/** Value by name. */
export type Secrets = ReadonlyMap<string, string>

export type SecretsResult = { ok: true; secrets: Secrets } | { ok: false; message: string }

/** What `os.environ/NAME` of a configuration may name. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Reads `NAME=value` lines or a JSON object of strings. No message ever holds a value. */
export async function readSecretsFile(path: string): Promise<SecretsResult> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error
    const reason = code === 'ENOENT' ? 'there is no such file' : `the file could not be read (${String(code)})`
    return { ok: false, message: `${path}: ${reason}` }
  }
  const fault = (reason: string): SecretsResult => ({ ok: false, message: `${path}: ${reason}` })
  const values = text.trimStart().startsWith('{') ? parseObject(text) : parseEnv(text)
  if (values === null) return fault('this is not valid JSON')
  const secrets = new Map<string, string>()
  for (const [name, value] of Object.entries(values)) {
    if (!NAME.test(name)) return fault(`a name may hold only letters, digits and _, and not begin with a digit`)
    if (typeof value !== 'string' || value === '')
      return fault(`${name} has no value: give it as text, or leave it out`)
    secrets.set(name, value)
  }
  return secrets.size === 0
    ? fault('no secret stands here: write NAME=value, one a line, or JSON')
    : { ok: true, secrets }
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
}

/** Asks for names and values until an empty name; a value is not shown as it is typed. */
export async function askForSecrets(): Promise<Secrets> {
  let isHidden = false
  const output = new Writable({
    write(chunk, _encoding, done) {
      if (!isHidden) process.stderr.write(chunk)
      done()
    },
  })
  const terminal = createInterface({ input: process.stdin, output, terminal: true })
  const secrets = new Map<string, string>()
  process.stderr.write('Secrets that the configuration names as os.environ/NAME; an empty name ends.\n')
  try {
    for (;;) {
      const name = (await terminal.question('name: ')).trim()
      if (name === '') return secrets
      if (!NAME.test(name)) {
        process.stderr.write('Only letters, digits and _, and no digit first.\n')
        continue
      }
      process.stderr.write(`value of ${name} (not shown): `)
      isHidden = true
      const value = await terminal.question('')
      isHidden = false
      process.stderr.write('\n')
      if (value !== '') secrets.set(name, value)
    }
  } finally {
    terminal.close()
  }
}

/**
 * Lends a file of these secrets that only this user may read. JSON, because wrangler replaces `$NAME` in `NAME=value` lines and
 * prefers the process environment to them.
 */
export async function withSecretsFile<T>(secrets: Secrets, use: (path: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'bedrock-edge-secrets-'))
  try {
    await chmod(folder, 0o700)
    const path = join(folder, 'secrets.json')
    await writeFile(path, JSON.stringify(Object.fromEntries(secrets)), { mode: 0o600 })
    return await use(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
