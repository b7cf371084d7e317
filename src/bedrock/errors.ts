/**
 * Errors as AWS names them.
 * Statuses and names: https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html and the operation pages.
 */
export type AwsError = {
  status: number
  /** Error name as it stands in `x-amzn-errortype`. */
  type: string
  message: string
  /** Wait that the client is asked for; sent as `x-amz-retry-after` (ms) and `retry-after` (s). */
  retryAfterMs?: number
}

/** Statuses of the exceptions that Bedrock can put into an event stream or a body, by name without namespace. */
const STATUS_BY_NAME: ReadonlyMap<string, number> = new Map(
  Object.entries({
    AccessDeniedException: 403,
    ConflictException: 400,
    ExpiredTokenException: 403,
    InternalFailure: 500,
    InternalServerException: 500,
    ModelErrorException: 424,
    ModelNotReadyException: 429,
    ModelStreamErrorException: 424,
    ModelTimeoutException: 408,
    ResourceNotFoundException: 404,
    ServiceQuotaExceededException: 400,
    ServiceUnavailableException: 503,
    ThrottlingException: 429,
    UnrecognizedClientException: 403,
    ValidationException: 400,
  }),
)

/** `throttlingException` on the stream is `ThrottlingException` in an error answer. */
export function errorNameOfException(exceptionType: string): string {
  return exceptionType.charAt(0).toUpperCase() + exceptionType.slice(1)
}

/** HTTP status AWS gives an error name; 500 for a name that is not known. */
export function statusOfErrorName(name: string): number {
  return STATUS_BY_NAME.get(name) ?? 500
}

/** The status for an answer that says nothing that AWS could have said. */
const NO_ANSWER_OF_AWS = 503

/**
 * The status that a client gets for an upstream's. Every error status that HTTP knows stays as it is but 408, which some clients
 * repeat in the belief that nothing was done; `x-amzn-errortype` keeps the class that SDKs raise. Anything else is no error of AWS.
 */
export function clientStatusOf(upstreamStatus: number): number {
  if (upstreamStatus === 408) return 424
  return upstreamStatus >= 400 && upstreamStatus <= 599 ? upstreamStatus : NO_ANSWER_OF_AWS
}

/** What AWS's error names look like; nothing else goes into a header or a row. */
const ERROR_NAME = /^[A-Za-z][A-Za-z0-9]{0,127}$/

export function isErrorName(text: string): boolean {
  return ERROR_NAME.test(text)
}

/** `ValidationException:http://internal.amazon.com/…` and `com.amazon.coral.service#UnknownOperationException` without their ornaments. */
export function bareErrorName(text: string): string {
  const withoutUrl = text.split(':', 1)[0] ?? ''
  return withoutUrl.slice(withoutUrl.lastIndexOf('#') + 1).trim()
}
