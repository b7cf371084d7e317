/** The whole gateway on real workerd for tests: the built Worker, D1, KV and the Meter, a config, and real sockets. */
import type { Miniflare } from 'miniflare'
import { openGateway } from '../../src/cli/start/gateway.ts'
import { SIMULATOR_ACCESS_KEY_ID, SIMULATOR_SECRET_ACCESS_KEY } from '../simulator/auth.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'

export const MASTER_KEY = 'sk-test-master'

export type GatewayOptions = {
  /** The configuration as its YAML would parse. */
  config: Record<string, unknown>
  /** Further bindings: what `os.environ/…` names, `LEDGER`. */
  env?: Record<string, string>
  /** Main module of the Worker, from the root of the project; without it, the one that is deployed. */
  main?: string
}

export type RunningGateway = {
  /** Origin; Bedrock's API is below `/bedrock`. */
  url: string
  key: string
  /** Structured log lines of the Worker so far. */
  logs: Record<string, unknown>[]
  database(): Promise<D1Database>
  /** The KV namespace of the configuration. */
  namespace(): Promise<KvNamespace>
  /** Rows of `GET /spend/logs`, as soon as there are `count` of them. */
  rows(count: number): Promise<SpendRow[]>
  stop(): Promise<void>
}

export type SpendRow = Record<string, unknown> & { request_id: string }
type D1Database = Awaited<ReturnType<Miniflare['getD1Database']>>
type KvNamespace = Awaited<ReturnType<Miniflare['getKVNamespace']>>

/** Started as `npm start` starts it, and ready for calls. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const logs: Record<string, unknown>[] = []
  const { url, miniflare, stop } = await openGateway({
    configJson: JSON.stringify(options.config),
    bindings: options.env ?? {},
    port: 0,
    onLog: (message) => collect(logs, message),
    ...(options.main === undefined ? {} : { main: options.main }),
  })
  return {
    url,
    key: MASTER_KEY,
    logs,
    database: () => miniflare.getD1Database('DB'),
    namespace: () => miniflare.getKVNamespace('CONFIG'),
    rows: (count) => rowsOf(url, count),
    stop,
  }
}

/** A simulator with two regions, and the gateway in front of it; `models` maps model names to model ids served in both. */
export async function startPair(
  models: Record<string, string>,
  more: Record<string, unknown> = {},
): Promise<{ simulator: Simulator; gateway: RunningGateway; stop(): Promise<void> }> {
  const simulator = await startSimulator({ regions: ['us-east-1', 'us-west-2'] })
  const model_list = Object.entries(models).flatMap(([name, id]) =>
    ['us-east-1', 'us-west-2'].map((region) => deploymentOf(simulator, name, id, region)),
  )
  const config = { model_list, general_settings: { master_key: MASTER_KEY }, ...more }
  const gateway = await startGateway({ config })
  const stop = async () => {
    await gateway.stop()
    await simulator.close()
  }
  return { simulator, gateway, stop }
}

export function deploymentOf(
  simulator: Simulator,
  name: string,
  id: string,
  region: string,
  params: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    model_name: name,
    litellm_params: {
      model: `bedrock/${id}`,
      aws_region_name: region,
      aws_bedrock_runtime_endpoint: simulator.endpoint(region),
      aws_access_key_id: SIMULATOR_ACCESS_KEY_ID,
      aws_secret_access_key: SIMULATOR_SECRET_ACCESS_KEY,
      ...params,
    },
  }
}

/** Longest a row may take to become readable, ms: the contract's 6 s and something for a slow machine. */
const ROW_TIMEOUT_MS = 15_000

async function rowsOf(url: string, count: number): Promise<SpendRow[]> {
  const deadline = Date.now() + ROW_TIMEOUT_MS
  for (;;) {
    const response = await fetch(`${url}/spend/logs?limit=1000`, { headers: { authorization: `Bearer ${MASTER_KEY}` } })
    const rows = (await response.json()) as SpendRow[]
    if (rows.length >= count || Date.now() > deadline) return rows
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

function collect(logs: Record<string, unknown>[], message: string): void {
  try {
    logs.push(JSON.parse(message))
  } catch {
    logs.push({ event: 'text', message })
  }
}
