/**
 * Which deployment answers a call: the group asked for, then its fallbacks, until somebody answers.
 *
 * A router is the memory of one isolate (see health.ts for what that bounds) and of one configuration; the next one takes
 * over what is known of deployments that stay. Clock, chance and sleep come in, so that virtual time can drive it.
 */
import type { Deployment, GatewayConfig } from '../config/types.ts'
import { buildGroups, type Group, type Groups } from './groups.ts'
import { sideOf } from './health/health.ts'
import { createHealthDesk, healthOf } from './health/health-desk.ts'
import { askGroup, attemptOnce, type Engine, type GroupEnd } from './loop/attempt-loop.ts'
import { boundsOf, candidatesIn } from './loop/candidates.ts'
import { explain, type Journey, totalTimeMs } from './loop/journey.ts'
import { type Considered, coolingResult, failureResult, mostUseful, refusalResult } from './loop/route-result.ts'
import type { Failure } from './policy/failure.ts'
import { policyFor } from './policy/policy.ts'
import { createTextMemory, type TextMemory } from './policy/unexplained.ts'
import type { DeploymentHealth, RouteCall, RouteResult, RoutingEvent } from './route.ts'
import type { PriceOf } from './strategies/cost-based.ts'

export type {
  Attempt,
  AttemptOutcome,
  DeploymentHealth,
  Finish,
  RouteCall,
  RouteResult,
  RoutingEvent,
} from './route.ts'

export type Router = {
  /** Throws only for a group that the configuration does not know, which the caller has to rule out, and what `attempt` throws. */
  route<T>(call: RouteCall<T>): Promise<RouteResult<T>>
  /** Asks one deployment once, whatever its health: the call decides whether it comes back. */
  ask<T>(call: RouteCall<T>, deployment: Deployment): Promise<RouteResult<T>>
  /** After the first content frame: for health alone. `ownHealth` as in `RouteCall`. */
  streamBroke(deployment: Deployment, failure: Failure, ownHealth?: string | null): void
  health(): DeploymentHealth[]
}

export type RouterDeps = {
  now(): number
  random(): number
  sleep(ms: number): Promise<void>
  priceOf?: PriceOf
  onEvent?(event: RoutingEvent): void
}

/** Deployments of each router, for the one that takes its place. Weak: it keeps no router alive. */
const targetsOf = new WeakMap<Router, Groups['targets']>()
/** What each router has learnt of texts. */
const textsOf = new WeakMap<Router, TextMemory>()

export function createRouter(config: GatewayConfig, deps: RouterDeps, previous?: Router): Router {
  const settings = config.router
  const before = previous === undefined ? undefined : targetsOf.get(previous)
  const groups = buildGroups(config, deps.priceOf ?? (() => null), before)
  const desk = createHealthDesk(settings, deps.random, deps.onEvent ?? (() => {}))
  const texts = (previous === undefined ? undefined : textsOf.get(previous)) ?? createTextMemory()
  const engine: Engine = { settings, desk, texts, now: () => deps.now(), sleep: (ms) => deps.sleep(ms) }

  const router: Router = {
    route: (call) => routeCall(call, groups, engine, deps),
    ask: (call, deployment) => askOne(call, deployment, groups, engine, deps),
    streamBroke(deployment, failure, ownHealth = null) {
      const known = groups.targetOf(deployment)
      const target = known === undefined || ownHealth === null ? known : sideOf(known, ownHealth)
      const row = policyFor(failure, deployment.model)
      if (target !== undefined) desk.failed(target, row, failure, false, deps.now())
    },
    health: () => [...groups.targets.values(), ...groups.made()].map((target) => healthOf(target, deps.now())),
  }
  targetsOf.set(router, groups.targets)
  textsOf.set(router, texts)
  return router
}

