/** What one isolate keeps between calls: the configuration, the health of deployments, sessions, and the memory it has lent out. */
import { createOperations, OPERATIONS, type Operations } from './bedrock/operations/table.ts'
import { createCredentialProvider } from './bedrock/signing/credential-provider.ts'
import { accountingOf } from './bedrock/usage/priced-operations.ts'
import { EMPTY_READING } from './bedrock/usage/reading.ts'
import { createConfigLoader } from './config/load.ts'
import type { Deployment, GatewayConfig } from './config/types.ts'
import { costOf } from './ledger/cost/cost-of.ts'
import { BUNDLED_CATALOGUE } from './ledger/prices/bundled.ts'
import { createLivePrices, PRICES_KEY } from './ledger/prices/live.ts'
import type { Isolate } from './relay/isolate-state.ts'
import { createBodyBudget } from './relay/request/held-body.ts'
import { createRouter, type Router } from './routing/router.ts'
import { logLine } from './telemetry/log.ts'

export type IsolateOptions = {
  /** What is served; without it, all operations of the table. */
  operations?: Operations
}

export function createIsolate(options: IsolateOptions = {}): Isolate {
  const now = () => Date.now()
  const loader = createConfigLoader({ now, onProblem: (issues) => logLine('config', { issues }) })
  const prices = createLivePrices({ now, onProblem: (issues) => logLine('config', { key: PRICES_KEY, issues }) })
  let current: { config: GatewayConfig; router: Router } | undefined
  return {
    operations: options.operations ?? createOperations(OPERATIONS),
    config: (env, ctx) => loader.load(env, (work) => ctx.waitUntil(work)),
    prices: (env, ctx) => prices.load(env, (work) => ctx.waitUntil(work)),
    router(config) {
      if (current?.config !== config) {
        const deps = {
          now,
          random: Math.random,
          sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
          priceOf,
          onEvent: (event: object) => logLine('health', { ...event }),
        }
        current = { config, router: createRouter(config, deps, current?.router) }
      }
      return current.router
    },
    credentials: createCredentialProvider({ now }),
    bodies: createBodyBudget(),
  }
}

/** Prompt to completion of the call that deployments are compared by. */
const COMPARED_USAGE = { inputTokens: 3000, outputTokens: 1000 }

/** Price of a typical call in pico-USD, for `cost-based-routing`; null where it is not known. Only compared, never booked. */
function priceOf(deployment: Deployment): number | null {
  const { picoUsd } = costOf({
    operation: accountingOf('Converse'),
    model: deployment.model,
    baseModel: deployment.baseModel,
    region: deployment.region,
    customPrices: deployment.prices,
    reading: { ...EMPTY_READING, usage: COMPARED_USAGE },
    at: new Date(),
    catalogue: BUNDLED_CATALOGUE,
  })
  return picoUsd === null ? null : Number(picoUsd)
}
