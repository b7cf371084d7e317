/**
 * Asks one deployment whether it answers: by the operation of the table that is free to ask, or on demand by the one that
 * costs a token, which is booked.
 */
import { parseJson } from '../base/json.ts'
import type { Probing } from '../bedrock/operations/table.ts'
import type { Deployment, GatewayConfig } from '../config/types.ts'
import type { Call } from './call.ts'
import { newCallId } from './call-id.ts'
import { type CloseDeps, closeCall } from './close/end-call.ts'
import type { Isolate } from './isolate-state.ts'
import { watchDisconnect } from './request/disconnect.ts'
import { attempt } from './upstream/attempt.ts'

/** A deployment that says nothing for this long is not healthy. */
const PROBE_TIMEOUT_MS = 15_000

/** `unknown`: the deployment answered, but its model cannot be asked this way. */
export type ProbeResult = {
  state: 'healthy' | 'unhealthy' | 'unknown'
  ms: number
  status: number | null
  error: string | null
}

export async function probe(
  deployment: Deployment,
  paid: boolean,
  config: GatewayConfig,
  isolate: Isolate,
  deps: CloseDeps,
): Promise<ProbeResult> {
  const probing = isolate.operations.probe(paid ? 'paid' : 'free')
  if (probing === null) return { state: 'unknown', ms: 0, status: null, error: null }
  const call = probeCall(deployment, probing, config)
  const attemptDeps = {
    credentials: isolate.credentials,
    now: () => Date.now(),
    fetcher: (input: RequestInfo | URL, init?: RequestInit) => fetch(input, init),
  }
  const outcome = await attempt(call, deployment, { limitMs: PROBE_TIMEOUT_MS, refreshCredentials: false }, attemptDeps)
  const ms = Date.now() - call.startedMs
  if (outcome.kind === 'success') {
    const { answer } = outcome.value
    if (paid && answer.kind === 'buffered') {
      closeCall(call, { deployment, fallbacks: 0, value: outcome.value }, deps, {
        httpStatus: answer.status,
        verdict: 'complete',
        parts: { headers: answer.headers, body: parseJson(answer.body) },
        cost: null,
        seen: null,
        headersAtMs: Date.now(),
      })
    }
    return { state: 'healthy', ms, status: 200, error: null }
  }
  const { status, type, phase, timedOut } = outcome.failure
  const error = type ?? (timedOut ? 'timeout' : phase)
  // A model without CountTokens, or one that does not converse, refuses the request itself: that says nothing of its health.
  const unasked = status === 400 || type === 'UnknownOperationException'
  return { state: unasked ? 'unknown' : 'unhealthy', ms, status, error }
}

function probeCall(deployment: Deployment, { operation, body }: Probing, config: GatewayConfig): Call {
  const startedMs = Date.now()
  const bytes = new TextEncoder().encode(body)
  const headers = { 'content-type': 'application/json', 'x-litellm-tags': 'health-probe' }
  return {
    id: newCallId(startedMs),
    startedMs,
    config,
    prices: undefined,
    caller: { kind: 'master', apiKey: null, teamId: null, userId: null },
    operation,
    labels: {},
    model: deployment.group,
    resolved: { group: deployment.group },
    search: '',
    clientHeaders: headers,
    upstreamHeaders: { 'content-type': 'application/json' },
    body: { bytes, sizeBytes: bytes.byteLength, release: () => undefined },
    disconnect: watchDisconnect(new AbortController().signal, false),
    attempts: [],
    lastKeyId: undefined,
    requestFacts: { request: null, requestMetadata: null, sizeBytes: bytes.byteLength },
    upstreamWaitMs: 0,
  }
}
