/**
 * Liveness and readiness, which need no key and so tell nothing of the configuration, and the health of deployments:
 * what probes say of each now, and beside it what calls have shown.
 */
import { withinDeadline } from '../base/deadline.ts'
import type { Deployment, GatewayConfig } from '../config/types.ts'
import { ensureSchema } from '../ledger/schema/ensure-schema.ts'
import type { DeploymentHealth } from '../routing/router.ts'
import { adminErrorResponse } from './management-error.ts'

/** A database that does not answer in this time is away, as far as readiness is concerned. */
const DB_TIMEOUT_MS = 3000

/** What a person does about it. */
const NO_CONFIGURATION =
  'There is no valid configuration. Push one with "npm run config -- push FILE"; the log says what is wrong with the one that is there.'

export function liveliness(): Response {
  return Response.json("I'm alive!")
}

/** 200 only when a configuration is loaded and D1 answers with the ledger's schema in place, else 503. */
export async function readiness(config: GatewayConfig | null, db: D1Database): Promise<Response> {
  const database = await answersInTime(db)
  const ready = config !== null && database
  const body = {
    status: ready ? 'healthy' : 'unhealthy',
    db: database ? 'connected' : 'unreachable',
    config: config === null ? 'missing' : 'loaded',
    ...(config === null ? { hint: NO_CONFIGURATION } : {}),
    config_version: config?.version ?? null,
  }
  return Response.json(body, { status: ready ? 200 : 503 })
}

async function answersInTime(db: D1Database): Promise<boolean> {
  const asking = ensureSchema(db).then(() => db.prepare('SELECT 1 FROM spend_logs LIMIT 1').all())
  return withinDeadline(asking, DB_TIMEOUT_MS, 'D1').then(
    () => true,
    () => false,
  )
}

/** Connections of one request that may wait for headers at a time (https://developers.cloudflare.com/workers/platform/limits/). */
const PROBES_AT_ONCE = 6

export type Probe = (
  deployment: Deployment,
  paid: boolean,
) => Promise<{ state: 'healthy' | 'unhealthy' | 'unknown'; ms: number; status: number | null; error: string | null }>

/**
 * `GET /health?model=&paid=true` in LiteLLM's shape, with `unknown_endpoints` for models that cannot be asked without being
 * paid, and `passive` for what calls have shown in this isolate.
 */
export async function healthReport(
  request: Request,
  config: GatewayConfig,
  passive: readonly DeploymentHealth[],
  probe: Probe,
): Promise<Response> {
  const params = new URL(request.url).searchParams
  const model = params.get('model')
  const asked =
    model === null ? config.deployments : config.deployments.filter((one) => one.group === model || one.id === model)
  if (asked.length === 0) {
    return adminErrorResponse({
      status: 404,
      type: 'not_found',
      message: `No deployment serves ${JSON.stringify(model)}.`,
      param: 'model',
    })
  }
  const endpoints = await inBatches(asked, PROBES_AT_ONCE, async (deployment) => ({
    ...endpointOf(deployment),
    ...(await probe(deployment, params.get('paid') === 'true')),
  }))
  const having = (state: string) => endpoints.filter((endpoint) => endpoint.state === state)
  const ids = new Set(asked.map(({ id }) => id))
  return Response.json({
    healthy_endpoints: having('healthy'),
    unhealthy_endpoints: having('unhealthy'),
    unknown_endpoints: having('unknown'),
    healthy_count: having('healthy').length,
    unhealthy_count: having('unhealthy').length,
    unknown_count: having('unknown').length,
    passive: passive.filter(({ id }) => ids.has(id)),
    // Entries of the configuration that are not served, where it says that faulty ones are skipped.
    left_out: config.leftOut,
  })
}

function endpointOf({ id, group, model, region }: Deployment): Record<string, string> {
  return { model: `bedrock/${model}`, model_name: group, model_id: id, aws_region_name: region }
}

async function inBatches<In, Out>(
  items: readonly In[],
  size: number,
  work: (item: In) => Promise<Out>,
): Promise<Out[]> {
  const results: Out[] = []
  for (let at = 0; at < items.length; at += size)
    results.push(...(await Promise.all(items.slice(at, at + size).map(work))))
  return results
}
