/** From the result of the attempts to the client's response, with the end of the call behind it. */
import type { Refusal } from '../../access/refusal.ts'
import { usdFromPico } from '../../base/decimal.ts'
import type { HeaderMap } from '../../base/header-map.ts'
import { retryAfterHeaders } from '../../bedrock/error-response.ts'
import { errorNameOfException, statusOfErrorName } from '../../bedrock/errors.ts'
import { retryAfterMsOf } from '../../bedrock/retry-after.ts'
import type { WireParts } from '../../bedrock/usage/wire-parts.ts'
import type { Deployment } from '../../config/types.ts'
import type { Failure } from '../../routing/policy/failure.ts'
import type { RouteResult, Router } from '../../routing/router.ts'
import type { AdmittedCall } from '../call.ts'
import { CLIENT_CLOSED_REQUEST, costOfParts } from '../close/cost-of-call.ts'
import { type CloseDeps, endCall } from '../close/end-call.ts'
import { type EndedAt, type Ending, endingOf } from '../close/ending.ts'
import type { Delivery } from '../upstream/delivery.ts'
import type { BufferedAnswer, LargeAnswer, StreamingAnswer } from '../upstream/upstream-answer.ts'
import { largeObserver } from './large-observer.ts'
import { type HeaderFacts, ourHeaders, refusalResponse } from './our-headers.ts'
import { passThrough } from './pass-through.ts'
import { type Observation, type StreamObserver, streamObserver } from './stream-observer.ts'

export type DeliverDeps = CloseDeps & { router: Router }

type Result<Kind extends RouteResult<Delivery>['kind']> = Extract<RouteResult<Delivery>, { kind: Kind }>

/** Something that an upstream said and that can be handed on. */
type Deliverable = Result<'answered' | 'failed'>

export function deliver(call: AdmittedCall, result: RouteResult<Delivery>, deps: DeliverDeps): Response {
  switch (result.kind) {
    case 'answered':
    case 'failed':
      return deliverAnswer(call, result, deps)
    case 'exhausted':
      return refuseWithoutAnswer(call, result, deps)
    case 'cooling':
      return refuseCooling(call, result, deps)
    case 'abandoned':
      return endAbandoned(call, result, deps)
    default:
      return result satisfies never
  }
}

function deliverAnswer(call: AdmittedCall, result: Deliverable, deps: DeliverDeps): Response {
  const { answer } = result.value
  switch (answer.kind) {
    case 'buffered':
      return deliverBuffered(call, result, answer, deps)
    case 'stream':
      return passOn(call, result, answer, deps, streamObserver(answer.tap, call.id))
    case 'large':
      return passOn(call, result, answer, deps, observerOfLarge(call, answer))
    default:
      return answer satisfies never
  }
}

/** An answer that is held whole: its cost is known before the headers go out. */
function deliverBuffered(call: AdmittedCall, result: Deliverable, answer: BufferedAnswer, deps: DeliverDeps): Response {
  const headersAtMs = Date.now()
  const succeeded = result.kind === 'answered'
  const parts = succeeded ? partsOf(call, answer) : null
  const cost = parts === null ? null : costOfParts(call, result.deployment, parts, headersAtMs)
  const costUsd = cost === null || cost.picoUsd === null ? null : usdFromPico(cost.picoUsd)
  const headers = {
    // An error that AWS did not number, such as a proxy's, goes by the number of the call.
    ...(succeeded ? {} : { 'x-amzn-requestid': call.id }),
    ...answer.headers,
    ...ourHeaders(call, { ...headerFacts(call, result), costUsd, headersAtMs }),
    ...waitHeaders(result, answer),
  }
  const verdict = call.disconnect.gone() ? 'abandoned' : succeeded ? 'complete' : 'exception'
  const ending = { ...endingOf(result, headersAtMs), httpStatus: answer.status, verdict, parts, cost } as const
  endCall(call, { kind: 'answered', ending }, deps)
  return new Response(answer.body, { status: answer.status, headers })
}

/** A client that may ask again is always told when, in both headers: the wait of routing, else the upstream's, else a second. */
function waitHeaders(result: Deliverable, { status, headers }: BufferedAnswer): HeaderMap {
  if (result.kind === 'answered') return {}
  const asksAgain = status === 429 || status === 503
  const waitMs = result.retryAfterMs ?? (asksAgain ? (retryAfterMsOf(headers) ?? DEFAULT_RETRY_AFTER_MS) : null)
  return waitMs === null ? {} : retryAfterHeaders(waitMs)
}

function observerOfLarge(call: AdmittedCall, answer: LargeAnswer): StreamObserver {
  const observer = largeObserver(call.id, answer.isJson)
  observer.push(answer.prefix)
  return observer
}

