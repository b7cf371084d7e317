/** From what an upstream did to the failure that routing decides on, and to the error answer the client may get of it. */

import type { HeaderMap } from '../../base/header-map.ts'
import { isObject, parseJson } from '../../base/json.ts'
import { bareErrorName, errorNameOfException, statusOfErrorName } from '../../bedrock/errors.ts'
import type { FirstFrame } from '../../bedrock/event-stream/first-frame.ts'
import type { Failure } from '../../routing/policy/failure.ts'
import { clientResponseHeaders } from './crossing-headers.ts'
import type { BufferedAnswer } from './upstream-answer.ts'

/** Failure and deliverable answer of an HTTP error status. A body that is no JSON (a proxy's HTML page) is replaced, all others pass untouched. */
export function failureOfStatus(
  status: number,
  headers: HeaderMap,
  body: Uint8Array,
): { failure: Failure; answer: BufferedAnswer } {
  const json = parseJson(body)
  const fields = isObject(json) ? json : {}
  const type = errorType(headers, fields) ?? null
  const failure: Failure = {
    phase: 'headers',
    status,
    type,
    message: textOf(fields.message) ?? textOf(fields.Message) ?? '',
  }
  if (typeof fields.originalStatusCode === 'number') failure.originalStatusCode = fields.originalStatusCode
  const retryAfterMs = retryAfter(headers)
  if (retryAfterMs !== null) failure.retryAfterMs = retryAfterMs
  if (body.byteLength === 0 || isObject(json)) {
    return { failure, answer: { kind: 'buffered', status, headers: clientResponseHeaders(headers), body } }
  }
  const name =
    type ??
    (status === 429 ? 'ThrottlingException' : status >= 500 ? 'ServiceUnavailableException' : 'ValidationException')
  return {
    failure,
    answer: errorAnswer(status, name, `The upstream answered ${status} with a body that is not JSON.`, headers),
  }
}

/** A first-frame exception is the HTTP error of the same name. */
export function failureOfException(
  exception: Extract<FirstFrame, { kind: 'exception' }>,
  headers: HeaderMap,
): { failure: Failure; answer: BufferedAnswer } {
  const name = errorNameOfException(exception.type)
  const status = statusOfErrorName(name)
  const failure: Failure = { phase: 'first-frame', status, type: name, message: exception.message }
  if (exception.originalStatusCode !== undefined) failure.originalStatusCode = exception.originalStatusCode
  const answer = errorAnswer(status, name, exception.message, headers)
  return {
    failure,
    answer: isObject(parseJson(exception.payload)) ? { ...answer, body: exception.payload } : answer,
  }
}

/** `{"Output":{"__type":"com.amazon.coral.service#UnknownOperationException"},"Version":"1.0"}` under status 200: AWS could not route the path. */
export function isMisrouted(body: Uint8Array): boolean {
  if (body.byteLength > 512) return false
  const json = parseJson(body)
  return isObject(json) && isObject(json.Output) && String(json.Output.__type).endsWith('UnknownOperationException')
}

function errorAnswer(status: number, name: string, message: string, upstream: HeaderMap): BufferedAnswer {
  const headers = { ...clientResponseHeaders(upstream), 'content-type': 'application/json', 'x-amzn-errortype': name }
  return { kind: 'buffered', status, headers, body: new TextEncoder().encode(JSON.stringify({ message })) }
}

function errorType(headers: HeaderMap, fields: Record<string, unknown>): string | undefined {
  const text = headers['x-amzn-errortype'] ?? textOf(fields.__type) ?? textOf(fields.code)
  return text === undefined ? undefined : bareErrorName(text)
}

/** Milliseconds from `x-amz-retry-after` (ms) or `retry-after` (s); an HTTP date is not used by AWS and is passed over. */
function retryAfter(headers: HeaderMap): number | null {
  const ms = Number(headers['x-amz-retry-after'] ?? Number.NaN)
  if (ms >= 0) return ms
  const seconds = Number(headers['retry-after'] ?? Number.NaN)
  return seconds >= 0 ? seconds * 1000 : null
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
