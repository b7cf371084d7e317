/**
 * The journey of a call: authenticate, recognise, read, resolve, plan and attempt, deliver, settle.
 * Each step takes what the one before it returned; a refusal at any step becomes an AWS-shaped answer in one place.
 */
import { authenticate } from '../access/authenticate.ts'
import type { Refusal } from '../access/refusal.ts'
import type { Background } from '../base/background.ts'
import { headerMap } from '../base/header-map.ts'
import { recognise } from '../bedrock/operations/path.ts'
import { resourceOf } from '../bedrock/operations/place.ts'
import type { Env } from '../env.ts'
import { describeCause, logLine } from '../telemetry/log.ts'
import { deliver } from './answer/deliver.ts'
import { refusalResponse } from './answer/our-headers.ts'
import type { Call } from './call.ts'
import { newCallId } from './call-id.ts'
import type { Isolate } from './isolate-state.ts'
import { watchDisconnect } from './request/disconnect.ts'
import { drainUpload, holdBody } from './request/held-body.ts'
import { admissionOf } from './request/prompt-size.ts'
import { resolveModel } from './request/resolve-model.ts'
import { type AttemptDeps, attempt } from './upstream/attempt.ts'
import { upstreamRequestHeaders } from './upstream/crossing-headers.ts'

/** Mount point of Bedrock's API; clients set `endpoint_url` to `https://<worker>/bedrock`. */
export const BEDROCK_PREFIX = '/bedrock'

export function relay(request: Request, env: Env, ctx: Background, isolate: Isolate): Promise<Response> {
  const startedMs = Date.now()
  const callId = newCallId(startedMs)
  const work = travel(request, env, ctx, isolate, { callId, startedMs }).catch((cause: unknown) => {
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
  isolate: Isolate,
  { callId, startedMs }: { callId: string; startedMs: number },
): Promise<Response> {
  const refuse = async (refusal: Refusal): Promise<Response> => {
    logLine('refused', { request_id: callId, method: request.method, refusal: refusal.kind })
    await drainUpload(request)
    return refusalResponse(refusal, callId)
  }
  // Both are in memory but for the first call of an isolate.
  const loadingPrices = isolate.prices(env, ctx)
  const config = await isolate.config(env, ctx)
  const prices = await loadingPrices
  if (config === null) return refuse({ kind: 'no-config' })
  const headers = headerMap(request.headers)
  const caller = await authenticate(headers, config.masterKey)
  if (caller.kind !== 'master') return refuse(caller)
  const recognised = recognise(isolate.operations, request.method, request.url, BEDROCK_PREFIX)
  if ('kind' in recognised) return refuse(recognised)
  const body = await holdBody(request, isolate.bodies)
  if ('kind' in body) return refuse(body)
  // The model may stand in the body, so it is known only now.
  const model = resourceOf(recognised.operation, { labels: recognised.labels, headers, body: body.bytes }) ?? ''
  const resolved = resolveModel(config, model)
  if ('kind' in resolved) {
    body.release()
    return refuse(resolved)
  }
  const call: Call = {
    id: callId,
    startedMs,
    config,
    prices,
    caller,
    ...recognised,
    model,
    resolved,
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
    const router = isolate.router(config)
    const deps: AttemptDeps = {
      credentials: isolate.credentials,
      now: () => Date.now(),
      fetcher: (input, init) => fetch(input, init),
    }
    const result = await router.route({
      ...resolved,
      portable: call.operation.fallback === 'any-group',
      streams: call.operation.answer.kind === 'event-stream',
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
