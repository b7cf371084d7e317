/**
 * The simulator as a process: `node test/simulator/main.ts [--port N] [--regions a,b] [--auth off]`.
 * Prints `simulator <url>`, with the region behind it where there are regions, when everything listens. Ends on SIGTERM or SIGINT.
 */
import { parseArgs } from 'node:util'
import { type SimulatorOptions, startSimulator } from './server.ts'

/** Exit codes: bad usage, and a taken port. */
const EXIT_USAGE = 2
const EXIT_PORT_TAKEN = 3

const PORT_MAX = 65_535

function readOptions(): SimulatorOptions {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      regions: { type: 'string' },
      auth: { type: 'string', default: 'verify' },
    },
  })
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > PORT_MAX) throw new Error(`--port ${values.port} is not a port`)
  if (values.auth !== 'verify' && values.auth !== 'off')
    throw new Error(`--auth ${values.auth} is neither verify nor off`)
  return { port, auth: values.auth, ...(values.regions === undefined ? {} : { regions: values.regions.split(',') }) }
}

function fail(message: string, code: number): never {
  console.error(`simulator: ${message}`)
  process.exit(code)
}

function optionsOrExit(): SimulatorOptions {
  try {
    return readOptions()
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error), EXIT_USAGE)
  }
}

const options = optionsOrExit()
const simulator = await startSimulator(options).catch((error: NodeJS.ErrnoException) =>
  error.code === 'EADDRINUSE' ? fail(error.message, EXIT_PORT_TAKEN) : fail(error.message, 1),
)
for (const { url, region } of simulator.listeners) {
  console.log(options.regions === undefined ? `simulator ${url}` : `simulator ${url} ${region}`)
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void simulator.close().then(() => process.exit(0))
  })
}
