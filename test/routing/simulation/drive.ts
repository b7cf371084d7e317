/** Sends a trace of calls through a gateway in virtual time and counts what came of it. */
import type { Deployment, GatewayConfig } from '../../../src/config/types.ts'
import type { Failure } from '../../../src/routing/policy/failure.ts'
import {
  type AttemptOutcome,
  createRouter,
  type Finish,
  type Router,
  type RoutingEvent,
} from '../../../src/routing/router.ts'
import type { VirtualClock } from './clock.ts'
import { ratesOf } from './cost.ts'
import type { Answer, Prompt, World } from './world.ts'

export type CallSpec = {
  atMs: number
  group: string
  streams: boolean
  prompt: Prompt
  bodyBytes: Uint8Array
}

type Ask = (target: Deployment, limitMs: number) => Promise<AttemptOutcome<Answer | null>>

export type Attempt = { target: Deployment; failure: Failure | null }
export type Ended = { answer: Answer | null; attempts: readonly Attempt[] }

export type SimulatedGateway = {
  call(spec: CallSpec, ask: Ask): Promise<Ended>
  finished(ended: Ended, prompt: Prompt): void
}

/** Collects the attempts of one call. */
export function attemptsOf() {
  const attempts: Attempt[] = []
  return {
    add(target: Deployment, outcome: AttemptOutcome<unknown>): void {
      attempts.push({ target, failure: outcome.kind === 'failure' ? outcome.failure : null })
    },
    end: (answer: Answer | null): Ended => ({ answer, attempts }),
  }
}

export type RouterWatch = {
  /** Before each attempt of ours, with those that the call has made. */
  onAttempt?(spec: CallSpec, target: Deployment, made: readonly Attempt[]): void
  onAttemptEnd?(target: Deployment): void
  onEvent?(event: RoutingEvent): void
}

/** The router of this project, driven by the clock of the simulation. */
export function ours(
  config: GatewayConfig,
  clock: VirtualClock,
  random: () => number,
  watch: RouterWatch = {},
): SimulatedGateway & { router: Router } {
  const router = createRouter(config, {
    now: clock.now,
    sleep: clock.sleep,
    random,
    priceOf: (deployment) => Number(ratesOf(deployment).input),
    onEvent: (event) => watch.onEvent?.(event),
  })
  const finishing = new WeakMap<Ended, Finish>()
  return {
    router,
    async call(spec, ask) {
      const attempts = attemptsOf()
      const made: Attempt[] = []
      const result = await router.route<Answer | null>({
        group: spec.group,
        fallback: 'any-group',
        ownHealth: null,
        streams: spec.streams,
        bodyBytes: spec.bodyBytes,
        estimatedInputTokens: spec.prompt.inputTokens,
        maxTokens: spec.prompt.maxTokens,
        reservedTokens: () => spec.prompt.inputTokens + spec.prompt.maxTokens,
        attempts: [],
        isAbandoned: () => false,
        async attempt({ deployment: target }, limitMs) {
          watch.onAttempt?.(spec, target, made)
          const outcome = await ask(target, limitMs)
          watch.onAttemptEnd?.(target)
          attempts.add(target, outcome)
          made.push({ target, failure: outcome.kind === 'failure' ? outcome.failure : null })
          return outcome
        },
      })
      if (result.kind !== 'answered') return attempts.end(null)
      const ended = attempts.end(result.value)
      finishing.set(ended, result.finish)
      return ended
    },
    finished(ended, { inputTokens, outputTokens, cache }) {
      const freshTokens = inputTokens - (cache?.prefixTokens ?? 0)
      finishing.get(ended)?.({ inputTokens: freshTokens, outputTokens })
    },
  }
}

export type Tally = {
  /** Calls that are not themselves at fault. */
  calls: number
  served: number
  /** Attempts at the upstream for calls that are at fault themselves, and their number. */
  badCalls: number
  badAttempts: number
  attempts: number
  /** From arrival to first frame, of the calls served; from arrival to the error, of those that failed. */
  waitsMs: number[]
  failedWaitsMs: number[]
  inputPicoUsd: bigint
  outputPicoUsd: bigint
}

export async function drive(
  trace: readonly CallSpec[],
  gateway: SimulatedGateway,
  world: World,
  clock: VirtualClock,
): Promise<Tally> {
  const tally: Tally = {
    calls: 0,
    served: 0,
    badCalls: 0,
    badAttempts: 0,
    attempts: 0,
    waitsMs: [],
    failedWaitsMs: [],
    inputPicoUsd: 0n,
    outputPicoUsd: 0n,
  }
  const faults: unknown[] = []
  const startMs = clock.now()

  async function travel(spec: CallSpec): Promise<void> {
    await clock.sleep(startMs + spec.atMs - clock.now())
    const arrivedMs = clock.now()
    const ended = await gateway.call(spec, (target, limitMs) => world.ask(target, spec.prompt, spec.streams, limitMs))
    const waitMs = clock.now() - arrivedMs
    if (spec.prompt.isBad) {
      tally.badCalls++
      tally.badAttempts += ended.attempts.length
      return
    }
    tally.calls++
    tally.attempts += ended.attempts.length
    if (ended.answer === null) {
      tally.failedWaitsMs.push(waitMs)
      return
    }
    tally.served++
    tally.waitsMs.push(waitMs)
    tally.inputPicoUsd += ended.answer.cost.inputPicoUsd
    tally.outputPicoUsd += ended.answer.cost.outputPicoUsd
    await clock.sleep(ended.answer.deliveryMs)
    gateway.finished(ended, spec.prompt)
  }

  for (const spec of trace) void travel(spec).catch((fault) => faults.push(fault))
  await clock.run()
  if (faults.length > 0) throw faults[0]
  return tally
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
