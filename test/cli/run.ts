/** Commands of the project as processes, for tests: what they print, how they end, and what they leave running. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from '../../src/cli/root.ts'
import { childPids, statOf } from '../../src/cli/start/ending/processes.ts'

export type Ended = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }

export type Running = {
  child: ChildProcess
  pid: number
  /** The first line of stdout that matches; rejects when the process ends without one. */
  line: (pattern: RegExp) => Promise<RegExpExecArray>
  ended: Promise<Ended>
}

export type RunOptions = { cwd?: string; env?: Record<string, string | undefined> }

/** Environment without what npm, vitest or AWS settings of this machine would add to a command. */
export function plainEnvironment(more: Record<string, string | undefined> = {}): Record<string, string | undefined> {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_|AWS_|INIT_CWD$|NODE_OPTIONS$|VITEST)/i.test(name),
  )
  return { ...Object.fromEntries(kept), ...more }
}

export function run(command: string, args: readonly string[], options: RunOptions = {}): Running {
  const child = spawn(command, args, {
    cwd: options.cwd ?? ROOT,
    env: options.env ?? plainEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`${command} could not be started`)
  const output = { stdout: '', stderr: '' }
  const lines: string[] = []
  const waiting = new Set<() => void>()
  child.stderr.on('data', (data: Buffer) => {
    output.stderr += data
  })
  createInterface(child.stdout).on('line', (text) => {
    output.stdout += `${text}\n`
    lines.push(text)
    for (const look of waiting) look()
  })
  let over = false
  const ended = once(child, 'close').then(() => {
    over = true
    for (const look of waiting) look()
    return { code: child.exitCode, signal: child.signalCode, ...output }
  })
  const line = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = lines.map((text) => pattern.exec(text)).find((found) => found !== null)
        if (match === undefined && !over) return
        waiting.delete(look)
        if (match !== undefined) resolve(match)
        else reject(new Error(`ended without a line like ${pattern}: ${output.stdout}${output.stderr}`))
      }
      waiting.add(look)
      look()
    })
  return { child, pid, line, ended }
}

/** `node src/cli/main.ts …`, the command behind `npm start` and its like. */
export function runCommand(args: readonly string[], options: RunOptions = {}): Running {
  return run(process.execPath, [join(ROOT, 'src', 'cli', 'main.ts'), ...args], options)
}

/** Pids of a process's children and theirs. */
export function descendants(pid: number): number[] {
  return childPids(pid).flatMap((child) => [child, ...descendants(child)])
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // A zombie that its new parent has not collected yet has ended all the same.
  return statOf(pid)?.[0] !== 'Z'
}
