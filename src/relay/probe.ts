/**
 * Asks one deployment whether it answers: by the operation of the table that is free to ask, or on demand by the one that costs a
 * token. That one goes the way of every call: health learns from it, and it leaves a row, answered or not.
 */
import type { Caller } from '../access/caller.ts'
import type { Probing } from '../bedrock/operations/table.ts'
import type { Deployment, GatewayConfig } from '../config/types.ts'
import type { Catalogue } from '../ledger/prices/price-row.ts'
import type { Attempt } from '../routing/router.ts'
import { describeCause, logLine } from '../telemetry/log.ts'
import { type AdmittedCall, admitCall, beginCall } from './call.ts'
import { newCallId } from './call-id.ts'
import { GATEWAY_FAULT } from './close/attempt-log.ts'
import { carry, type RelayDeps } from './relay.ts'
import { watchDisconnect } from './request/disconnect.ts'
import { attemptCall } from './upstream/attempt.ts'
import type { Delivery } from './upstream/delivery.ts'

/** A deployment that says nothing for this long is not healthy. */
const PROBE_TIMEOUT_MS = 15_000

/** `unknown`: the deployment answered, but its model cannot be asked this way; or the gateway itself failed. */
export type ProbeResult = {
  state: 'healthy' | 'unhealthy' | 'unknown'
  ms: number
  status: number | null
  error: string | null
}

/** What a probe runs on: the same as the calls of its time. */
export type ProbeContext = { config: GatewayConfig; prices: Catalogue | undefined; caller: Caller }

export async function probe(
  deployment: Deployment,
  isPaid: boolean,
  context: ProbeContext,
  deps: RelayDeps,
): Promise<ProbeResult> {
  const probing = deps.isolate.operations.probe(isPaid ? 'paid' : 'free')
  if (probing === null) return { state: 'unknown', ms: 0, status: null, error: null }
  const call = probeCall(deployment, probing, context)
  if (isPaid) await carry(call, deps, deployment)
  else await askFree(call, deployment, deps)
  return resultOf(call)
}

/** An operation that is free says nothing of whether the model may be called, so neither health nor the ledger learn of it. */
async function askFree(call: AdmittedCall, deployment: Deployment, { isolate }: RelayDeps): Promise<void> {
  const unknown = { sentMs: null, ms: null, failure: null, row: null, value: null, action: 'probe' }
  const attempt: Attempt<Delivery> = { deployment, startedMs: call.startedMs, ...unknown }
  call.attempts.push(attempt)
  const limits = { limitMs: PROBE_TIMEOUT_MS, refreshCredentials: false }
  try {
    const outcome = await attemptCall(call, attempt, limits, isolate)
    attempt.ms = Date.now() - call.startedMs
    attempt.failure = outcome.kind === 'failure' ? outcome.failure : null
  } catch (cause) {
    logLine('fault', { request_id: call.id, cause: describeCause(cause) })
  } finally {
    call.disconnect.end()
  }
}

function resultOf({ attempts, startedMs }: AdmittedCall): ProbeResult {
  const ms = Date.now() - startedMs
  const attempt = attempts.at(-1)
  // A fault of the gateway's own says nothing of the deployment; its log has the cause.
  if (attempt === undefined || attempt.ms === null) return { state: 'unknown', ms, status: null, error: GATEWAY_FAULT }
  const { failure } = attempt
  if (failure === null) return { state: 'healthy', ms, status: 200, error: null }
  const { status, type, phase, timedOut } = failure
  const error = type ?? (timedOut ? 'timeout' : phase)
  // A model that does not know the operation refuses the request itself: that says nothing of its health.
  const isUnasked = status === 400 || type === 'UnknownOperationException'
  return { state: isUnasked ? 'unknown' : 'unhealthy', ms, status, error }
}

function probeCall(deployment: Deployment, { operation, body }: Probing, context: ProbeContext): AdmittedCall {
  const startedMs = Date.now()
  const bytes = new TextEncoder().encode(body)
  const headers = { 'content-type': 'application/json', 'x-litellm-tags': 'health-probe' }
  return admitCall(beginCall(newCallId(startedMs), startedMs, 'POST', headers), {
    ...context,
    operation,
    labels: {},
    model: deployment.group,
    resolved: { group: deployment.group },
    search: '',
    upstreamHeaders: { 'content-type': 'application/json' },
    body: { bytes, sizeBytes: bytes.byteLength, release: () => undefined },
    disconnect: watchDisconnect(new AbortController().signal, false),
  })
}
