/** `npm start`: the gateway on this machine until it is told to stop, alone or in front of a simulated Bedrock. */
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { secretBindings } from './bindings.ts'
import { untilStopped } from './ending/stop.ts'
import { watchOver } from './ending/watch.ts'
import { LOOPBACK, type LocalGateway, openGateway } from './gateway.ts'
import { certificatesIn } from './https/certificates.ts'
import { openTlsFront, type TlsFront } from './https/tls-front.ts'
import { readStartOptions, START_USAGE, type StartOptions } from './options.ts'
import { pasteLines } from './paste.ts'
import { askForPort } from './port.ts'
import { type SimulatorProcess, startSimulatorProcess } from './simulator.ts'
import { type ConfigSource, configOfFile, configOfSample, SAMPLE_REGIONS } from './source.ts'

const STOPPED = 0
const FAILED = 1
const BAD_USAGE = 2
const PORT_TAKEN = 3

/** Runs until it is stopped. Gives the exit code: 0 stopped, 1 failed, 2 bad usage or config, 3 taken port. */
export async function runStart(argv: readonly string[]): Promise<number> {
  const options = readStartOptions(argv)
  if (typeof options === 'string') return refuse(`${options}\n\n${START_USAGE}`, BAD_USAGE)

  let source: ConfigSource | undefined
  if (options.config !== undefined) {
    const loaded = await configOfFile(options.config, options.skipFaulty)
    if (!loaded.ok) return refuse(loaded.faults.join('\n'), BAD_USAGE)
    source = loaded.source
    for (const warning of source.warnings) process.stderr.write(`${warning}\n`)
  }
  const answer = await askForPort(LOOPBACK, options.port)
  if (answer === 'taken') return refuse(portTaken(options.port), PORT_TAKEN)
  if (answer === 'not-allowed') return refuse(portNotAllowed(options.port), BAD_USAGE)

  const state = options.persist === undefined ? undefined : resolve(options.persist)
  if (state !== undefined) {
    const fault = await cannotMake(state)
    if (fault !== null) return refuse(`--persist ${options.persist}: ${fault}. Name another folder.`, BAD_USAGE)
  }
  return run(options, state, source)
}

async function cannotMake(folder: string): Promise<string | null> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await chmod(folder, 0o700)
    return null
  } catch (error) {
    return `the folder cannot be made (${message(error)})`
  }
}

/** Everything that has to be ended again, whatever happens on the way. */
async function run(options: StartOptions, state: string | undefined, given: ConfigSource | undefined): Promise<number> {
  const { port } = options
  const stopped = untilStopped()
  // What is kept holds the configuration with its secrets, so it is for its owner alone.
  process.umask(0o077)
  const scratch = await mkdtemp(join(tmpdir(), 'bedrock-edge-'))
  // Miniflare makes its temporary folder in the system's and forgets it when it is killed.
  process.env.TMPDIR = scratch
  process.env.TEMP = scratch
  const watch = watchOver(scratch)
  let simulator: SimulatorProcess | undefined
  let gateway: LocalGateway | undefined
  let front: HttpsFront | undefined
  try {
    simulator = given === undefined ? await startSimulatorProcess(SAMPLE_REGIONS) : undefined
    watch.update()
    const source = given ?? (await configOfSample(simulator?.endpoints ?? new Map()))
    gateway = await openGateway({
      configJson: source.json,
      bindings: secretBindings(source.json, source.environment),
      port: options.https ? 0 : port,
      stateFolder: state ?? join(scratch, 'state'),
      onLog: (line) => process.stderr.write(`${line}\n`),
      onRestart: watch.update,
      signalsAreHandled: true,
    })
    watch.update()
    front = options.https ? await openHttps(gateway.url, port, state ?? scratch) : undefined
    announce(front ?? gateway, source)
    if (simulator === undefined) return await stopped.then(() => STOPPED)
    const first = await Promise.race([stopped.then(() => 'stopped'), simulator.ended.then(() => 'simulator-ended')])
    // Ctrl-C reaches the simulator as well, and it may be the quicker one.
    if (first === 'stopped' || stopped.isAsked()) return STOPPED
    return refuse('the simulated Bedrock has ended, so the gateway ends too. Start it again.', FAILED)
  } catch (error) {
    if (isTakenPort(error)) return refuse(portTaken(port), PORT_TAKEN)
    return refuse(`the gateway could not be started: ${message(error)}`, FAILED)
  } finally {
    await front?.stop()
    await gateway?.stop()
    await simulator?.stop()
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 })
    watch.done()
  }
}

type HttpsFront = TlsFront & { caFile: string }

/** The gateway behind TLS, with the file that clients have to trust. */
async function openHttps(target: string, port: number, folder: string): Promise<HttpsFront> {
  const certificates = await certificatesIn(join(folder, 'https'))
  const front = await openTlsFront({ host: LOOPBACK, port, target, certificates })
  return { ...front, caFile: certificates.caFile }
}

function announce({ url, caFile }: { url: string; caFile?: string }, { config }: ConfigSource): void {
  const [first] = config.deployments
  const { masterKey: key } = config
  const lines =
    first === undefined
      ? []
      : [
          ...pasteLines({
            url,
            key,
            model: first.group,
            region: first.region,
            ...(caFile === undefined ? {} : { caFile }),
          }),
          '',
          '# Ctrl-C ends it',
        ]
  process.stdout.write(
    [...lines, `ready ${url} key ${key}${caFile === undefined ? '' : ` ca ${caFile}`}`, ''].join('\n'),
  )
}

const portTaken = (port: number) =>
  `port ${port} of ${LOOPBACK} is taken by another program. Choose another with --port N, or any free one with --port 0.`

const portNotAllowed = (port: number) =>
  `port ${port} of ${LOOPBACK} may not be used by this user. Choose one above 1023 with --port N.`

const isTakenPort = (error: unknown) =>
  error instanceof Error && 'code' in error && ['ERR_ADDRESS_IN_USE', 'EADDRINUSE'].includes(String(error.code))

const message = (error: unknown) => (error instanceof Error ? error.message : String(error))

function refuse(text: string, code: number): number {
  process.stderr.write(`${text}\n`)
  return code
}
