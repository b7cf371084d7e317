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
const STATUS_BY_NAME: Readonly<Record<string, number>> = {
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
}

/** `throttlingException` on the stream is `ThrottlingException` in an error answer. */
export function errorNameOfException(exceptionType: string): string {
  return exceptionType.charAt(0).toUpperCase() + exceptionType.slice(1)
}

/** HTTP status AWS gives an error name; 500 for a name that is not known. */
export function statusOfErrorName(name: string): number {
  return STATUS_BY_NAME[name] ?? 500
}

/** `ValidationException:http://internal.amazon.com/…` and `com.amazon.coral.service#UnknownOperationException` without their ornaments. */
export function bareErrorName(text: string): string {
  const withoutUrl = text.split(':', 1)[0] ?? ''
  return withoutUrl.slice(withoutUrl.lastIndexOf('#') + 1).trim()
}
