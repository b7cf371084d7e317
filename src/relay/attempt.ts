/** One attempt on one deployment: credentials, signature, fetch, and as much of the answer as it takes to judge it. */
import type { CredentialProvider } from '../bedrock/credential-provider.ts'
import { createFirstFrameProbe, type FirstFrame } from '../bedrock/event-stream/first-frame.ts'
import { createStreamTap } from '../bedrock/event-stream/tap.ts'
import { upstreamPath } from '../bedrock/path.ts'
import { signRequest } from '../bedrock/sign.ts'
import type { Deployment } from '../config/types.ts'
import type { Failure } from '../routing/failure.ts'
import type { AttemptOutcome } from '../routing/router.ts'
import { type Answer, BUFFERED_ANSWER_MAX_BYTES, readWhole, type StreamingAnswer } from './answer.ts'
import { joinBytes } from './bytes.ts'
import type { Call } from './call.ts'
import { watchDisconnect } from './drain.ts'
import { failureOfException, failureOfStatus, isMisrouted } from './failure.ts'
import { clientResponseHeaders } from './headers.ts'
import { costOfFailedAttempt } from './money.ts'
import { readRequestFacts } from './request-facts.ts'

/** Errors of AWS are a few hundred bytes; more than this is not one of them and is not held. */
const ERROR_BODY_MAX_BYTES = 1024 * 1024

const EVENT_STREAM = 'application/vnd.amazon.eventstream'

export type AttemptDeps = { credentials: CredentialProvider; now(): number; fetcher: typeof fetch }

type Progress = { answered: boolean }

/** A delivered answer knows which attempt it came from and how to end its upstream. */
export type Delivery = {
  answer: Answer
  awsRequestId: string | null
  cancelUpstream(): void
  /** Instant at which the answer was known to be content. */
  firstFrameAtMs: number | null
}

export async function attempt(
  call: Call,
  target: Deployment,
  limitMs: number,
  deps: AttemptDeps,
): Promise<AttemptOutcome<Delivery>> {
  const startedMs = deps.now()
  const controller = new AbortController()
  const progress: Progress = { answered: false }
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    controller.abort()
  }, limitMs)
  const cancelUpstream = () => controller.abort()
  const drain = watchDisconnect({
    clientGone: call.clientGone,
    cancelOnDisconnect: call.config.cancelOnDisconnect,
    cancelUpstream,
  })
  let outcome: AttemptOutcome<Delivery>
  try {
    outcome = await ask(call, target, controller, progress, deps)
  } catch (cause) {
    outcome = { kind: 'failure', failure: brokenOff(cause, timedOut, progress), value: null }
  } finally {
    clearTimeout(timer)
    drain.end()
  }
  note(call, target, outcome, startedMs, deps.now())
  return outcome
}

async function ask(
  call: Call,
  target: Deployment,
  controller: AbortController,
  progress: Progress,
  deps: AttemptDeps,
): Promise<AttemptOutcome<Delivery>> {
  const signing = await deps.credentials.get(target.credentials, target.region, call.expiredSessions.get(target.id))
  if (!signing.ok) {
    const failure: Failure = {
      phase: 'credentials',
      status: signing.status,
      type: signing.code,
      message: signing.message,
    }
    return { kind: 'failure', failure, value: null }
  }
  const url = target.runtimeEndpoint + upstreamPath(call.operation, target.model, call.search)
  const body = call.body.bytes
  const headers = await signRequest(
    { method: call.operation.method, url, headers: call.upstreamHeaders, body, region: target.region },
    signing.credentials,
  )
  // Asked for after signing, since an intermediary may rewrite it: compressed answers would not be AWS's bytes.
  headers.set('accept-encoding', 'identity')
  const sentMs = deps.now()
  const answering = deps.fetcher(url, {
    method: call.operation.method,
    headers,
    body,
    redirect: 'manual',
    signal: controller.signal,
  })
  // The books' share of reading the request overlaps with the wait for the upstream.
  call.requestFacts = readRequestFacts(call.operation, call.clientHeaders, body, target.baseModel ?? target.model)
  const response = await answering
  progress.answered = response.status === 200
  call.upstreamWaitMs += deps.now() - sentMs
  return judge(call, response, controller, sentMs, deps)
}

