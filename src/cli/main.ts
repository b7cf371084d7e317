/** `node src/cli/bootstrap.mjs COMMAND …` lands here: one command each for the scripts of package.json. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './root.ts'

const BAD_USAGE = 2

const USAGE = `usage: npm start | npm test | npm run COMMAND -- …

  start                      the gateway on this machine
  test                       every check that needs no cloud account
  config check|push|pull     the configuration of a gateway
  ledger price|replay FILE   prices cases; books records that could not be booked
  prices                     builds the price catalogue
  deploy                     puts the Worker into a Cloudflare account
  bench                      figures against a bare Worker
  fuzz                       hostile requests over raw sockets`

/** Each command loads only what it needs, so that a price is not kept waiting for a bundler. */
const COMMANDS: Readonly<Record<string, (argv: string[]) => Promise<number>>> = {
  start: async (argv) => (await import('./start/command.ts')).runStart(argv),
  test: async (argv) => (await import('./test/command.ts')).runTests(argv),
  config: async (argv) => (await import('./config/command.ts')).runConfigCommand(argv),
  ledger: runLedger,
  prices: async (argv) => (await import('./prices/command.ts')).runPricesCommand(argv),
  deploy: async (argv) => (await import('./deploy/command.ts')).runDeploy(argv),
  bench: (argv) => runScript(join(ROOT, 'test', 'bench', 'main.ts'), argv),
  fuzz: (argv) => runScript(join(ROOT, 'test', 'fuzz', 'main.ts'), argv),
}

async function runLedger([action, ...argv]: string[]): Promise<number> {
  if (action === 'price') return (await import('./ledger/price.ts')).runPriceFile(argv)
  if (action === 'replay') return (await import('./ledger/replay.ts')).runReplay(argv)
  return usage(action === undefined ? 'ledger needs an action' : `ledger has no action ${action}`)
}

async function runScript(script: string, argv: string[]): Promise<number> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...argv], {
    stdio: 'inherit',
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  await once(child, 'exit')
  return child.signalCode === null ? (child.exitCode ?? 1) : 128 + constants.signals[child.signalCode]
}

function usage(fault: string): number {
  process.stderr.write(`${fault}\n\n${USAGE}\n`)
  return BAD_USAGE
}

/** npm runs scripts in the project's folder; paths that a person gives are relative to where npm was called. */
function standWhereThePersonIs(): void {
  const { INIT_CWD } = process.env
  if (INIT_CWD !== undefined && process.cwd() === ROOT) process.chdir(INIT_CWD)
}

const [name = '', ...argv] = process.argv.slice(2)
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
standWhereThePersonIs()
const code = await (command === undefined ? usage(name === '' ? 'no command' : `no command ${name}`) : command(argv))
// Some libraries leave timers and sockets behind, which would keep the process alive.
process.stdout.write('', () => process.exit(code))
