/**
 * The errors of bedrock-runtime with the status AWS gives them, and their form on the wire.
 * Modelled errors: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html#API_runtime_InvokeModelWithResponseStream_Errors
 * Common errors: https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html
 */
import type { Reply } from './reply.ts'

/** What follows the name in `x-amzn-errortype` on Bedrock's own errors. */
const ERROR_TYPE_SUFFIX = ':http://internal.amazon.com/coral/com.amazon.bedrock/'

/** AWS's texts of `ThrottlingException` by the quota that ran out. */
export const THROTTLING_MESSAGES = {
  requestsPerMinute: 'Too many requests, please wait before trying again.',
  tokensPerMinute: 'Too many tokens, please wait before trying again.',
  tokensPerDay: 'Too many tokens per day, please wait before trying again.',
} as const

/** HTTP status and a plausible message of every error name known. */
export const ERRORS = {
  AccessDeniedException: { status: 403, message: "You don't have access to the model with the specified model ID." },
  ValidationException: {
    status: 400,
    message: 'Malformed input request: #: required key [messages] not found, please reformat your input and try again.',
  },
  ResourceNotFoundException: {
    status: 404,
    message: 'Could not resolve the foundation model from the provided model identifier.',
  },
  ThrottlingException: { status: 429, message: THROTTLING_MESSAGES.requestsPerMinute },
  ModelNotReadyException: { status: 429, message: 'The model is not ready for inference yet.' },
  ServiceQuotaExceededException: { status: 400, message: 'Your request exceeds the service quota of your account.' },
  ModelTimeoutException: { status: 408, message: 'Model processing took too long.' },
  ModelErrorException: { status: 424, message: 'The model returned an error while processing the request.' },
  ModelStreamErrorException: { status: 424, message: 'The model failed while it was streaming its answer.' },
  InternalServerException: { status: 500, message: 'The system encountered an unexpected error during processing.' },
  ServiceUnavailableException: { status: 503, message: 'Bedrock is unable to process your request.' },
  ConflictException: { status: 400, message: 'The request conflicts with the state of the resource.' },
  MissingAuthenticationTokenException: { status: 403, message: 'Missing Authentication Token' },
  UnrecognizedClientException: { status: 403, message: 'The security token included in the request is invalid.' },
  InvalidSignatureException: {
    status: 403,
    message:
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  },
  ExpiredTokenException: { status: 403, message: 'The security token included in the request is expired' },
  IncompleteSignatureException: { status: 400, message: 'The request signature does not conform to AWS standards.' },
  InvalidClientTokenId: { status: 403, message: 'The security token included in the request is invalid.' },
  BadCScoreException: { status: 403, message: 'Your account is not authorized to perform this action.' },
  FTUFormNotFilled: { status: 404, message: 'Model use case details have not been submitted for this account.' },
  OptInRequired: { status: 403, message: 'The AWS access key ID needs a subscription for the service.' },
  RequestExpired: { status: 400, message: 'The request has expired.' },
  InternalFailure: { status: 500, message: 'The request processing has failed because of an unknown error.' },
} as const satisfies Record<string, { status: number; message: string }>

export type ErrorName = keyof typeof ERRORS

export const ERROR_NAMES = Object.keys(ERRORS) as ErrorName[]

export type ErrorDetails = {
  message?: string
  /** Replaces the status of the table. */
  status?: number
  /** `Message` instead of `message`, as AccessDenied answers of AWS sometimes have it. */
  capitalMessage?: boolean
  originalStatusCode?: number
  originalMessage?: string
  resourceName?: string
  headers?: Record<string, string>
}

/** An HTTP error as AWS sends it: `x-amzn-errortype` and a JSON object with the message. */
export function errorReply(name: ErrorName, details: ErrorDetails = {}): Reply {
  const message = details.message ?? ERRORS[name].message
  const body = {
    [details.capitalMessage === true ? 'Message' : 'message']: message,
    ...(details.originalStatusCode === undefined ? {} : { originalStatusCode: details.originalStatusCode }),
    ...(details.originalMessage === undefined ? {} : { originalMessage: details.originalMessage }),
    ...(details.resourceName === undefined ? {} : { resourceName: details.resourceName }),
  }
  return {
    status: details.status ?? ERRORS[name].status,
    headers: {
      'content-type': 'application/json',
      'x-amzn-errortype': `${name}${ERROR_TYPE_SUFFIX}`,
      ...details.headers,
    },
    body: Buffer.from(JSON.stringify(body)),
  }
}

/** What AWS answers on a path that leads to no operation: status 200, and the error only in the body. */
export function unknownOperationReply(): Reply {
  const body = { Output: { __type: 'com.amazon.coral.service#UnknownOperationException' }, Version: '1.0' }
  return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) }
}

/** A page of a load balancer in front of the service. */
export function htmlPageReply(): Reply {
  const page =
    '<html><head><title>503 Service Temporarily Unavailable</title></head>' +
    '<body><center><h1>503 Service Temporarily Unavailable</h1></center></body></html>\n'
  return { status: 503, headers: { 'content-type': 'text/html' }, body: Buffer.from(page) }
}
