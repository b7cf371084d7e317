/** Every route in reading order: Bedrock's own API under `/bedrock`, management at the root. */
import { Hono, type MiddlewareHandler } from 'hono'
import { identify } from './access/authenticate.ts'
import { type Caller, type Demand, mayDo } from './access/caller.ts'
import type { Refusal } from './access/refusal.ts'
import { calculateSpend } from './admin/calculate.ts'
import { healthReport, liveliness, type Probe, readiness } from './admin/health-report.ts'
import { adminErrorOfRefusal, adminErrorResponse } from './admin/management-error.ts'
import { listModels, modelInfo } from './admin/models.ts'
import { spendLogs, spendReport } from './admin/spend.ts'
import { headerMap } from './base/header-map.ts'
import type { GatewayConfig } from './config/types.ts'
import type { Env } from './env.ts'
import type { IsolateState } from './relay/isolate-state.ts'
import { probe } from './relay/probe.ts'
import { BEDROCK_PREFIX, relay } from './relay/relay.ts'
import { modelNames } from './relay/request/resolve-model.ts'
import { describeCause, logLine } from './telemetry/log.ts'

type Context = { Bindings: Env; Variables: { config: GatewayConfig; caller: Caller } }

const SEES_MODELS: Demand = { permission: 'see', scope: 'own' }
const SEES_ALL: Demand = { permission: 'see', scope: 'all' }
const MANAGES_ALL: Demand = { permission: 'manage', scope: 'all' }

export function createApp(isolate: IsolateState): Hono<Context> {
  const app = new Hono<Context>()

  /** Lets a caller through who may do what the route asks for. */
  const asks = (demand: Demand): MiddlewareHandler<Context> =>
    async function permit(c, next) {
      const refuse = (refusal: Refusal) => adminErrorResponse(adminErrorOfRefusal(refusal))
      const config = await isolate.config(c.env, c.executionCtx)
      if (config === null) return refuse({ kind: 'no-config' })
      const caller = await identify(headerMap(c.req.raw.headers), config.masterKey)
      if (!caller.ok) return refuse(caller.reason)
      if (!mayDo(caller.value, demand)) {
        return refuse({ kind: 'not-allowed', action: `use ${c.req.method} ${c.req.path}` })
      }
      c.set('config', config)
      c.set('caller', caller.value)
      return next()
    }

  app.all(`${BEDROCK_PREFIX}/*`, (c) => relay(c.req.raw, { env: c.env, ctx: c.executionCtx, isolate }))

  app.get('/health/liveliness', liveliness)
  app.get('/health/liveness', liveliness)
  app.get('/health/readiness', async (c) => readiness(await isolate.config(c.env, c.executionCtx), c.env.DB))

  app.get('/health', asks(MANAGES_ALL), async (c) => {
    const { config, caller } = c.var
    const prices = await isolate.prices(c.env, c.executionCtx)
    const deps = { env: c.env, ctx: c.executionCtx, isolate }
    const ask: Probe = (deployment, isPaid) => probe(deployment, isPaid, { config, prices, caller }, deps)
    return healthReport(c.req.raw, config, isolate.router(config).health(), ask)
  })

  app.get('/v1/models', asks(SEES_MODELS), (c) => listModels(modelNames(c.get('config'))))
  app.get('/models', asks(SEES_MODELS), (c) => listModels(modelNames(c.get('config'))))
  app.get('/model/info', asks(SEES_ALL), (c) => modelInfo(c.get('config')))
  app.get('/v1/model/info', asks(SEES_ALL), (c) => modelInfo(c.get('config')))
  app.get('/spend/logs', asks(SEES_ALL), (c) => spendLogs(c.req.raw, c.env.DB))
  app.post('/spend/calculate', asks(SEES_MODELS), async (c) =>
    calculateSpend(c.req.raw, c.get('config'), await isolate.prices(c.env, c.executionCtx)),
  )
  app.get('/global/spend/report', asks(SEES_ALL), (c) => spendReport(c.req.raw, c.env.DB))

  // A route that does not exist tells a stranger no more than one that does.
  app.notFound(async (c) => {
    const stranger = await asks(SEES_MODELS)(c, async () => undefined)
    if (stranger instanceof Response) return stranger
    const message = `${c.req.method} ${c.req.path} is no route of this gateway.`
    return adminErrorResponse({ status: 404, type: 'not_found', message })
  })
  app.onError((cause, c) => {
    const requestId = crypto.randomUUID()
    logLine('fault', { request_id: requestId, path: c.req.path, cause: describeCause(cause) })
    const response = adminErrorResponse(adminErrorOfRefusal({ kind: 'internal' }))
    response.headers.set('x-amzn-requestid', requestId)
    return response
  })
  return app
}
