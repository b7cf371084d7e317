/** The command line of `npm start`. */
import { parseArgs } from 'node:util'

const DEFAULT_PORT = '8787'
const PORT_MAX = 65_535

export const START_USAGE = `usage:
  npm start [-- --port N] [--persist DIR] [--https]
      a simulated Bedrock and the gateway with a sample configuration
  npm start -- --config FILE [--skip-faulty] [--port N] [--persist DIR] [--https]
      the gateway alone, in front of Bedrock

--config       LiteLLM's config.yaml; what it names as os.environ/NAME is read from the environment
--skip-faulty  entries of model_list that cannot be served are left out instead of refusing the file
--port         where to listen on this machine; default ${DEFAULT_PORT}, 0 for any free port
--persist      folder that keeps spend and state; without it they are deleted at the end
--https        https only, with h2 and http/1.1 and a certificate of its own; the ready line names the file to trust`

export type StartOptions = {
  /** As the person wrote it. */
  config?: string
  /** Entries that cannot be served are left out. */
  skipFaulty: boolean
  port: number
  persist?: string
  https: boolean
}

/** A string says what is wrong with the command line. */
export function readStartOptions(argv: readonly string[]): StartOptions | string {
  const values = parse(argv)
  if (typeof values === 'string') return values
  const { config, persist } = values
  if (config === '' || persist === '') return `--${config === '' ? 'config' : 'persist'} needs a path`
  const skipFaulty = values['skip-faulty'] === true
  if (skipFaulty && config === undefined) return '--skip-faulty is for a configuration of your own: give --config too'
  const port = Number(values.port)
  if (!/^\d+$/.test(values.port) || port > PORT_MAX)
    return `--port ${values.port} is not a port: give a number from 0 to ${PORT_MAX}`
  const https = values.https === true
  return {
    port,
    skipFaulty,
    https,
    ...(config === undefined ? {} : { config }),
    ...(persist === undefined ? {} : { persist }),
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        config: { type: 'string' },
        port: { type: 'string', default: DEFAULT_PORT },
        persist: { type: 'string' },
        https: { type: 'boolean' },
        'skip-faulty': { type: 'boolean' },
      },
    }).values
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
