/**
 * LiteLLM's routing of its Bedrock pass-through, as far as it is documented and was measured on 1.106.2: a shuffle among
 * deployments that do not cool, by rpm; three tries for every error, a 400 included; the same deployment may be tried again; a
 * throttle in the first frame of a stream is passed on; more than `allowed_fails` failures in a minute cool a deployment for
 * `cooldown_time`, where of the 4xx only 401, 404, 408 and 429 count; the only deployment of a group never cools; when all
 * cool, the call fails at once. A model of it, and where it was in doubt the better behaviour was taken.
 */
import type { Deployment, RouterSettings } from '../../../src/config/types.ts'
import type { Failure } from '../../../src/routing/policy/failure.ts'
import { attemptsOf, type SimulatedGateway } from './drive.ts'

const MINUTE_MS = 60_000

/** Statuses below 500 that speak against a deployment. */
const COUNTED = [401, 404, 408, 429]

export function litellm(
  deployments: readonly Deployment[],
  settings: RouterSettings,
  now: () => number,
  random: () => number,
): SimulatedGateway {
  const fails = new Map<string, { minute: number; count: number }>()
  const coolUntilMs = new Map<string, number>()

  function pick(): Deployment | undefined {
    const warm = deployments.filter(({ id }) => (coolUntilMs.get(id) ?? 0) <= now())
    let rest = random() * warm.reduce((sum, { rpm = 1 }) => sum + rpm, 0)
    return warm.find(({ rpm = 1 }) => {
      rest -= rpm
      return rest < 0
    })
  }

  function noteFailure({ id }: Deployment, { status }: Failure): void {
    if (status !== null && status < 500 && !COUNTED.includes(status)) return
    const minute = Math.floor(now() / MINUTE_MS)
    const before = fails.get(id)
    const count = before?.minute === minute ? before.count + 1 : 1
    fails.set(id, { minute, count })
    if (deployments.length > 1 && count > settings.allowedFails) coolUntilMs.set(id, now() + settings.cooldownMs)
  }

  return {
    async call(spec, ask) {
      const attempts = attemptsOf()
      for (let n = 0; n <= settings.numRetries; n++) {
        const target = pick()
        if (target === undefined) break
        const limitMs = spec.streams ? settings.streamTimeoutMs : settings.timeoutMs
        const outcome = await ask(target, limitMs)
        attempts.add(target, outcome)
        if (outcome.kind === 'success') return attempts.end(outcome.value)
        noteFailure(target, outcome.failure)
        if (outcome.failure.phase === 'first-frame') break
      }
      return attempts.end(null)
    },
    finished() {},
  }
}
