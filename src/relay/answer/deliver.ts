/** From the result of the attempts to the client's response, with the books closed behind it. */

import type { Refusal } from '../../access/refusal.ts'
import { usdFromPico } from '../../base/decimal.ts'
import { parseJson } from '../../base/json.ts'
import { retryAfterHeaders } from '../../bedrock/error-response.ts'
import { errorNameOfException, statusOfErrorName } from '../../bedrock/errors.ts'
import type { WireParts } from '../../bedrock/usage/wire-parts.ts'
import type { Deployment } from '../../config/types.ts'
import type { Failure } from '../../routing/policy/failure.ts'
import type { AttemptReport, RouteResult, Router } from '../../routing/router.ts'
import { describeCause, logLine } from '../../telemetry/log.ts'
import type { Call } from '../call.ts'
import { CLIENT_CLOSED_REQUEST, costOfParts } from '../close/cost-of-call.ts'
import { type CloseDeps, closeCall } from '../close/end-call.ts'
import type { Delivery } from '../upstream/attempt.ts'
import type { BufferedAnswer, LargeAnswer, StreamingAnswer } from '../upstream/upstream-answer.ts'
import { ourHeaders, refusalResponse } from './our-headers.ts'
import { passThrough } from './pass-through.ts'
import { type Observation, type StreamObserver, streamObserver, tailObserver } from './stream-observer.ts'

type Answered = Extract<RouteResult<Delivery>, { kind: 'answered' }>

export async function deliver(call: Call, result: RouteResult<Delivery>, deps: CloseDeps): Promise<Response> {
  switch (result.kind) {
    case 'answered':
      return deliverAnswer(call, result, deps)
    case 'exhausted':
      return refuseWithoutAnswer(call, result, deps)
    case 'cooling':
      return refuseCooling(call, result)
    case 'abandoned':
      return closeAbandoned(call, result, deps)
    default:
      return result satisfies never
  }
}

function refuseCooling(call: Call, result: Extract<RouteResult<Delivery>, { kind: 'cooling' }>): Response {
  const { status, reason, retryAfterMs } = result
  const refusal: Refusal = { kind: 'cooling', status, model: call.model, reason, retryAfterMs }
  logRefusal(call, refusal)
  return refusalResponse(refusal, call.id)
}

function deliverAnswer(call: Call, result: Answered, deps: CloseDeps): Response {
  const { answer } = result.value
  switch (answer.kind) {
    case 'buffered':
      return deliverBuffered(call, result, answer, deps)
    case 'stream':
      return deliverStream(call, result, answer, deps)
    case 'large':
      return deliverLarge(call, result, answer, deps)
    default:
      return answer satisfies never
  }
}

/** An answer that is held whole: its cost is known before the headers go out. */
function deliverBuffered(call: Call, result: Answered, answer: BufferedAnswer, deps: CloseDeps): Response {
  const headersAtMs = Date.now()
  const succeeded = call.operation.successStatuses.includes(answer.status)
  const parts = succeeded ? partsOf(call, answer) : null
  const cost = parts === null ? null : costOfParts(call, result.deployment, parts, headersAtMs)
  const costUsd = cost === null || cost.picoUsd === null ? null : usdFromPico(cost.picoUsd)
  const headers = {
    // An error that AWS did not number, such as a proxy's, goes by the number of the call.
    ...(succeeded ? {} : { 'x-amzn-requestid': call.id }),
    ...answer.headers,
    ...ourHeaders(call, { ...headerFacts(result), costUsd, headersAtMs }),
    ...(succeeded || result.retryAfterMs === null ? {} : retryAfterHeaders(result.retryAfterMs)),
  }
  closeCall(call, result, deps, {
    httpStatus: answer.status,
    verdict: call.disconnect.gone() ? 'abandoned' : succeeded ? 'complete' : 'exception',
    parts,
    cost,
    seen: null,
    headersAtMs,
  })
  return new Response(answer.body, { status: answer.status, headers })
}

function deliverStream(call: Call, result: Answered, answer: StreamingAnswer, deps: CloseDeps): Response {
  return passOn(call, result, answer, deps, streamObserver(answer.tap, call.id))
}

function deliverLarge(call: Call, result: Answered, answer: LargeAnswer, deps: CloseDeps): Response {
  const tail = tailObserver(call.id)
  tail.push(answer.prefix)
  return passOn(call, result, answer, deps, tail)
}

