/** One attempt on one deployment: credentials, signature, fetch, judgement, and its line in the attempt log. */

import { upstreamPath } from '../../bedrock/operations/path.ts'
import { SERVICES } from '../../bedrock/operations/services.ts'
import type { CredentialProvider } from '../../bedrock/signing/credential-provider.ts'
import { signRequest } from '../../bedrock/signing/sign.ts'
import type { Deployment } from '../../config/types.ts'
import type { Failure } from '../../routing/policy/failure.ts'
import type { AttemptOutcome } from '../../routing/router.ts'
import type { Call } from '../call.ts'
import { costOfFailedAttempt } from '../close/cost-of-call.ts'
import { readRequestFacts } from '../request/request-facts.ts'
import { judgeResponse } from './judge.ts'
import type { Answer } from './upstream-answer.ts'

export type AttemptDeps = { credentials: CredentialProvider; now(): number; fetcher: typeof fetch }

/** An answer that can be handed on, error or not. */
export type Delivery = {
  answer: Answer
  awsRequestId: string | null
  /** Ends the upstream connection at once. */
  cancelUpstream(): void
  /** Instant at which the answer was known to be content; null for an error. */
  firstFrameAtMs: number | null
}

/** How far an attempt came, for the failure that a broken connection means. */
type Progress = { sentMs: number | null; answered: boolean; timedOut: boolean }

export type AttemptLimits = {
  /** Bound on the wait for the answer: until the first frame of a stream, until the body of all others. */
  limitMs: number
  /** The session of an assumed role was refused: take another one. */
  refreshCredentials: boolean
}

export async function attempt(
  call: Call,
  target: Deployment,
  limits: AttemptLimits,
  deps: AttemptDeps,
): Promise<AttemptOutcome<Delivery>> {
  const startedMs = deps.now()
  const controller = new AbortController()
  const progress: Progress = { sentMs: null, answered: false, timedOut: false }
  const timer = setTimeout(() => {
    progress.timedOut = true
    controller.abort()
  }, limits.limitMs)
  // One signal for the whole life of the upstream connection: the time-out now, the end of the drain later.
  call.disconnect.guard(() => controller.abort())
  let outcome: AttemptOutcome<Delivery>
  try {
    const refused = limits.refreshCredentials ? call.lastKeyId : undefined
    outcome = await ask(call, target, { controller, refused, progress }, deps)
  } catch (cause) {
    outcome = { kind: 'failure', failure: brokenOff(cause, progress), value: null }
  } finally {
    clearTimeout(timer)
  }
  const endedMs = deps.now()
  if (progress.sentMs !== null) call.upstreamWaitMs += endedMs - progress.sentMs
  note(call, target, outcome, startedMs, endedMs)
  return outcome
}

async function ask(
  call: Call,
  target: Deployment,
  { controller, refused, progress }: { controller: AbortController; refused: string | undefined; progress: Progress },
  deps: AttemptDeps,
): Promise<AttemptOutcome<Delivery>> {
  const signing = await deps.credentials.get(target.credentials, target.region, refused)
  if (!signing.ok) {
    const { status, code, message } = signing
    return { kind: 'failure', failure: { phase: 'credentials', status, type: code, message }, value: null }
  }
  if (signing.credentials.kind === 'keys') call.lastKeyId = signing.credentials.accessKeyId
  const { method, service, credentials } = call.operation
  if (!credentials.includes(signing.credentials.kind)) return { kind: 'failure', failure: NOT_ACCEPTED, value: null }
  const { endpoint, signingName } = SERVICES[service]
  const url = target[endpoint] + upstreamPath(call.operation, call.labels, target.model, call.search)
  const body = call.body.bytes
  const unsigned = { method, url, headers: call.upstreamHeaders, body, region: target.region }
  const headers = await signRequest(unsigned, signing.credentials, signingName)
  // Set after signing, since an intermediary may rewrite it: a compressed answer would not be AWS's bytes.
  headers.set('accept-encoding', 'identity')
  const cancelUpstream = () => controller.abort()
  const sentMs = deps.now()
  progress.sentMs = sentMs
  const answering = deps.fetcher(url, { method, headers, body, redirect: 'manual', signal: controller.signal })
  // The books' share of reading the request overlaps with the wait for the upstream.
  call.requestFacts = readRequestFacts(call.operation, call.clientHeaders, body, target.baseModel ?? target.model)
  const response = await answering
  progress.answered = call.operation.successStatuses.includes(response.status)
  const judgement = await judgeResponse(call.operation, response)
  const judgedAtMs = deps.now()
  const { awsRequestId } = judgement
  if (judgement.kind === 'content') {
    const value = { answer: judgement.answer, awsRequestId, cancelUpstream, firstFrameAtMs: judgedAtMs }
    return { kind: 'success', value, msToFirstFrame: judgedAtMs - sentMs }
  }
  const value =
    judgement.answer === null ? null : { answer: judgement.answer, awsRequestId, cancelUpstream, firstFrameAtMs: null }
  return { kind: 'failure', failure: judgement.failure, value }
}

/** A deployment whose credentials AWS does not take for this operation: another one may have others. */
const NOT_ACCEPTED: Failure = {
  phase: 'credentials',
  status: null,
  type: 'AccessDeniedException',
  message: 'the operation does not accept this kind of credentials',
}

/** A connection that broke: before the headers, or in an answer that had begun with 200. */
function brokenOff(cause: unknown, { answered, timedOut }: Progress): Failure {
  const phase = answered ? 'first-frame' : timedOut ? 'headers' : 'connect'
  if (timedOut) return { phase, status: null, type: null, message: 'no answer in time', timedOut: true }
  return { phase, status: null, type: null, message: cause instanceof Error ? cause.message : 'the connection failed' }
}

/** The attempt's element of `attempt_log`. */
function note(
  call: Call,
  target: Deployment,
  outcome: AttemptOutcome<Delivery>,
  startedMs: number,
  endedMs: number,
): void {
  const failure = outcome.kind === 'failure' ? outcome.failure : null
  call.attempts.push({
    deployment: target.id,
    region: target.region,
    status: failure === null ? (outcome.value?.answer.status ?? null) : failure.status,
    error_type: failure === null ? null : (failure.type ?? reasonWithoutAnswer(failure)),
    aws_request_id: outcome.value?.awsRequestId ?? null,
    ms: endedMs - startedMs,
    ...(failure === null || outcome.value === null
      ? {}
      : costOfFailedAttempt(call, target, outcome.value.answer.headers, endedMs)),
  })
}

/** Null for an answer that has a status but no AWS error name. */
function reasonWithoutAnswer({ timedOut, phase, status }: Failure): string | null {
  if (timedOut) return 'timeout'
  if (status !== null) return null
  return phase === 'first-frame' || phase === 'body' ? 'cut' : 'network'
}