function passOn(
  call: AdmittedCall,
  result: Deliverable,
  answer: StreamingAnswer | LargeAnswer,
  deps: DeliverDeps,
  observer: StreamObserver,
): Response {
  const headersAtMs = Date.now()
  const { prefix, rest } = answer
  // Before the pump begins: nobody would end it if these could not be made.
  const ours = ourHeaders(call, { ...headerFacts(call, result), costUsd: null, headersAtMs })
  const silenceMs = answer.kind === 'stream' ? silenceOf(call, result.deployment) : null
  const { body, done } = passThrough({
    prefix,
    rest,
    observer,
    disconnect: call.disconnect,
    cancelUpstream: result.value.cancelUpstream,
    silenceMs,
  })
  const ending = done.then((outcome) => {
    const observation = observer.observe(answer.headers, outcome)
    reportHealth(call, result, observation, deps.router)
    const { verdict, parts, seen } = observation
    const seenEnding = { ...endingOf(result, headersAtMs), httpStatus: answer.status, verdict, parts, seen }
    endCall(call, { kind: 'answered', ending: seenEnding }, deps)
  })
  deps.ctx.waitUntil(ending.catch((cause) => endCall(call, { kind: 'fault', cause }, deps)))
  return new Response(body, { status: answer.status, headers: { ...answer.headers, ...ours } })
}

/** The nearest `stream_timeout` that the configuration has. Without one a pause of any length is allowed, because models think. */
function silenceOf({ config }: AdmittedCall, { streamTimeoutMs }: Deployment): number | null {
  return streamTimeoutMs ?? config.router.streamSilenceMs
}

/** A stream that broke after its first content frame cannot be retried, but its deployment is remembered for it. */
function reportHealth(call: AdmittedCall, result: Deliverable, observation: Observation, router: Router): void {
  const ownHealth = call.operation.health === 'own' ? call.operation.name : null
  if (observation.verdict === 'cut') {
    const failure: Failure = { phase: 'body', status: null, type: null, message: 'the stream broke off' }
    router.streamBroke(result.deployment, failure, ownHealth)
  }
  if (observation.exception !== null) {
    const type = errorNameOfException(observation.exception)
    const failure: Failure = { phase: 'body', status: statusOfErrorName(type), type, message: '' }
    router.streamBroke(result.deployment, failure, ownHealth)
  }
}

/** Nothing came that could be handed on: the gateway answers itself. */
function refuseWithoutAnswer(call: AdmittedCall, result: Result<'exhausted'>, deps: DeliverDeps): Response {
  const headersAtMs = Date.now()
  const refusal = refusalOf(call, result)
  const ours = ourHeaders(call, { ...headerFacts(call, result), costUsd: null, headersAtMs })
  const response = refusalResponse(refusal, call.id, ours)
  const { phase } = result.failure
  const broke = phase === 'first-frame' || phase === 'body' ? 'cut' : 'exception'
  const verdict = call.disconnect.gone() ? 'abandoned' : broke
  const ending = { ...endingOf(result, headersAtMs), httpStatus: response.status, verdict } as const
  endCall(call, { kind: 'refused', refusal, ending }, deps)
  return response
}

/** Wait asked of a client when nothing is known of a cool-down. */
const DEFAULT_RETRY_AFTER_MS = 1000

function refusalOf(call: AdmittedCall, { failure, retryAfterMs }: Result<'exhausted'>): Refusal {
  if (call.attempts.length === 0)
    return { kind: 'unroutable', status: failure.status === 403 ? 403 : 400, message: failure.message }
  if (failure.type === 'UnknownOperationException') return { kind: 'upstream-misrouted', model: call.model }
  const wait = retryAfterMs ?? DEFAULT_RETRY_AFTER_MS
  return { kind: 'upstream-unreachable', model: call.model, detail: reasonOf(failure), retryAfterMs: wait }
}

/** The reason in the gateway's own words: texts of the network or of STS may name what a client need not know. */
function reasonOf({ phase, timedOut }: Failure): string {
  if (phase === 'credentials') return 'its upstream credentials could not be obtained'
  if (timedOut) return 'no answer came in time'
  return phase === 'connect' ? 'the connection failed' : 'the answer broke off'
}

function refuseCooling(call: AdmittedCall, result: Result<'cooling'>, deps: DeliverDeps): Response {
  const { status, reason, retryAfterMs } = result
  const refusal: Refusal = { kind: 'cooling', status, model: call.model, reason, retryAfterMs }
  endCall(call, { kind: 'refused', refusal, ending: null }, deps)
  return refusalResponse(refusal, call.id)
}

/** The client left and no further attempt was made: what was asked of an upstream leaves its row all the same. */
function endAbandoned(call: AdmittedCall, result: Result<'abandoned'>, deps: DeliverDeps): Response {
  const refusal: Refusal = { kind: 'client-left' }
  const last = call.attempts.at(-1)
  const facts = last === undefined ? null : { deployment: last.deployment, fallbacks: result.fallbacks }
  const ending: Ending | null =
    facts === null ? null : { ...endingOf(facts, Date.now()), httpStatus: CLIENT_CLOSED_REQUEST, verdict: 'abandoned' }
  endCall(call, { kind: 'refused', refusal, ending }, deps)
  return refusalResponse(refusal, call.id)
}

function headerFacts(call: AdmittedCall, { deployment, fallbacks }: EndedAt): HeaderFacts {
  const attemptsInGroup = call.attempts.filter((attempt) => attempt.deployment.group === deployment.group).length
  return { deployment, attemptsInGroup, fallbacks }
}

function partsOf(call: AdmittedCall, answer: BufferedAnswer): WireParts {
  const { headers, json } = answer
  return call.operation.bills === 'nothing' ? { headers } : { headers, body: json ?? null }
}
