/** The simulated Bedrock as a child process, so that it shares nothing with the gateway but a socket. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from '../root.ts'

const MAIN = join(ROOT, 'test', 'simulator', 'main.ts')

export type SimulatorProcess = {
  /** Base URL by region. */
  endpoints: ReadonlyMap<string, string>
  /** Resolves when the process has ended, for whatever reason. */
  ended: Promise<void>
  stop: () => Promise<void>
}

/** Rejects when the process ends before every region listens. */
export async function startSimulatorProcess(regions: readonly string[]): Promise<SimulatorProcess> {
  const args = ['--disable-warning=ExperimentalWarning', MAIN, '--port', '0', '--regions', regions.join(',')]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(child, 'exit').then(() => undefined)
  const endpoints = new Map<string, string>()
  for await (const line of createInterface({ input: child.stdout })) {
    const [, url, region] = /^simulator (\S+) (\S+)$/.exec(line) ?? []
    if (url !== undefined && region !== undefined) endpoints.set(region, url)
    if (endpoints.size === regions.length) break
  }
  if (endpoints.size < regions.length) throw new Error(`the simulated Bedrock (${MAIN}) ended before it listened`)
  child.stdout.resume()
  return {
    endpoints,
    ended,
    async stop() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
