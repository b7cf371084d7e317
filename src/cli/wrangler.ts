/** Running wrangler, the tool that speaks to a Cloudflare account, in the project's folder. */
import { spawn } from 'node:child_process'
import { ROOT, toolScript } from './root.ts'

/** `stdout` and `stderr` are empty where they were shown. */
export type WranglerRun = { exitCode: number; stdout: string; stderr: string }

/**
 * `shown`: what wrangler prints goes to the terminal. `captured`: it comes back, and nothing is shown. Never rejects for a
 * wrangler that fails; commands take this as a parameter, so that a test can stand in for an account.
 */
export type RunWrangler = (args: readonly string[], output: 'shown' | 'captured') => Promise<WranglerRun>

/** Asks nothing: what a deployment would ask for stands in wrangler.toml, which it then leaves as it is. */
export const runWrangler: RunWrangler = (args, output) => run(args, output, 'ignore')

/** May ask at the terminal, for a login or for one of several accounts. */
export const askingWrangler: RunWrangler = (args, output) => run(args, output, 'inherit')

async function run(
  args: readonly string[],
  output: 'shown' | 'captured',
  stdin: 'ignore' | 'inherit',
): Promise<WranglerRun> {
  const to = output === 'shown' ? 'inherit' : 'pipe'
  const script = toolScript('wrangler', 'wrangler')
  const child = spawn(process.execPath, [script, ...args], { cwd: ROOT, stdio: [stdin, to, to] })
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 1))
  })
  return { exitCode, stdout, stderr }
}
