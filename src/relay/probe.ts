/**
 * Asks one deployment whether it answers: CountTokens, which is free, or on demand a real Converse of one token, which is booked.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html
 */
import { parseJson } from '../base/json.ts'
import { OPERATIONS, type Operation, type OperationName } from '../bedrock/operations/bedrock-runtime.ts'
import type { Deployment, GatewayConfig } from '../config/types.ts'
import type { Call } from './call.ts'
import { newCallId } from './call-id.ts'
import { type CloseDeps, closeCall } from './close/end-call.ts'
import type { Isolate } from './isolate-state.ts'
import { watchDisconnect } from './request/disconnect.ts'
import { attempt } from './upstream/attempt.ts'

/** A deployment that says nothing for this long is not healthy. */
const PROBE_TIMEOUT_MS = 15_000

const MESSAGES = [{ role: 'user', content: [{ text: 'ping' }] }]
const COUNT_TOKENS_BODY = JSON.stringify({ input: { converse: { messages: MESSAGES } } })
const CONVERSE_BODY = JSON.stringify({ messages: MESSAGES, inferenceConfig: { maxTokens: 1 } })

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
  const call = probeCall(
    deployment,
    paid ? 'Converse' : 'CountTokens',
    paid ? CONVERSE_BODY : COUNT_TOKENS_BODY,
    config,
  )
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

function probeCall(deployment: Deployment, name: OperationName, text: string, config: GatewayConfig): Call {
  const startedMs = Date.now()
  const bytes = new TextEncoder().encode(text)
  const headers = { 'content-type': 'application/json', 'x-litellm-tags': 'health-probe' }
  return {
    id: newCallId(startedMs),
    startedMs,
    config,
    prices: undefined,
    caller: { kind: 'master', apiKey: null, teamId: null, userId: null },
    operation: operationNamed(name),
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

function operationNamed(name: OperationName): Operation {
  const operation = OPERATIONS.find((one) => one.name === name)
  if (operation === undefined) throw new Error(`${name} is not in the table of operations`)
  return operation
}
