/** Python processes for tests: boto3 driven line by line. They end when their stdin does, so none outlives its test. */
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { devNull } from 'node:os'
import { createInterface } from 'node:readline'

/** Both lines of boto3 that are in use: from 1.44 on a bearer key is refused on plain http, and retries are AWS's new mode. */
export const BOTO3_VERSIONS = [
  { version: '1.44', variable: 'BOTO3_144_PYTHON' },
  { version: '1.43', variable: 'BOTO3_143_PYTHON' },
] as const

export type Boto3Version = (typeof BOTO3_VERSIONS)[number]

/** Python that has this boto3; undefined where none was set up, and then its tests are skipped by name. */
export function pythonOf({ variable }: Boto3Version): string | undefined {
  return process.env[variable]
}

/** Name of a group of tests that need this Python. */
export function nameOf(boto3: Boto3Version): string {
  return pythonOf(boto3) === undefined
    ? `needs boto3 ${boto3.version} (${boto3.variable} names no Python that has it)`
    : `boto3 ${boto3.version}`
}

export type ClientSpec = { endpoint: string; maxAttempts?: number } & ({ accessKeyId: string } | { bearer: string })

/** An exception of Python. `code`, `status` and the rest are those of a ClientError; its `class` and `bases` are names. */
export type Raised = {
  class: string
  bases: readonly string[]
  code: string | null
  message: string
  status: number | null
  headers: Readonly<Record<string, string>>
  retries: number | null
  fields: Readonly<Record<string, unknown>>
}

export type Decoded = { events: readonly Record<string, unknown>[]; raised: Raised | null }

/** `events` are those of the response's stream, also where it raised afterwards. */
export type Outcome = Decoded & { value: Readonly<Record<string, unknown>> | null }

export type Driver = {
  versions(): Promise<{ boto3: string; botocore: string }>
  /** Calls a method of a `bedrock-runtime` client. */
  call(client: ClientSpec, method: string, args: Readonly<Record<string, unknown>>): Promise<Outcome>
  /** What botocore makes of each byte stream when its body ends cleanly there. */
  decode(operation: string, streams: readonly Uint8Array[]): Promise<Decoded[]>
  stop(): Promise<void>
}

export function startDriver(python: string): Driver {
  const child = startPython(python, 'driver.py')
  const ask = lineByLine(child)
  return {
    versions: () => ask({ do: 'versions' }) as Promise<{ boto3: string; botocore: string }>,
    call: (client, method, args) => ask({ do: 'call', client, method, args }) as Promise<Outcome>,
    decode: (operation, streams) =>
      ask({
        do: 'decode',
        operation,
        streams: streams.map((stream) => Buffer.from(stream).toString('base64')),
      }) as Promise<Decoded[]>,
    stop: () => stopPython(child),
  }
}

/** Starts a script of `python/` in an environment without the AWS settings of this machine. */
export function startPython(python: string, script: string): ChildProcessWithoutNullStreams {
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')))
  const child = spawn(python, ['-B', `${import.meta.dirname}/python/${script}`], {
    env: {
      ...environment,
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      AWS_EC2_METADATA_DISABLED: 'true',
      NO_PROXY: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // A process that has ended is noticed by its end, not by the write that meets it.
  child.stdin.on('error', () => {})
  return child
}

export async function stopPython(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.stdin?.end()
  await ended
}

/** Answers come in the order of the requests. */
export function lineByLine(child: ChildProcessWithoutNullStreams): (request: unknown) => Promise<unknown> {
  const waiting: { resolve(answer: unknown): void; reject(error: Error): void }[] = []
  let complaints = ''
  let ended: Error | null = null
  child.stderr.on('data', (text: Buffer) => {
    complaints += text.toString()
  })
  createInterface(child.stdout).on('line', (line) => waiting.shift()?.resolve(JSON.parse(line)))
  const end = (reason: string) => {
    ended ??= new Error(`Python ended (${reason}): ${complaints}`)
    for (const { reject } of waiting.splice(0)) reject(ended)
  }
  child.on('error', (error) => end(error.message))
  child.on('close', (code) => end(`exit code ${code}`))
  return (request) =>
    new Promise((resolve, reject) => {
      if (ended !== null) {
        reject(ended)
        return
      }
      waiting.push({ resolve, reject })
      child.stdin.write(`${JSON.stringify(request)}\n`)
    })
}
