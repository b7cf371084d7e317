/** What one isolate keeps between calls: the configuration, the health of deployments, sessions, and the memory it has lent out. */
import { type CredentialProvider, createCredentialProvider } from '../bedrock/credential-provider.ts'
import { createConfigLoader } from '../config/load.ts'
import type { GatewayConfig } from '../config/types.ts'
import type { Env } from '../env.ts'
import { createRouter, type Router } from '../routing/router.ts'
import { logLine } from '../telemetry/log.ts'
import { type BodyBudget, createBodyBudget } from './body.ts'

export type Gateway = {
  /** The running configuration; null while none was ever valid. */
  config(env: Env, ctx: Background): Promise<GatewayConfig | null>
  /** The router of a configuration; health of deployments survives a new version. */
  router(config: GatewayConfig): Router
  readonly credentials: CredentialProvider
  readonly bodies: BodyBudget
}

/** The part of an execution context that background work needs. */
export type Background = { waitUntil(work: Promise<unknown>): void }

export function createGateway(): Gateway {
  const now = () => Date.now()
  const loader = createConfigLoader({
    now,
    onProblem: (issues) => logLine('config', { issues }),
  })
  let current: { config: GatewayConfig; router: Router } | undefined
  return {
    config: (env, ctx) => loader.load(env, (work) => ctx.waitUntil(work)),
    router(config) {
      if (current?.config !== config) {
        const deps = {
          now,
          random: Math.random,
          sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
        }
        current = { config, router: createRouter(config, deps, current?.router) }
      }
      return current.router
    },
    credentials: createCredentialProvider({ now }),
    bodies: createBodyBudget(),
  }
}
