/** Writes an error the way Bedrock does: status, `x-amzn-errortype`, `x-amzn-requestid`, JSON `{"message"}`. */

import type { HeaderMap } from '../base/header-map.ts'
import type { AwsError } from './errors.ts'

export function errorResponse(error: AwsError, requestId: string, more: HeaderMap = {}): Response {
  const headers = {
    ...more,
    'content-type': 'application/json',
    'x-amzn-errortype': error.type,
    'x-amzn-requestid': requestId,
    ...(error.retryAfterMs === undefined ? {} : retryAfterHeaders(error.retryAfterMs)),
  }
  return new Response(JSON.stringify({ message: error.message }), { status: error.status, headers })
}

/** Both forms, since each SDK reads only one of them: milliseconds for AWS's 2026 retry mode, seconds for the others. */
export function retryAfterHeaders(retryAfterMs: number): HeaderMap {
  const waitMs = Math.max(1, Math.ceil(retryAfterMs))
  return { 'x-amz-retry-after': String(waitMs), 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) }
}
