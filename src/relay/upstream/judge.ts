/** As much of an upstream's answer as it takes to tell whether it can be handed on. */

import { joinBytes } from '../../base/bytes.ts'
import { type HeaderMap, headerMap } from '../../base/header-map.ts'
import { createFirstFrameProbe, type FirstFrame } from '../../bedrock/event-stream/first-frame.ts'
import { createStreamTap } from '../../bedrock/event-stream/tap.ts'
import type { Operation, StreamAnswer } from '../../bedrock/operations/operation.ts'
import type { Failure } from '../../routing/policy/failure.ts'
import { clientResponseHeaders } from './crossing-headers.ts'
import { failureOfException, failureOfStatus, isMisrouted } from './error-answer.ts'
import { type Answer, BUFFERED_ANSWER_MAX_BYTES, readWhole } from './upstream-answer.ts'

/** Errors of AWS are a few hundred bytes; more than this is not one of them and is not held. */
const ERROR_BODY_MAX_BYTES = 1024 * 1024

const EVENT_STREAM = 'application/vnd.amazon.eventstream'

export type Judgement =
  | { kind: 'content'; answer: Answer; awsRequestId: string | null }
  | { kind: 'failure'; failure: Failure; answer: Answer | null; awsRequestId: string | null }

/** Rejects when the upstream breaks before enough of the answer has come. */
export async function judgeResponse(operation: Operation, response: Response): Promise<Judgement> {
  const headers = headerMap(response.headers)
  const judgement = await judge(operation, response, headers)
  return { ...judgement, awsRequestId: headers['x-amzn-requestid'] ?? null }
}

type Undated =
  | Omit<Extract<Judgement, { kind: 'content' }>, 'awsRequestId'>
  | Omit<Extract<Judgement, { kind: 'failure' }>, 'awsRequestId'>

async function judge(operation: Operation, response: Response, headers: HeaderMap): Promise<Undated> {
  const { answer, successStatuses } = operation
  const { status } = response
  if (!successStatuses.includes(status)) {
    const read = await readWhole(response, headers, ERROR_BODY_MAX_BYTES)
    if (!read.whole) await read.rest.cancel()
    return { kind: 'failure', ...failureOfStatus(status, headers, read.whole ? read.body : read.prefix) }
  }
  const contentType = headers['content-type'] ?? ''
  if (answer.kind === 'event-stream' && response.body !== null && contentType.startsWith(EVENT_STREAM)) {
    return judgeStream(answer, status, response.body, headers)
  }
  const read = await readWhole(response, headers, BUFFERED_ANSWER_MAX_BYTES)
  const ours = { status, headers: clientResponseHeaders(headers) }
  if (!read.whole) return { kind: 'content', answer: { kind: 'large', ...ours, prefix: read.prefix, rest: read.rest } }
  if (isMisrouted(read.body)) {
    return failed({ phase: 'headers', status, type: 'UnknownOperationException', message: '' })
  }
  if (contentType.startsWith('text/html')) {
    const message = 'an HTML page came in place of an answer'
    return failed({ phase: 'headers', status: 503, type: 'ServiceUnavailableException', message })
  }
  return { kind: 'content', answer: { kind: 'buffered', ...ours, body: read.body } }
}

/** Reads until the first frame is complete: Bedrock may answer 200 and throttle in that frame. */
async function judgeStream(
  answer: StreamAnswer,
  status: number,
  body: ReadableStream<Uint8Array>,
  headers: HeaderMap,
): Promise<Undated> {
  const tap = createStreamTap(answer)
  const probe = createFirstFrameProbe()
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  let first: FirstFrame = { kind: 'incomplete' }
  while (first.kind === 'incomplete') {
    const { done, value } = await reader.read()
    if (done) return failed(firstFrameFailure('the stream ended before its first frame'))
    chunks.push(value)
    size += value.byteLength
    tap.push(value)
    first = probe.push(value)
  }
  if (first.kind === 'content') {
    reader.releaseLock()
    const ours = { status, headers: clientResponseHeaders(headers) }
    return { kind: 'content', answer: { kind: 'stream', ...ours, prefix: joinBytes(chunks, size), rest: body, tap } }
  }
  await reader.cancel()
  if (first.kind === 'corrupt') return failed(firstFrameFailure('the first frame is damaged'))
  return { kind: 'failure', ...failureOfException(first, headers) }
}

function firstFrameFailure(message: string): Failure {
  return { phase: 'first-frame', status: null, type: null, message }
}

function failed(failure: Failure): Undated {
  return { kind: 'failure', failure, answer: null }
}
