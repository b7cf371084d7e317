/** From what an upstream did to the failure that routing decides on, and to the error answer the client may get of it. */

import type { HeaderMap } from '../../base/header-map.ts'
import { isObject, parseJson } from '../../base/json.ts'
import {
  bareErrorName,
  clientStatusOf,
  errorNameOfException,
  isErrorName,
  statusOfErrorName,
} from '../../bedrock/errors.ts'
import type { FirstFrame } from '../../bedrock/event-stream/first-frame.ts'
import { retryAfterMsOf } from '../../bedrock/retry-after.ts'
import type { Failure } from '../../routing/policy/failure.ts'
import { clientResponseHeaders } from './crossing-headers.ts'
import type { BufferedAnswer } from './upstream-answer.ts'

/** The failure and the client's answer for an HTTP error. A body that is not JSON (a proxy's page) is replaced, all others pass untouched. */
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
  const retryAfterMs = retryAfterMsOf(headers)
  if (retryAfterMs !== null) failure.retryAfterMs = retryAfterMs
  const clientStatus = clientStatusOf(status)
  const isOfHttp = clientStatus === status || status === 408
  const name = type ?? nameOfStatus(clientStatus)
  if (isOfHttp && (body.byteLength === 0 || isObject(json))) {
    const kept = clientResponseHeaders(headers)
    // AWS writes more than the name into this header, so one that holds a name stays as it came.
    const named = errorType(headers, {}) === undefined ? { ...kept, 'x-amzn-errortype': name } : kept
    return { failure, answer: { kind: 'buffered', status: clientStatus, headers: named, body } }
  }
  const what = isOfHttp ? 'a body that is not JSON' : 'a status that is no error of AWS'
  return { failure, answer: errorAnswer(clientStatus, name, `The upstream answered ${status} with ${what}.`, headers) }
}

/** For an error that does not say its name. */
function nameOfStatus(status: number): string {
  if (status === 429) return 'ThrottlingException'
  if (status === 403) return 'AccessDeniedException'
  if (status === 404) return 'ResourceNotFoundException'
  return status >= 500 ? 'ServiceUnavailableException' : 'ValidationException'
}

/** A first-frame exception is the HTTP error of the same name. */
export function failureOfException(
  exception: Extract<FirstFrame, { kind: 'exception' }>,
  headers: HeaderMap,
): { failure: Failure; answer: BufferedAnswer } {
  const named = errorNameOfException(exception.type)
  const name = isErrorName(named) ? named : 'InternalServerException'
  const status = statusOfErrorName(name)
  const failure: Failure = { phase: 'first-frame', status, type: name, message: exception.message }
  if (exception.originalStatusCode !== undefined) failure.originalStatusCode = exception.originalStatusCode
  const answer = errorAnswer(clientStatusOf(status), name, exception.message, headers)
  return {
    failure,
    answer: isObject(parseJson(exception.payload)) ? { ...answer, body: exception.payload } : answer,
  }
}

/** AWS could not route the path: `{"Output":{"__type":"…#UnknownOperationException"},"Version":"1.0"}` under status 200. */
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
  const name = text === undefined ? '' : bareErrorName(text)
  return isErrorName(name) ? name : undefined
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
