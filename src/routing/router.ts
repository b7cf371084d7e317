// STAND-IN by the lead so that the Worker builds; the routing helper replaces this file.
import type { Deployment, GatewayConfig } from '../config/types.ts'
import type { Failure } from './failure.ts'

export type AttemptOutcome<T> =
  | { kind: 'success'; value: T; msToFirstFrame: number }
  | { kind: 'failure'; failure: Failure; value: T | null }
export type AttemptReport = {
  deployment: Deployment
  startedMs: number
  ms: number
  failure: Failure | null
  action: string
}
type Common = { attempts: AttemptReport[]; fallbacks: number; retryAfterMs: number | null; deployment: Deployment }
export type RouteResult<T> =
  | ({ kind: 'answered'; value: T; group: string } & Common)
  | ({ kind: 'exhausted'; failure: Failure } & Common)
  | { kind: 'cooling'; status: 429 | 503; retryAfterMs: number; group: string }
  | { kind: 'abandoned'; attempts: AttemptReport[]; fallbacks: number }
export type RouteCall<T> = {
  group: string
  candidates?: readonly Deployment[]
  portable: boolean
  streams: boolean
  bodyBytes: Uint8Array | null
  isAbandoned(): boolean
  attempt(target: Deployment, n: number, budgetMs: number): Promise<AttemptOutcome<T>>
}
export type Router = {
  route<T>(call: RouteCall<T>): Promise<RouteResult<T>>
  streamBroke(deployment: Deployment, failure: Failure): void
  finished(deployment: Deployment, usage?: { inputTokens: number; outputTokens: number }): void
}
export function createRouter(config: GatewayConfig, deps: { now(): number }, _previous?: Router): Router {
  return {
    async route<T>(call: RouteCall<T>) {
      const attempts: AttemptReport[] = []
      let last: { outcome: AttemptOutcome<T>; target: Deployment } | null = null
      for (const target of call.candidates ?? config.groups.get(call.group) ?? []) {
        const startedMs = deps.now()
        const outcome = await call.attempt(target, attempts.length + 1, config.router.timeoutMs)
        const failure = outcome.kind === 'failure' ? outcome.failure : null
        attempts.push({ deployment: target, startedMs, ms: deps.now() - startedMs, failure, action: '' })
        last = { outcome, target }
        if (failure === null || failure.status === 400) break
        if (call.isAbandoned()) return { kind: 'abandoned', attempts, fallbacks: 0 }
      }
      if (last === null) throw new Error('no target')
      const common = { attempts, fallbacks: 0, retryAfterMs: null, deployment: last.target }
      if (last.outcome.kind === 'failure' && last.outcome.value === null)
        return { kind: 'exhausted', failure: last.outcome.failure, ...common }
      return { kind: 'answered', value: last.outcome.value as T, group: last.target.group, ...common }
    },
    streamBroke() {},
    finished() {},
  }
}
