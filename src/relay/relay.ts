/**
 * The journey of a call: recognise, identify, read the body, resolve, route and attempt, deliver. Each step takes what the one
 * before it found out; a refusal at any step is a value that becomes an AWS-shaped answer. `endCall` ends every call, once.
 */
import { identify } from '../access/authenticate.ts'
import { mayDo } from '../access/caller.ts'
import type { Refusal } from '../access/refusal.ts'
import type { Background } from '../base/background.ts'
import { headerMap } from '../base/header-map.ts'
import { no, ok, type Result } from '../base/result.ts'
import { recognise } from '../bedrock/operations/path.ts'
import { resourceOf } from '../bedrock/operations/place.ts'
import { canonicalQuery } from '../bedrock/signing/canonical-query.ts'
import { requestedTier } from '../bedrock/usage/requested-tier.ts'
import type { Deployment } from '../config/types.ts'
import type { Env } from '../env.ts'
import type { RouteCall } from '../routing/router.ts'
import { deliver } from './answer/deliver.ts'
import { refusalResponse } from './answer/our-headers.ts'
import { type AdmittedCall, admitCall, beginCall, type Call } from './call.ts'
import { newCallId } from './call-id.ts'
import { endCall } from './close/end-call.ts'
import type { IsolateState } from './isolate-state.ts'
import { watchDisconnect } from './request/disconnect.ts'
import { drainUpload } from './request/drain-upload.ts'
import { readBody } from './request/held-body.ts'
import { promptSizeOf, reservedTokensOf } from './request/prompt-size.ts'
import { resolveModel } from './request/resolve-model.ts'
import { attemptCall } from './upstream/attempt.ts'
import { upstreamRequestHeaders } from './upstream/crossing-headers.ts'
import type { Delivery } from './upstream/delivery.ts'

/** Mount point of Bedrock's API; clients set `endpoint_url` to `https://<worker>/bedrock`. */
export const BEDROCK_PREFIX = '/bedrock'

export type RelayDeps = { env: Env; ctx: Background; isolate: IsolateState }

export function relay(request: Request, deps: RelayDeps): Promise<Response> {
  const startedMs = Date.now()
  const call = beginCall(newCallId(startedMs), startedMs, request.method, headerMap(request.headers))
  const work = travel(call, request, deps).catch((cause: unknown) => answerFault(call, cause, deps))
  // Held from the start: a call whose client leaves is still finished and recorded.
  deps.ctx.waitUntil(work)
  return work
}

async function travel(call: Call, request: Request, deps: RelayDeps): Promise<Response> {
  const admitted = await admit(call, request, deps)
  if (!admitted.ok) return refuse(call, request, admitted.reason, deps)
  return carry(admitted.value, deps)
}

/** Every step that can refuse a call before an upstream is looked for. */
async function admit(call: Call, request: Request, deps: RelayDeps): Promise<Result<AdmittedCall, Refusal>> {
  const { env, ctx, isolate } = deps
  // Both are in memory but for the first call of an isolate.
  const [config, prices] = await Promise.all([isolate.config(env, ctx), isolate.prices(env, ctx)])
  if (config === null) return no({ kind: 'no-config' })
  const recognised = recognise(isolate.operations, request.method, request.url, BEDROCK_PREFIX)
  if ('kind' in recognised) return no(recognised)
  const { operation, labels } = recognised
  const caller = await identify(call.clientHeaders, config.masterKey)
  if (!caller.ok) return caller
  if (!mayDo(caller.value, { permission: 'call', scope: 'own' }))
    return no({ kind: 'not-allowed', action: 'call models' })
  const query = canonicalQuery(recognised.search)
  if (!query.ok) return query
  const upstreamHeaders = upstreamRequestHeaders(call.clientHeaders)
  if (!upstreamHeaders.ok) return upstreamHeaders
  const body = await readBody(request, isolate.bodies)
  if (!body.ok) return body
  call.holds.push(body.value.release)
  // The model may stand in the body, so it is known only now.
  const model = resourceOf(operation, { labels, headers: call.clientHeaders, body: body.value.bytes }) ?? ''
  const resolved = resolveModel(config, model)
  if (!resolved.ok) return resolved
  const facts = { config, prices, caller: caller.value, operation, labels, model, resolved: resolved.value }
  const sent = { search: query.value, upstreamHeaders: upstreamHeaders.value, body: body.value }
  const disconnect = watchDisconnect(request.signal, config.cancelOnDisconnect)
  return ok(admitCall(call, { ...facts, ...sent, disconnect }))
}

/** Routes and delivers a call; with `only`, to that deployment and no other, whatever its health. Never rejects. */
export function carry(call: AdmittedCall, deps: RelayDeps, only?: Deployment): Promise<Response> {
  return routeAndDeliver(call, deps, only).catch((cause: unknown) => answerFault(call, cause, deps))
}

async function routeAndDeliver(call: AdmittedCall, deps: RelayDeps, only?: Deployment): Promise<Response> {
  const { env, ctx, isolate } = deps
  const router = isolate.router(call.config)
  const result = await (only === undefined ? router.route(routeOf(call, deps)) : router.ask(routeOf(call, deps), only))
  if (result.kind === 'answered') call.holds.push(result.finish)
  // No attempt can need it any more, and a stream may last for minutes.
  call.body.release()
  forgetErrorBodies(call, result.kind === 'failed' ? result.value : null)
  return deliver(call, result, { env, ctx, router })
}

function routeOf(call: AdmittedCall, { isolate }: RelayDeps): RouteCall<Delivery> {
  const { operation, clientHeaders, body, attempts, disconnect } = call
  return {
    ...call.resolved,
    fallback: operation.fallback,
    ownHealth: operation.health === 'own' ? operation.name : null,
    streams: operation.answer.kind === 'event-stream',
    bodyBytes: body.bytes,
    attempts,
    isAbandoned: disconnect.gone,
    serviceTier: () => requestedTier(operation.serviceTier, clientHeaders, body.bytes),
    reservedTokens: () => reservedTokensOf(call),
    ...promptSizeOf(call),
    attempt: (attempt, limitMs, refreshCredentials) =>
      attemptCall(call, attempt, { limitMs, refreshCredentials }, isolate),
  }
}

const NO_BYTES = new Uint8Array(0)

/** Of the errors that are not delivered only status and headers matter any more. */
function forgetErrorBodies(call: AdmittedCall, delivered: Delivery | null): void {
  for (const attempt of call.attempts) {
    const { value } = attempt
    if (value === null || value === delivered || attempt.failure === null) continue
    if (value.answer.kind === 'buffered') attempt.value = { ...value, answer: { ...value.answer, body: NO_BYTES } }
  }
}

async function refuse(call: Call, request: Request, refusal: Refusal, deps: RelayDeps): Promise<Response> {
  endCall(call, { kind: 'refused', refusal, ending: null }, deps)
  await drainUpload(request)
  return refusalResponse(refusal, call.id)
}

function answerFault(call: Call, cause: unknown, deps: RelayDeps): Response {
  endCall(call, { kind: 'fault', cause }, deps)
  return refusalResponse({ kind: 'internal' }, call.id)
}