async function routeCall<T>(
  call: RouteCall<T>,
  groups: Groups,
  engine: Engine,
  deps: RouterDeps,
): Promise<RouteResult<T>> {
  const asked = groups.byName.get(call.group)
  if (asked === undefined) throw new Error(`There is no model group ${JSON.stringify(call.group)}.`)
  const { settings } = engine
  const bounds = boundsOf(call, asked, settings.enablePreCallChecks)
  const journey = startJourney(call, engine, deps)
  const considered: Considered[] = []
  /** Groups still to be asked, in order. Those that had their turn are passed over: a circle ends by itself. */
  let waiting = [asked.name]

  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    if (considered.length > settings.maxFallbacks) break
    const group = groups.byName.get(name)
    if (group === undefined || considered.some((one) => one.group === group)) continue
    const candidates = candidatesIn(group, bounds, call, groups)
    if (candidates.kind === 'none' && group !== asked) continue
    considered.push({ group, candidates })
    if (candidates.kind === 'none') continue
    if (candidates.kind === 'too-long') {
      waiting = [...waysOut(call, group.contextWindowFallbacks), ...waiting]
      continue
    }
    if (call.attempts.length > 0) explain(journey, `fell back to ${group.name}`)
    const end = await askGroup(journey, group, candidates.tiers, engine)
    if (end.kind === 'answered') return answer(end, group, considered)
    if (end.kind === 'abandoned') return abandoned(journey, considered)
    if (end.kind === 'out-of-time') break
    if (end.kind === 'stopped') {
      waiting = end.row.fallback === 'context-window' ? waysOut(call, group.contextWindowFallbacks) : []
    } else waiting = [...waysOut(call, group.fallbacks), ...waiting]
  }
  return close(journey, asked, considered, engine.now())
}

async function askOne<T>(
  call: RouteCall<T>,
  deployment: Deployment,
  groups: Groups,
  engine: Engine,
  deps: RouterDeps,
): Promise<RouteResult<T>> {
  const group = groups.byName.get(deployment.group)
  const known = groups.targetOf(deployment)
  if (group === undefined || known === undefined) throw new Error(`There is no deployment ${deployment.id}.`)
  const target = call.ownHealth === null ? known : sideOf(known, call.ownHealth)
  const journey = startJourney(call, engine, deps)
  const considered: Considered[] = [{ group, candidates: { kind: 'some', tiers: [[target]] } }]
  const end = await attemptOnce(journey, group, { target, tier: 0 }, false, engine)
  return 'kind' in end ? answer(end, group, considered) : failureResult(journey, end, considered, engine.now())
}

function startJourney<T>(call: RouteCall<T>, { settings, now }: Engine, { random }: RouterDeps): Journey<T> {
  const nowMs = now()
  const { bodyBytes, estimatedInputTokens, maxTokens } = call
  const context = { nowMs, random, bodyBytes, estimatedInputTokens, maxTokens }
  const deadlineMs = nowMs + totalTimeMs(settings, call.streams)
  return { call, context, deadlineMs, failures: [], reservedTokens: readOnce(call) }
}

function readOnce(call: RouteCall<unknown>): (() => number) | undefined {
  if (call.reservedTokens === undefined) return undefined
  let tokens: number | undefined
  return () => {
    tokens ??= call.reservedTokens?.() ?? 0
    return tokens
  }
}

/** Who named an id wants that one; whether another group reads the same body is seen when it is its turn. */
function waysOut(call: RouteCall<unknown>, names: readonly string[]): string[] {
  return call.fallback !== 'none' && call.candidates === undefined ? [...names] : []
}

type Answered<T> = Extract<GroupEnd<T>, { kind: 'answered' }>

function answer<T>(end: Answered<T>, group: Group, considered: readonly Considered[]): RouteResult<T> {
  return {
    kind: 'answered',
    value: end.value,
    finish: end.finish,
    deployment: end.target.deployment,
    group: group.name,
    fallbacks: considered.length - 1,
    retryAfterMs: null,
  }
}

function abandoned<T>(journey: Journey<T>, considered: readonly Considered[]): RouteResult<T> {
  explain(journey, 'stopped: the client left')
  return { kind: 'abandoned', fallbacks: considered.length - 1 }
}

function close<T>(journey: Journey<T>, asked: Group, considered: readonly Considered[], nowMs: number): RouteResult<T> {
  const failed = mostUseful(journey.failures, asked)
  if (failed !== undefined) return failureResult(journey, failed, considered, nowMs)
  if (considered.some(({ candidates }) => candidates.kind === 'some')) return coolingResult(asked, considered, nowMs)
  return refusalResult(asked, considered)
}
