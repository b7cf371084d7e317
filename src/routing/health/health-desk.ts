/** Writes failures and recoveries into the health of deployments and tells of what changes by it. */
import type { RouterSettings } from '../../config/types.ts'
import type { Failure } from '../policy/failure.ts'
import type { PolicyRow } from '../policy/policy-row.ts'
import type { DeploymentHealth, RoutingEvent } from '../route.ts'
import { failed, inFlight, standing, type Target } from './health.ts'

export type HealthDesk = {
  /** `reservedTokens` of the call; undefined where they are not known. */
  failed(
    target: Target,
    row: PolicyRow,
    failure: Failure,
    isProbe: boolean,
    nowMs: number,
    reservedTokens?: () => number,
  ): void
  /** `sinceMs`: when the cool-down began that is over now. */
  recovered(target: Target, sinceMs: number, nowMs: number): void
}

export function createHealthDesk(
  settings: RouterSettings,
  random: () => number,
  onEvent: (event: RoutingEvent) => void,
): HealthDesk {
  return {
    failed(target, row, failure, isProbe, nowMs, reservedTokens) {
      const where = placeOf(target)
      const what = { reason: row.name, status: failure.status, type: failure.type }
      if (row.alarm) onEvent({ kind: 'alarm', ...where, ...what })
      const capMs = target.deployment.cooldownMs ?? settings.cooldownMs
      const { allowedFails } = settings
      const cooling = failed(target, { row, failure, isProbe, nowMs, allowedFails, capMs, random, reservedTokens })
      if (cooling === null) return
      const kind = cooling.row.coolDown.lasts === 'growing' ? 'cooling' : 'held-out'
      onEvent({ kind, ...where, ...what, ms: cooling.untilMs - nowMs })
    },
    recovered(target, sinceMs, nowMs) {
      onEvent({ kind: 'recovered', ...placeOf(target), afterMs: nowMs - sinceMs })
    },
  }
}

function placeOf({ deployment, operation }: Target): Place {
  const place = { deployment: deployment.id, group: deployment.group, region: deployment.region }
  return operation === null ? place : { ...place, operation }
}

type Place = { deployment: string; group: string; region: string; operation?: string }

export function healthOf(target: Target, nowMs: number): DeploymentHealth {
  const { deployment, state } = target
  const { cooling } = state
  return {
    id: deployment.id,
    group: deployment.group,
    model: deployment.model,
    region: deployment.region,
    state: stateName(target, nowMs),
    reason: cooling === null ? null : { row: cooling.row.name, status: cooling.status, type: cooling.type },
    untilMs: cooling?.untilMs ?? null,
    consecutiveFailures: state.consecutiveFailures,
    inFlight: inFlight(target),
    msToFirstFrame: state.msToFirstFrame === null ? null : Math.round(state.msToFirstFrame),
  }
}

function stateName(target: Target, nowMs: number): DeploymentHealth['state'] {
  const { cooling } = target.state
  if (cooling === null) return 'healthy'
  if (cooling.probeUntilMs > nowMs || standing(target, nowMs) === 'usable') return 'probing'
  return cooling.row.coolDown.lasts === 'growing' ? 'cooling' : 'held-out'
}
