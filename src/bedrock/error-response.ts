/** Writes an error the way Bedrock does: status, `x-amzn-errortype`, `x-amzn-requestid`, JSON `{"message"}`. */
import type { AwsError } from './errors.ts'

export function errorResponse(error: AwsError, requestId: string): Response {
  const headers = new Headers({
    'content-type': 'application/json',
    'x-amzn-errortype': error.type,
    'x-amzn-requestid': requestId,
  })
  if (error.retryAfterMs !== undefined) setRetryAfter(headers, error.retryAfterMs)
  return new Response(JSON.stringify({ message: error.message }), { status: error.status, headers })
}

/** Both forms, since each SDK reads only one of them: milliseconds for AWS's 2026 retry mode, seconds for the others. */
export function setRetryAfter(headers: Headers, retryAfterMs: number): void {
  const waitMs = Math.max(1, Math.ceil(retryAfterMs))
  headers.set('x-amz-retry-after', String(waitMs))
  headers.set('retry-after', String(Math.max(1, Math.ceil(waitMs / 1000))))
}
