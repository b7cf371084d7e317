/** Short ways to a configuration, a call and a clock for the tests of routing. */
import { reachOf } from '../../src/bedrock/model/reach.ts'
import type { Deployment, GatewayConfig, RouterSettings } from '../../src/config/types.ts'
import type { Failure } from '../../src/routing/policy/failure.ts'
import {
  type Attempt,
  createRouter,
  type RouteCall,
  type RouteResult,
  type Router,
  type RoutingEvent,
} from '../../src/routing/router.ts'

export const SETTINGS: RouterSettings = {
  routingStrategy: 'simple-shuffle',
  numRetries: 2,
  timeoutMs: 600_000,
  streamTimeoutMs: 600_000,
  streamSilenceMs: null,
  allowedFails: 3,
  cooldownMs: 5_000,
  retryAfterMs: 0,
  fallbacks: {},
  contextWindowFallbacks: {},
  defaultFallbacks: [],
  maxFallbacks: 5,
  retryPolicy: {},
  modelGroupRetryPolicy: {},
  enablePreCallChecks: false,
  modelGroupAlias: {},
  modelGroupRoutingStrategy: {},
  modelGroupRegions: {},
  tryCoolingTargets: false,
}

/** `a` becomes a deployment of the group `m` with the id `a`. */
export function deployment(id: string, fields: Partial<Deployment> = {}): Deployment {
  const region = fields.region ?? 'us-east-1'
  const model = fields.model ?? 'anthropic.claude-sonnet-4-5-20250929-v1:0'
  return {
    id,
    group: 'm',
    model,
    region,
    reach: reachOf(model, fields.baseModel),
    runtimeEndpoint: `https://bedrock-runtime.${region}.amazonaws.com`,
    credentials: { kind: 'api-key', token: 'test' },
    order: 0,
    ...fields,
  }
}

export function configOf(deployments: readonly Deployment[], router: Partial<RouterSettings> = {}): GatewayConfig {
  return {
    version: 'test',
    masterKey: 'sk-test',
    deployments,
    groups: Map.groupBy(deployments, ({ group }) => group),
    router: { ...SETTINGS, ...router },
    cancelOnDisconnect: false,
    patterns: [],
    leftOut: [],
  }
}

export function failure(fields: Partial<Failure> & Pick<Failure, 'status'>): Failure {
  return { phase: 'headers', type: null, message: '', ...fields }
}

export const THROTTLED = failure({
  status: 429,
  type: 'ThrottlingException',
  message: 'Too many requests, please wait before trying again.',
})
export const TOKENS_PER_DAY = failure({
  status: 429,
  type: 'ThrottlingException',
  message: 'Too many tokens per day, please wait before trying again.',
})
export const UNAVAILABLE = failure({ status: 503, type: 'ServiceUnavailableException', message: 'Bedrock is busy.' })
export const BAD_REQUEST = failure({ status: 400, type: 'ValidationException', message: 'max_tokens: must be above 0' })
export const TOO_LONG = failure({
  status: 400,
  type: 'ValidationException',
  message: 'Input is too long for requested model.',
})
export const DENIED = failure({
  status: 403,
  type: 'AccessDeniedException',
  message: "You don't have access to the model with the specified model ID.",
})
export const NO_CONNECTION = failure({ phase: 'connect', status: null, message: 'connection refused' })

/** What a deployment does with a call; a string is an answer. */
export type Behaviour = string | Failure
export type Script = Record<string, Behaviour | ((n: number) => Behaviour)>

export type Bench = {
  router: Router
  /** Ids in the order asked. */
  asked: string[]
  events: RoutingEvent[]
  slept: number[]
  script: Script
  nowMs: number
  /** Everybody answers with their own id, except as the script says. A network error has no value, all others their own error. */
  call(fields?: Partial<RouteCall<string>>): Promise<RouteResult<string> & { attempts: readonly Attempt<string>[] }>
  replaceConfig(config: GatewayConfig): void
}

/** Noon, so that "until midnight" is twelve hours. */
export const NOON_MS = Date.UTC(2026, 10, 24, 12)

export function bench(
  config: GatewayConfig,
  options: { random?: () => number; priceOf?: (id: string) => number | null } = {},
): Bench {
  const bench: Bench = {
    asked: [],
    events: [],
    slept: [],
    script: {},
    nowMs: NOON_MS,
    router: undefined as unknown as Router,
    async call(fields = {}) {
      const call: RouteCall<string> = {
        group: 'm',
        fallback: 'any-group',
        ownHealth: null,
        streams: false,
        bodyBytes: null,
        isAbandoned: () => false,
        attempts: [],
        attempt: async ({ deployment: target }) => {
          bench.asked.push(target.id)
          const scripted = bench.script[target.id] ?? `answer of ${target.id}`
          const timesAsked = bench.asked.filter((id) => id === target.id).length
          const behaviour = typeof scripted === 'function' ? scripted(timesAsked) : scripted
          if (typeof behaviour === 'string') return { kind: 'success', value: behaviour, msToFirstFrame: 10 }
          const value = behaviour.status === null ? null : `${behaviour.status} of ${target.id}`
          return { kind: 'failure', failure: behaviour, value }
        },
        ...fields,
      }
      const result = await bench.router.route(call)
      if (result.kind === 'answered') result.finish({ inputTokens: 0, outputTokens: 0 })
      return { ...result, attempts: call.attempts }
    },
    replaceConfig(next) {
      bench.router = createRouter(next, deps, bench.router)
    },
  }
  const deps = {
    now: () => bench.nowMs,
    random: options.random ?? (() => 0),
    sleep: async (ms: number) => {
      bench.slept.push(ms)
      bench.nowMs += ms
    },
    priceOf: ({ id }: Deployment) => options.priceOf?.(id) ?? null,
    onEvent: (event: RoutingEvent) => void bench.events.push(event),
  }
  bench.router = createRouter(config, deps)
  return bench
}

/** The same pseudo-random numbers for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
