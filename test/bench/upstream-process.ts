/** The upstream as a child process. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export type Upstream = { url: string; stop(): Promise<void> }

export async function startUpstream(): Promise<Upstream> {
  const script = join(import.meta.dirname, 'upstream.ts')
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    return {
      url: `http://127.0.0.1:${line}`,
      async stop() {
        child.stdin.end()
        await ended
      },
    }
  }
  throw new Error(`${script} ended before it listened`)
}
