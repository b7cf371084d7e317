/** What one isolate keeps between calls: the configuration, the health of deployments, sessions, and the memory it has lent out. */
import { createOperations, OPERATIONS, type Operations } from './bedrock/operations/table.ts'
import { createCredentialProvider } from './bedrock/signing/credential-provider.ts'
import { createConfigLoader } from './config/load.ts'
import type { GatewayConfig } from './config/types.ts'
import { createPriceComparison } from './ledger/prices/comparison.ts'
import { createLivePrices, PRICES_KEY } from './ledger/prices/live.ts'
import type { IsolateState } from './relay/isolate-state.ts'
import { createBodyBudget } from './relay/request/held-body.ts'
import { createRouter, type Router } from './routing/router.ts'
import { logLine } from './telemetry/log.ts'

export type IsolateOptions = {
  /** What is served; without it, all operations of the table. */
  operations?: Operations
}

export function createIsolate(options: IsolateOptions = {}): IsolateState {
  const now = () => Date.now()
  const loader = createConfigLoader({ now, onProblem: (issues) => logLine('config', { issues }) })
  const prices = createLivePrices({ now, onProblem: (issues) => logLine('config', { key: PRICES_KEY, issues }) })
  const comparison = createPriceComparison()
  let current: { config: GatewayConfig; router: Router } | undefined
  return {
    operations: options.operations ?? createOperations(OPERATIONS),
    config: (env, ctx) => loader.load(env, (work) => ctx.waitUntil(work)),
    async prices(env, ctx) {
      comparison.use(await prices.load(env, (work) => ctx.waitUntil(work)))
      return comparison.live
    },
    router(config) {
      if (current?.config !== config) {
        const deps = {
          now,
          random: Math.random,
          sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
          priceOf: comparison.priceOf,
          onEvent: (event: object) => logLine('health', { ...event }),
        }
        current = { config, router: createRouter(config, deps, current?.router) }
      }
      return current.router
    },
    credentials: createCredentialProvider({ now }),
    fetcher: (input, init) => fetch(input, init),
    bodies: createBodyBudget(),
  }
}
