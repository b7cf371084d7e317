/** As much of an upstream's answer as it takes to tell whether it can be handed on. */

import { joinBytes } from '../../base/bytes.ts'
import { type HeaderMap, headerMap } from '../../base/header-map.ts'
import { isObject } from '../../base/json.ts'
import { createFirstFrameReader, type FirstFrame } from '../../bedrock/event-stream/first-frame.ts'
import { createStreamTap } from '../../bedrock/event-stream/tap.ts'
import type { Operation, StreamAnswer } from '../../bedrock/operations/operation.ts'
import type { Failure } from '../../routing/policy/failure.ts'
import { readAnswerJson } from './answer-json.ts'
import { clientResponseHeaders } from './crossing-headers.ts'
import { failureOfException, failureOfStatus, isMisrouted } from './error-answer.ts'
import { type Answer, BUFFERED_ANSWER_MAX_BYTES, fromUpstream, readWhole } from './upstream-answer.ts'

/** Errors of AWS are a few hundred bytes; more than this is not one of them and is not held. */
const ERROR_BODY_MAX_BYTES = 1024 * 1024

const EVENT_STREAM = 'application/vnd.amazon.eventstream'

/** `application/json`, and types built on it; not lists of JSON texts, `application/jsonlines`. */
const JSON_TYPE = /^(?:application|text)\/(?:json|[^;]+\+json)$/

/** Far more than the white space that stands before the first word of an answer. */
const START_BYTES = 256

const HTML_TYPES: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml'])

export type Judgement =
  | { kind: 'content'; answer: Answer; awsRequestId: string | null }
  | { kind: 'failure'; failure: Failure; answer: Answer | null; awsRequestId: string | null }

/** Rejects with `UpstreamBroke` where the upstream breaks before enough of the answer has come. */
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
    if (!read.whole) await fromUpstream(read.rest.cancel())
    return { kind: 'failure', ...failureOfStatus(status, headers, read.whole ? read.body : read.prefix) }
  }
  const type = mediaType(headers)
  if (answer.kind === 'event-stream' && response.body !== null && type === EVENT_STREAM) {
    return judgeStream(answer, status, response.body, headers)
  }
  if (HTML_TYPES.has(type)) {
    await fromUpstream(response.body?.cancel() ?? Promise.resolve())
    return failed(HTML_PAGE)
  }
  const read = await readWhole(response, headers, BUFFERED_ANSWER_MAX_BYTES)
  const ours = { status, headers: clientResponseHeaders(headers) }
  if (!read.whole) {
    if (answer.kind !== 'event-stream') {
      const { prefix, rest } = read
      const isJson = answer.kind === 'json' || !isOtherMedia(type, prefix)
      return { kind: 'content', answer: { kind: 'large', isJson, ...ours, prefix, rest } }
    }
    await fromUpstream(read.rest.cancel())
    return failed(notAnAnswer('something else came in place of an event stream'))
  }
  return judgeBody(operation, type, ours, read.body)
}

/** A body that is held whole. What AWS would not answer is a failure: it may fail over, and it may have consumed something. */
function judgeBody(
  { answer }: Operation,
  type: string,
  ours: { status: number; headers: HeaderMap },
  body: Uint8Array,
): Undated {
  if (isMisrouted(body))
    return failed({ phase: 'headers', status: ours.status, type: 'UnknownOperationException', message: '' })
  if (isPage(body)) return failed(HTML_PAGE)
  if (answer.kind === 'event-stream') return failed(notAnAnswer('something else came in place of an event stream'))
  if (body.byteLength === 0) return failed(notAnAnswer('the answer is empty'))
  const { isWhole, value } = readAnswerJson(body)
  const isAnswer = answer.kind === 'blob' ? isWhole || isOtherMedia(type, body) : isWhole && isObject(value)
  if (!isAnswer) return failed(notAnAnswer('the answer is no whole JSON'))
  return { kind: 'content', answer: { kind: 'buffered', ...ours, body, json: isWhole ? value : null } }
}

/** A model may answer what is no JSON, and says so; without a type it is no JSON where it does not begin as one. */
function isOtherMedia(type: string, body: Uint8Array): boolean {
  if (type === '') return !/^\s*[{[]/.test(startOf(body))
  return type !== EVENT_STREAM && !JSON_TYPE.test(type)
}

/** A page that does not say so: after white space or a byte order mark it begins with `<`, with which no JSON begins. */
function isPage(body: Uint8Array): boolean {
  return /^\s*</.test(startOf(body))
}

function startOf(body: Uint8Array): string {
  return new TextDecoder().decode(body.subarray(0, START_BYTES))
}

/** Compared without its parameters, and in lower case: https://www.rfc-editor.org/rfc/rfc9110#section-8.3.1 */
function mediaType(headers: HeaderMap): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

/** The page of a proxy or load balancer on the way; Bedrock answers in JSON. */
const HTML_PAGE: Failure = {
  phase: 'headers',
  status: 503,
  type: 'ServiceUnavailableException',
  message: 'an HTML page came in place of an answer',
}

function notAnAnswer(message: string): Failure {
  return { phase: 'first-frame', status: null, type: null, message }
}

/** Reads until the first frame is complete: Bedrock may answer 200 and throttle in that frame. */
async function judgeStream(
  answer: StreamAnswer,
  status: number,
  body: ReadableStream<Uint8Array>,
  headers: HeaderMap,
): Promise<Undated> {
  const tap = createStreamTap(answer)
  const firstFrame = createFirstFrameReader()
  const reader = body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  let first: FirstFrame = { kind: 'incomplete' }
  while (first.kind === 'incomplete') {
    const { done, value } = await fromUpstream(reader.read())
    if (done) return failed(notAnAnswer('the stream ended before its first frame'))
    chunks.push(value)
    size += value.byteLength
    tap.push(value)
    first = firstFrame.push(value)
  }
  if (first.kind === 'content') {
    reader.releaseLock()
    const ours = { status, headers: clientResponseHeaders(headers) }
    return { kind: 'content', answer: { kind: 'stream', ...ours, prefix: joinBytes(chunks, size), rest: body, tap } }
  }
  await fromUpstream(reader.cancel())
  if (first.kind === 'corrupt') return failed(notAnAnswer('the first frame is damaged'))
  return { kind: 'failure', ...failureOfException(first, headers) }
}

function failed(failure: Failure): Undated {
  return { kind: 'failure', failure, answer: null }
}
