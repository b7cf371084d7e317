/**
 * The journey of a call: authenticate, recognise, admit, plan and attempt, deliver, settle.
 * Each step takes what the one before it returned; a refusal at any step becomes an AWS-shaped answer in one place.
 */
import { authenticate } from '../access/authenticate.ts'
import { type HeaderMap, headerMap } from '../bedrock/header-map.ts'
import { recogniseCall } from '../bedrock/path.ts'
import type { Refusal } from '../bedrock/refusal.ts'
import type { GatewayConfig } from '../config/types.ts'
import type { Env } from '../env.ts'
import { describeCause, logLine } from '../telemetry/log.ts'
import { admissionOf } from './admission.ts'
import { type AttemptDeps, attempt } from './attempt.ts'
import { drainUpload, holdBody } from './body.ts'
import type { Call } from './call.ts'
import { newCallId } from './call-id.ts'
import { deliver } from './deliver.ts'
import { watchDisconnect } from './disconnect.ts'
import type { Background, Gateway } from './gateway.ts'
import { upstreamRequestHeaders } from './headers.ts'
import { resolveModel } from './model.ts'
import { refusalResponse } from './respond.ts'

/** Mount point of Bedrock's API; clients set `endpoint_url` to `https://<worker>/bedrock`. */
export const BEDROCK_PREFIX = '/bedrock'

export function relay(request: Request, env: Env, ctx: Background, gateway: Gateway): Promise<Response> {
  const startedMs = Date.now()
  const callId = newCallId(startedMs)
  const work = travel(request, env, ctx, gateway, { callId, startedMs }).catch((cause: unknown) => {
    logLine('fault', { request_id: callId, cause: describeCause(cause) })
    return refusalResponse({ kind: 'internal' }, callId)
  })
  // Held from the start: a call whose client leaves is still finished and booked.
  ctx.waitUntil(work)
  return work
}

async function travel(
  request: Request,
  env: Env,
  ctx: Background,
  gateway: Gateway,
  { callId, startedMs }: { callId: string; startedMs: number },
): Promise<Response> {
  const refuse = async (refusal: Refusal): Promise<Response> => {
    logLine('refused', { request_id: callId, method: request.method, refusal: refusal.kind })
    await drainUpload(request)
    return refusalResponse(refusal, callId)
  }
  // Both are in memory but for the first call of an isolate.
  const loadingPrices = gateway.prices(env, ctx)
  const config = await gateway.config(env, ctx)
  const prices = await loadingPrices
  if (config === null) return refuse({ kind: 'no-config' })
  const headers = headerMap(request.headers)
  const admitted = await admit(request, headers, config)
  if ('kind' in admitted) return refuse(admitted)
  const body = await holdBody(request, gateway.bodies)
  if ('kind' in body) return refuse(body)
  const call: Call = {
    id: callId,
    startedMs,
    config,
    prices,
    ...admitted,
    clientHeaders: headers,
    upstreamHeaders: upstreamRequestHeaders(headers),
    body,
    disconnect: watchDisconnect(request.signal, config.cancelOnDisconnect),
    attempts: [],
    lastKeyId: undefined,
    requestFacts: { request: null, requestMetadata: null, sizeBytes: body.sizeBytes },
    upstreamWaitMs: 0,
  }
  try {
    const router = gateway.router(config)
    const deps: AttemptDeps = {
      credentials: gateway.credentials,
      now: () => Date.now(),
      fetcher: (input, init) => fetch(input, init),
    }
    const result = await router.route({
      ...admitted.resolved,
      portable: call.operation.portable,
      streams: call.operation.streams,
      bodyBytes: body.bytes,
      isAbandoned: call.disconnect.gone,
      ...admissionOf(call),
      attempt: (target, _n, limitMs, refreshCredentials) =>
        attempt(call, target, { limitMs, refreshCredentials }, deps),
    })
    return await deliver(call, result, { env, ctx, router })
  } finally {
    body.release()
  }
}

type Admitted = Pick<Call, 'caller' | 'operation' | 'model' | 'search' | 'resolved'>

async function admit(request: Request, headers: HeaderMap, config: GatewayConfig): Promise<Admitted | Refusal> {
  const caller = await authenticate(headers, config.masterKey)
  if (caller.kind !== 'master') return caller
  const recognised = recogniseCall(request.method, request.url, BEDROCK_PREFIX)
  if ('kind' in recognised) return recognised
  const resolved = resolveModel(config, recognised.model)
  if ('kind' in resolved) return resolved
  return { caller, ...recognised, resolved }
}
