/**
 * The one place where a refusal becomes an error as AWS would say it. The choice of status and name follows what SDKs do with
 * each: they retry 429 and 5xx, nothing else.
 */
import type { AwsError } from '../bedrock/errors.ts'
import type { Refusal } from './refusal.ts'

/** Number of model names an unknown-model error lists at most. */
const LISTED_MODELS_MAX = 50

/** Longest name of the caller's that an error repeats, in characters. */
const REPEATED_NAME_MAX_CHARS = 128

export function errorOfRefusal(refusal: Refusal): AwsError {
  switch (refusal.kind) {
    case 'no-credential':
      return {
        status: 403,
        type: 'MissingAuthenticationTokenException',
        message:
          'No key was sent. Send it as "Authorization: Bearer <key>", as x-api-key, or as the access key id of an AWS credential.',
      }
    case 'unknown-key':
      return { status: 403, type: 'UnrecognizedClientException', message: 'The key sent is not known to this gateway.' }
    case 'malformed-authorization':
      return { status: 400, type: 'IncompleteSignatureException', message: refusal.detail }
    case 'bad-path':
      return { status: 400, type: 'ValidationException', message: `The request path is not valid: ${refusal.detail}.` }
    case 'unknown-operation':
      return {
        status: 404,
        type: 'UnknownOperationException',
        message: `${refusal.method} ${refusal.path} is no operation of this gateway.`,
      }
    case 'unsignable':
      return {
        status: 400,
        type: 'ValidationException',
        message: `The ${refusal.part} ${JSON.stringify(shortened(refusal.name))} cannot be signed for AWS: ${refusal.detail}.`,
      }
    case 'unknown-model':
      return {
        status: 404,
        type: 'ResourceNotFoundException',
        message: unknownModelMessage(refusal.model, refusal.known),
      }
    case 'body-too-large':
      return {
        status: 413,
        type: 'ValidationException',
        message: `The request body is larger than ${refusal.limitBytes} bytes, the most that Bedrock accepts.`,
      }
    case 'body-unreadable':
      return { status: 400, type: 'ValidationException', message: 'The request body ended before it was complete.' }
    case 'body-stalled':
      return {
        status: 400,
        type: 'ValidationException',
        message: `The request body made no progress for ${refusal.afterMs / 1000} seconds.`,
      }
    case 'not-allowed':
      return { status: 403, type: 'AccessDeniedException', message: `This key may not ${refusal.action}.` }
    case 'too-busy':
      return {
        status: 503,
        type: 'ServiceUnavailableException',
        message: 'The gateway holds as many request bodies as its memory allows. Try again.',
        retryAfterMs: refusal.retryAfterMs,
      }
    case 'cooling':
      return coolingError(refusal)
    case 'upstream-unreachable':
      return {
        status: 503,
        type: 'ServiceUnavailableException',
        message: `No deployment of ${refusal.model} could be reached: ${refusal.detail}.`,
        retryAfterMs: refusal.retryAfterMs,
      }
    case 'unroutable':
      return {
        status: refusal.status,
        type: refusal.status === 400 ? 'ValidationException' : 'AccessDeniedException',
        message: refusal.message,
      }
    case 'upstream-misrouted':
      return {
        status: 500,
        type: 'InternalServerException',
        message: `Bedrock does not know this operation for the deployment of ${refusal.model} (UnknownOperationException); its endpoint or model id in the configuration is wrong.`,
      }
    case 'no-config':
      return {
        status: 503,
        type: 'ServiceUnavailableException',
        message: 'The gateway has no valid configuration. Push one with "npm run config -- push".',
      }
    case 'client-left':
    case 'internal':
      return {
        status: 500,
        type: 'InternalServerException',
        message: 'The gateway failed. Its log has the cause under this request id.',
      }
    default:
      return refusal satisfies never
  }
}

function coolingError(refusal: Extract<Refusal, { kind: 'cooling' }>): AwsError {
  const message = `All deployments of ${refusal.model} are out after failures (${refusal.reason}). Try again in ${refusal.retryAfterMs} ms.`
  const type = refusal.status === 429 ? 'ThrottlingException' : 'ServiceUnavailableException'
  return { status: refusal.status, type, message, retryAfterMs: refusal.retryAfterMs }
}

function shortened(name: string): string {
  return name.length > REPEATED_NAME_MAX_CHARS ? `${name.slice(0, REPEATED_NAME_MAX_CHARS)}…` : name
}

function unknownModelMessage(model: string, known: readonly string[]): string {
  const listed = known.slice(0, LISTED_MODELS_MAX).join(', ')
  const more = known.length > LISTED_MODELS_MAX ? ` and ${known.length - LISTED_MODELS_MAX} more` : ''
  return `The model ${JSON.stringify(model)} is not known. Models of this key: ${listed}${more}.`
}