function passOn(
  call: Call,
  result: Answered,
  answer: StreamingAnswer | LargeAnswer,
  deps: CloseDeps,
  observer: StreamObserver,
): Response {
  const headersAtMs = Date.now()
  const { prefix, rest } = answer
  const { body, done } = passThrough({
    prefix,
    rest,
    observer,
    disconnect: call.disconnect,
    cancelUpstream: result.value.cancelUpstream,
  })
  const closing = done.then((outcome) => {
    const observation = observer.observe(answer.headers, outcome)
    reportHealth(result, observation, deps.router)
    return closeCall(call, result, deps, { httpStatus: answer.status, cost: null, headersAtMs, ...observation })
  })
  deps.ctx.waitUntil(closing.catch((cause) => logLine('fault', { request_id: call.id, cause: describeCause(cause) })))
  const headers = { ...answer.headers, ...ourHeaders(call, { ...headerFacts(result), costUsd: null, headersAtMs }) }
  return new Response(body, { status: answer.status, headers })
}

/** A stream that broke after its first content frame cannot be retried, but its deployment is remembered for it. */
function reportHealth(result: Answered, observation: Observation, router: Router): void {
  if (observation.verdict === 'cut') {
    router.streamBroke(result.deployment, { phase: 'body', status: null, type: null, message: 'the stream broke off' })
  }
  if (observation.exception !== null) {
    const type = errorNameOfException(observation.exception)
    router.streamBroke(result.deployment, { phase: 'body', status: statusOfErrorName(type), type, message: '' })
  }
}

/** Nothing came that could be handed on: the gateway answers itself. Booked only if an upstream was asked. */
function refuseWithoutAnswer(call: Call, result: Exhausted, deps: CloseDeps): Response {
  const { failure } = result
  const refusal = refusalOf(call, result)
  const headersAtMs = Date.now()
  const ours = ourHeaders(call, { ...headerFacts(result), costUsd: null, headersAtMs })
  const response = refusalResponse(refusal, call.id, ours)
  if (result.attempts.some((attempt) => attempt.failure?.phase !== 'credentials')) {
    const broke = failure.phase === 'first-frame' || failure.phase === 'body' ? 'cut' : 'exception'
    const verdict = call.disconnect.gone() ? 'abandoned' : broke
    closeCall(call, result, deps, { httpStatus: response.status, verdict, ...NOTHING_CAME, headersAtMs })
  } else {
    logRefusal(call, refusal)
    deps.router.finished(result.deployment)
  }
  return response
}

type Exhausted = Extract<RouteResult<Delivery>, { kind: 'exhausted' }>

const NOTHING_CAME = { parts: null, cost: null, seen: null }

/** Wait asked of a client when nothing is known of a cool-down. */
const DEFAULT_RETRY_AFTER_MS = 1000

function refusalOf(call: Call, { failure, attempts, retryAfterMs }: Exhausted): Refusal {
  if (attempts.length === 0)
    return { kind: 'unroutable', status: failure.status === 403 ? 403 : 400, message: failure.message }
  if (failure.type === 'UnknownOperationException') return { kind: 'upstream-misrouted', model: call.model }
  const wait = retryAfterMs ?? DEFAULT_RETRY_AFTER_MS
  return { kind: 'upstream-unreachable', model: call.model, detail: reasonOf(failure), retryAfterMs: wait }
}

/** In words of ours: texts of the network or of STS may name what a client need not know. */
function reasonOf({ phase, timedOut }: Failure): string {
  if (phase === 'credentials') return 'its upstream credentials could not be obtained'
  if (timedOut) return 'no answer came in time'
  return phase === 'connect' ? 'the connection failed' : 'the answer broke off'
}

function logRefusal(call: Call, refusal: Refusal): void {
  call.disconnect.end()
  const failures = call.attempts.map(({ deployment, error_type }) => ({ deployment, error_type }))
  logLine('refused', { request_id: call.id, refusal: refusal.kind, model_group: call.model, attempts: failures })
}

/** The client left and no further attempt was made: what was asked of an upstream is booked all the same. */
function closeAbandoned(
  call: Call,
  result: Extract<RouteResult<Delivery>, { kind: 'abandoned' }>,
  deps: CloseDeps,
): Response {
  const last = result.attempts.at(-1)
  if (last !== undefined) {
    closeCall(call, { ...result, deployment: last.deployment }, deps, {
      httpStatus: CLIENT_CLOSED_REQUEST,
      verdict: 'abandoned',
      ...NOTHING_CAME,
      headersAtMs: Date.now(),
    })
  }
  return refusalResponse({ kind: 'internal' }, call.id)
}

function headerFacts(result: { deployment: Deployment; attempts: readonly AttemptReport[]; fallbacks: number }) {
  const attemptsInGroup = result.attempts.filter(
    (attempt) => attempt.deployment.group === result.deployment.group,
  ).length
  return { deployment: result.deployment, attemptsInGroup, fallbacks: result.fallbacks }
}

function partsOf(call: Call, answer: BufferedAnswer): WireParts {
  const { headers } = answer
  return call.operation.bills === 'nothing' ? { headers } : { headers, body: parseJson(answer.body) }
}
