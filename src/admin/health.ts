/** Liveness and readiness: what an orchestrator asks before it sends calls. No key is needed, so no fact of the configuration is told. */
import type { GatewayConfig } from '../config/types.ts'

/** A database that does not answer in this time is away, as far as readiness is concerned. */
const DB_TIMEOUT_MS = 3000

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
    config_version: config?.version ?? null,
  }
  return Response.json(body, { status: ready ? 200 : 503 })
}

async function answersInTime(db: D1Database): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | null = null
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), DB_TIMEOUT_MS)
  })
  const answer = db
    .prepare('SELECT 1 FROM spend_logs LIMIT 1')
    .all()
    .then(
      () => true,
      () => false,
    )
  const result = await Promise.race([answer, late])
  clearTimeout(timer)
  return result
}