async function judge(
  call: Call,
  response: Response,
  controller: AbortController,
  sentMs: number,
  deps: AttemptDeps,
): Promise<AttemptOutcome<Delivery>> {
  const deliver = (answer: Answer, firstFrameAtMs: number | null): Delivery => ({
    answer,
    awsRequestId: response.headers.get('x-amzn-requestid'),
    cancelUpstream: () => controller.abort(),
    firstFrameAtMs,
  })
  if (response.status !== 200) {
    const read = await readWhole(response, ERROR_BODY_MAX_BYTES)
    if (!read.whole) controller.abort()
    const { failure, answer } = failureOfStatus(response.status, response.headers, read.whole ? read.body : read.prefix)
    return { kind: 'failure', failure, value: deliver(answer, null) }
  }
  if (
    call.operation.streams &&
    response.body !== null &&
    response.headers.get('content-type')?.startsWith(EVENT_STREAM)
  ) {
    return judgeStream(call, response, response.body, deliver, sentMs, deps)
  }
  const read = await readWhole(response, BUFFERED_ANSWER_MAX_BYTES)
  const answeredAtMs = deps.now()
  const msToFirstFrame = answeredAtMs - sentMs
  const headers = clientResponseHeaders(response.headers)
  if (!read.whole) {
    const answer: Answer = { kind: 'large', status: 200, headers, prefix: read.prefix, rest: read.rest }
    return { kind: 'success', value: deliver(answer, answeredAtMs), msToFirstFrame }
  }
  if (isMisrouted(read.body))
    return failed({ phase: 'headers', status: 200, type: 'UnknownOperationException', message: '' })
  if (response.headers.get('content-type')?.startsWith('text/html')) {
    return failed({
      phase: 'headers',
      status: 503,
      type: 'ServiceUnavailableException',
      message: 'an HTML page instead of an answer',
    })
  }
  return {
    kind: 'success',
    value: deliver({ kind: 'buffered', status: 200, headers, body: read.body }, answeredAtMs),
    msToFirstFrame,
  }
}

/** Reads until the first frame is complete: Bedrock may answer 200 and throttle in that frame. */
async function judgeStream(
  call: Call,
  response: Response,
  body: ReadableStream<Uint8Array>,
  deliver: (answer: Answer, firstFrameAtMs: number | null) => Delivery,
  sentMs: number,
  deps: AttemptDeps,
): Promise<AttemptOutcome<Delivery>> {
  const streaming = call.operation.name === 'InvokeModelWithResponseStream' ? call.operation.name : 'ConverseStream'
  const tap = createStreamTap(streaming)
  const probe = createFirstFrameProbe()
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  let first: FirstFrame = { kind: 'incomplete' }
  while (first.kind === 'incomplete') {
    const { done, value } = await reader.read()
    if (done)
      return failed({
        phase: 'first-frame',
        status: null,
        type: null,
        message: 'the stream ended before its first frame',
      })
    chunks.push(value)
    size += value.byteLength
    tap.push(value)
    first = probe.push(value)
  }
  const answeredAtMs = deps.now()
  const msToFirstFrame = answeredAtMs - sentMs
  if (first.kind === 'content') {
    reader.releaseLock()
    const headers = clientResponseHeaders(response.headers)
    const answer: StreamingAnswer = {
      kind: 'stream',
      status: 200,
      headers,
      prefix: joinBytes(chunks, size),
      rest: body,
      tap,
    }
    return { kind: 'success', value: deliver(answer, answeredAtMs), msToFirstFrame }
  }
  await reader.cancel()
  if (first.kind === 'corrupt') {
    return failed({ phase: 'first-frame', status: null, type: null, message: 'the first frame is damaged' })
  }
  const { failure, answer } = failureOfException(first, response.headers)
  return { kind: 'failure', failure, value: deliver(answer, null) }
}

function failed(failure: Failure): AttemptOutcome<Delivery> {
  return { kind: 'failure', failure, value: null }
}

/** A connection that broke: before the headers, or in an answer that had begun with 200. */
function brokenOff(cause: unknown, timedOut: boolean, progress: Progress): Failure {
  const phase = progress.answered ? 'first-frame' : timedOut ? 'headers' : 'connect'
  if (timedOut) return { phase, status: null, type: null, message: 'no answer in time', timedOut: true }
  return { phase, status: null, type: null, message: cause instanceof Error ? cause.message : 'the connection failed' }
}

/** The attempt's element of `attempt_log`, and what the next attempt must know. */
function note(
  call: Call,
  target: Deployment,
  outcome: AttemptOutcome<Delivery>,
  startedMs: number,
  endedMs: number,
): void {
  const failure = outcome.kind === 'failure' ? outcome.failure : null
  if (failure?.type === 'ExpiredTokenException') call.expiredSessions.set(target.id, endedMs)
  call.attempts.push({
    deployment: target.id,
    region: target.region,
    status: failure === null ? 200 : failure.status,
    error_type:
      failure === null
        ? null
        : (failure.type ?? (failure.timedOut ? 'timeout' : failure.phase === 'first-frame' ? 'cut' : 'network')),
    aws_request_id: outcome.value?.awsRequestId ?? null,
    ms: endedMs - startedMs,
    ...(failure === null || outcome.value === null
      ? {}
      : costOfFailedAttempt(call, target, outcome.value.answer.headers, endedMs)),
  })
}
