/** The Workers that are measured, each on a workerd of its own that listens itself, with its log lines thrown away. */
import { join } from 'node:path'
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from 'miniflare'
import { buildWorker } from '../../src/cli/start/build-worker.ts'
import { LOOPBACK, openGateway } from '../../src/cli/start/gateway.ts'
import { readWranglerConfig, type WorkerOptions } from '../../src/cli/start/worker-options.ts'
import { withPid } from './cpu.ts'

export type RunningWorker = {
  url: string
  /** Of its workerd; null where there is no /proc. */
  pid: number | null
  /** Calls in the roll-up of its D1, which is written in one transaction with the rows. */
  bookedCalls(): Promise<number>
  stop(): Promise<void>
}

export const MODEL_NAME = 'fast'
export const MASTER_KEY = 'sk-bench-0000'

const HERE = import.meta.dirname

function configJson(upstreamUrl: string): string {
  return JSON.stringify({
    model_list: [
      {
        model_name: MODEL_NAME,
        litellm_params: {
          model: 'bedrock/us.amazon.nova-lite-v1:0',
          aws_region_name: 'us-east-1',
          aws_bedrock_runtime_endpoint: upstreamUrl,
          aws_access_key_id: 'AKIABENCHEXAMPLE',
          aws_secret_access_key: 'bench/secret/that/opens/nothing/EXAMPLE',
        },
      },
    ],
    general_settings: { master_key: MASTER_KEY },
  })
}

export async function startGateway(upstreamUrl: string, ledger: 'on' | 'off'): Promise<RunningWorker> {
  const bindings: Record<string, string> = ledger === 'off' ? { LEDGER: 'off' } : {}
  const { started, pid } = await withPid(() =>
    openGateway({ configJson: configJson(upstreamUrl), bindings, port: 0, onLog: ignore }),
  )
  return { url: started.url, pid, bookedCalls: () => bookedCalls(started.miniflare), stop: started.stop }
}

export function startBareWorker(upstreamUrl: string): Promise<RunningWorker> {
  return startWorker('bare-worker.js', { bindings: { UPSTREAM: upstreamUrl }, durableObjects: {} })
}

export async function startLedgerWorker(): Promise<RunningWorker> {
  const worker = await startWorker('ledger-worker.js', {})
  await fetch(new URL('/schema', worker.url))
  return worker
}

/** With the bindings of wrangler.toml, unless `more` says otherwise. */
async function startWorker(
  file: string,
  more: Partial<WorkerOptions & { bindings: Record<string, string> }>,
): Promise<RunningWorker> {
  const script = await buildWorker(join(HERE, file))
  const { started: miniflare, pid } = await withPid(async () => {
    const starting = new Miniflare(
      convertV4MiniflareOptions({
        ...readWranglerConfig().options,
        ...more,
        modules: true,
        script,
        unsafeDirectSockets: [{ host: LOOPBACK, port: 0 }],
        log: new Log(LogLevel.NONE),
        handleStructuredLogs: ignore,
        cf: false,
        telemetry: { enabled: false },
      }),
    )
    await starting.ready
    return starting
  })
  return {
    url: (await miniflare.unsafeGetDirectURL()).origin,
    pid,
    bookedCalls: () => bookedCalls(miniflare),
    stop: () => miniflare.dispose(),
  }
}

function ignore(): void {}

async function bookedCalls(miniflare: Miniflare): Promise<number> {
  const database = await miniflare.getD1Database('DB')
  const row = await database
    .prepare('SELECT ifnull(sum(calls), 0) AS calls FROM spend_daily')
    .first<{ calls: number }>()
  return row?.calls ?? 0
}
