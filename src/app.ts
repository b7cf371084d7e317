/** Every route and middleware, in reading order: Bedrock's own API under `/bedrock`, management at the root. */
import { Hono } from 'hono'
import { authenticate } from './access/authenticate.ts'
import { calculateSpend } from './admin/calculate.ts'
import { adminErrorOfRefusal, adminErrorResponse } from './admin/errors.ts'
import { healthReport, liveliness, type Probe, readiness } from './admin/health.ts'
import { listModels, modelInfo } from './admin/models.ts'
import { spendLogs, spendReport } from './admin/spend.ts'
import { headerMap } from './base/header-map.ts'
import type { GatewayConfig } from './config/types.ts'
import type { Env } from './env.ts'
import { refusalResponse } from './relay/answer/our-headers.ts'
import type { Isolate } from './relay/isolate-state.ts'
import { probe } from './relay/probe.ts'
import { BEDROCK_PREFIX, relay } from './relay/relay.ts'
import { modelNames } from './relay/request/resolve-model.ts'
import { describeCause, logLine } from './telemetry/log.ts'

type Context = { Bindings: Env; Variables: { config: GatewayConfig } }

export function createApp(isolate: Isolate): Hono<Context> {
  const app = new Hono<Context>()

  app.all(`${BEDROCK_PREFIX}/*`, (c) => relay(c.req.raw, c.env, c.executionCtx, isolate))

  app.get('/health/liveliness', liveliness)
  app.get('/health/liveness', liveliness)
  app.get('/health/readiness', async (c) => readiness(await isolate.config(c.env, c.executionCtx), c.env.DB))

  app.use(async (c, next) => {
    const config = await isolate.config(c.env, c.executionCtx)
    if (config === null) return adminErrorResponse(adminErrorOfRefusal({ kind: 'no-config' }))
    const caller = await authenticate(headerMap(c.req.raw.headers), config.masterKey)
    if (!('apiKey' in caller)) return adminErrorResponse(adminErrorOfRefusal(caller))
    c.set('config', config)
    return next()
  })

  app.get('/health', (c) => {
    const config = c.get('config')
    const router = isolate.router(config)
    const deps = { env: c.env, ctx: c.executionCtx, router }
    const ask: Probe = (deployment, paid) => probe(deployment, paid, config, isolate, deps)
    return healthReport(c.req.raw, config, router.health(), ask)
  })

  app.get('/v1/models', (c) => listModels(modelNames(c.get('config'))))
  app.get('/models', (c) => listModels(modelNames(c.get('config'))))
  app.get('/model/info', (c) => modelInfo(c.get('config')))
  app.get('/v1/model/info', (c) => modelInfo(c.get('config')))
  app.get('/spend/logs', (c) => spendLogs(c.req.raw, c.env.DB))
  app.post('/spend/calculate', async (c) =>
    calculateSpend(c.req.raw, c.get('config'), await isolate.prices(c.env, c.executionCtx)),
  )
  app.get('/global/spend/report', (c) => spendReport(c.req.raw, c.env.DB))

  app.notFound((c) =>
    adminErrorResponse({
      status: 404,
      type: 'not_found',
      message: `${c.req.method} ${c.req.path} is no route of this gateway.`,
    }),
  )
  app.onError((cause, c) => {
    const response = refusalResponse({ kind: 'internal' }, crypto.randomUUID())
    logLine('fault', {
      request_id: response.headers.get('x-amzn-requestid'),
      path: c.req.path,
      cause: describeCause(cause),
    })
    return response
  })
  return app
}
