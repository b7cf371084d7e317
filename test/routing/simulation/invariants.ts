/** What must hold at every step of a simulation. Kept by a bookkeeping of its own, from the router's events and attempts alone. */
import type { Deployment } from '../../../src/config/types.ts'
import type { RoutingEvent } from '../../../src/routing/router.ts'
import type { Attempt, CallSpec, RouterWatch } from './drive.ts'

/** The longest time for which one probe keeps others away. */
const PROBE_LEASE_MS = 5_000

export type Rules = {
  now(): number
  deployments: readonly Deployment[]
  /** Deployments that a call to a group may be sent to. */
  allowed(group: string): readonly Deployment[]
  attemptsMax: number
}

export type Invariants = RouterWatch & {
  /** Sentences, one for each step at which something did not hold. */
  violations: string[]
  /** Deployments that are out at this moment. */
  out(): string[]
}

type Outage = { sinceMs: number; untilMs: number; probeSinceMs: number | null }

export function watchInvariants({ now, deployments, allowed, attemptsMax }: Rules): Invariants {
  const violations: string[] = []
  const outages = new Map<string, Outage>()
  const say = (text: string) => void violations.push(`at ${now()} ms: ${text}`)

  function checkCall(spec: CallSpec, target: Deployment, made: readonly Attempt[]): void {
    const own = allowed(spec.group)
    if (!own.includes(target)) say(`${target.id} was asked for the group ${spec.group}, which may not go there`)
    if (made.length >= attemptsMax) say(`attempt ${made.length + 1} of one call`)
    if (made.some(({ failure }) => failure?.status === 400)) say('a call was asked again after a 400')
    const tried = new Set(made.map((attempt) => attempt.target))
    const idle = own.filter((one) => one.group === target.group && !outages.has(one.id) && !tried.has(one))
    const [other] = idle
    if (other === undefined) return
    if (tried.has(target)) say(`${target.id} was asked again while ${other.id} was healthy and had not been asked`)
    const outage = outages.get(target.id)
    if (outage !== undefined && now() < outage.untilMs)
      say(`${target.id} cools and was asked while ${other.id} was idle`)
  }

  return {
    violations,
    out: () => [...outages.keys()],
    onAttempt(spec, target, made) {
      checkCall(spec, target, made)
      const outage = outages.get(target.id)
      if (outage === undefined) return
      if (outage.probeSinceMs !== null && now() - outage.probeSinceMs < PROBE_LEASE_MS) {
        say(`${target.id} was probed by two calls at once`)
      }
      outage.probeSinceMs = now()
    },
    onAttemptEnd({ id }) {
      const outage = outages.get(id)
      if (outage !== undefined) outage.probeSinceMs = null
    },
    onEvent(event: RoutingEvent) {
      if (event.kind === 'recovered') outages.delete(event.deployment)
      if (event.kind !== 'cooling' && event.kind !== 'held-out') return
      if (!deployments.some(({ id }) => id === event.deployment))
        say(`an unknown deployment cools: ${event.deployment}`)
      if (event.ms <= 0) say(`${event.deployment} cools for ${event.ms} ms`)
      outages.set(event.deployment, { sinceMs: now(), untilMs: now() + event.ms, probeSinceMs: null })
    },
  }
}
