/** A signal for every row of the policy table, as AWS sends it, with what shall come of it. */
import type { Failure } from '../../src/routing/policy/failure.ts'
import { failure } from './support.ts'

/** The model of the deployment that says it. */
export const MODEL_ID = 'anthropic.claude-sonnet-4-5-20250929-v1:0'

const USER = 'arn:aws:iam::123456789012:user/guardrail-and-prompt-bot'
const MODEL_ARN = `arn:aws:bedrock:us-east-1::foundation-model/${MODEL_ID}`

/** What AWS says, and what shall come of it: row, same target, other target, after how many failures it is out and how long, class for `retry_policy`. */
export type Case = [signal: string, failure: Failure, treatment: string]

const validation = (message: string) => failure({ status: 400, type: 'ValidationException', message })
const throttling = (message: string) => failure({ status: 429, type: 'ThrottlingException', message })
const denied = (message: string) => failure({ status: 403, type: 'AccessDeniedException', message })
const firstFrame = (status: number | null, type: string | null, message = '') =>
  failure({ phase: 'first-frame', status, type, message })

export const CASES: Case[] = [
  [
    '429, requests',
    throttling('Too many requests, please wait before trying again.'),
    'throttled-requests: no, yes, one growing, RateLimit',
  ],
  [
    '429, tokens',
    throttling('Too many tokens, please wait before trying again.'),
    'throttled-tokens: no, yes, one growing, RateLimit',
  ],
  [
    '429, tokens of the day',
    throttling('Too many tokens per day, please wait before trying again.'),
    'throttled-per-day: no, yes, one until-midnight-utc, RateLimit',
  ],
  ['429 without a known text', throttling('Rate exceeded'), 'throttled: no, yes, one growing, RateLimit'],
  [
    '429 ModelNotReady',
    failure({ status: 429, type: 'ModelNotReadyException' }),
    'model-not-ready: backoff, yes, one growing, RateLimit',
  ],
  [
    '503',
    failure({ status: 503, type: 'ServiceUnavailableException' }),
    'service-unavailable: once, yes, many growing, InternalServer',
  ],
  [
    '500',
    failure({ status: 500, type: 'InternalServerException' }),
    'internal-server-error: once, yes, many growing, InternalServer',
  ],
  [
    '500 InternalFailure',
    failure({ status: 500, type: 'InternalFailure' }),
    'internal-server-error: once, yes, many growing, InternalServer',
  ],
  ['502 of a proxy', failure({ status: 502 }), 'server-error: once, yes, many growing, InternalServer'],
  ['408', failure({ status: 408, type: 'ModelTimeoutException' }), 'model-timeout: no, by-retry-policy, none, Timeout'],
  [
    '424 of a throttled model server',
    failure({ status: 424, type: 'ModelErrorException', originalStatusCode: 429 }),
    'model-error-of-server: once, once, none, InternalServer',
  ],
  [
    '424 of a broken model server',
    failure({ status: 424, type: 'ModelErrorException', originalStatusCode: 502 }),
    'model-error-of-server: once, once, none, InternalServer',
  ],
  [
    '424 for a bad request',
    failure({ status: 424, type: 'ModelErrorException', originalStatusCode: 400 }),
    'model-error-of-request: no, no, none, none',
  ],
  [
    '424 without an original status',
    failure({ status: 424, type: 'ModelErrorException' }),
    'model-error: no, no, none, none',
  ],
  [
    'ModelStreamError before content, for a bad request',
    { ...firstFrame(424, 'ModelStreamErrorException'), originalStatusCode: 400 },
    'model-error-of-request: no, no, none, none',
  ],
  [
    'ModelStreamError before content',
    firstFrame(424, 'ModelStreamErrorException'),
    'model-stream-error: once, once, none, InternalServer',
  ],
  [
    'throttling in the first frame',
    firstFrame(429, 'ThrottlingException', 'Too many tokens, please wait before trying again.'),
    'throttled-tokens: no, yes, one growing, RateLimit',
  ],
  [
    '503 in the first frame',
    firstFrame(503, 'ServiceUnavailableException'),
    'service-unavailable: once, yes, many growing, InternalServer',
  ],
  [
    'validation in the first frame',
    firstFrame(400, 'ValidationException', 'bad'),
    'bad-request: no, no, none, BadRequest',
  ],
  [
    'a name nobody knows in the first frame',
    firstFrame(500, 'SomethingNewException'),
    'internal-server-error: once, yes, many growing, InternalServer',
  ],
  [
    'cut or damaged before the first frame was whole',
    firstFrame(null, null),
    'stream-cut-before-content: no, yes, many growing, none',
  ],
  ['400', validation('messages: at least one message is required'), 'bad-request: no, no, none, BadRequest'],
  [
    '400, on-demand with a typographic apostrophe',
    validation(
      'Invocation of model ID x with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.',
    ),
    'on-demand-unsupported: no, yes, one held, BadRequest',
  ],
  [
    '400, on-demand with a straight apostrophe',
    validation("Invocation of model ID x with on-demand throughput isn't supported."),
    'on-demand-unsupported: no, yes, one held, BadRequest',
  ],
  [
    '400, unknown model',
    validation('The provided model identifier is invalid.'),
    'model-identifier-invalid: no, yes, one held, BadRequest',
  ],
  ['400, account', validation('Operation not allowed'), 'account-not-allowed: no, yes, one held, BadRequest'],
  [
    '400, account, in words that nobody wrote down',
    validation('Your organization has not accepted the agreement of this provider.'),
    'unexplained-refusal: no, one-sibling, none, BadRequest',
  ],
  [
    '400, no reserved capacity',
    validation('Reservation not found.'),
    'reservation-not-found: no, yes, none, BadRequest',
  ],
  [
    '400, too long, Claude 2',
    validation('Input is too long for requested model.'),
    'prompt-too-long: no, no, none, BadRequest',
  ],
  [
    '400, too long, Claude 4',
    validation('The model returned the following errors: prompt is too long: 200049 tokens > 200000 maximum'),
    'prompt-too-long: no, no, none, BadRequest',
  ],
  [
    '400, too long with the output',
    validation('input length and `max_tokens` exceed context limit: 197202 + 8192 > 200000'),
    'prompt-too-long: no, no, none, BadRequest',
  ],
  [
    '400, too long, Titan',
    validation('400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token count: 9279'),
    'prompt-too-long: no, no, none, BadRequest',
  ],
  [
    '400 ServiceQuotaExceeded',
    failure({ status: 400, type: 'ServiceQuotaExceededException' }),
    'service-quota-exceeded: no, yes, one held, RateLimit',
  ],
  [
    '403 AccessDenied for the model',
    denied("You don't have access to the model with the specified model ID."),
    'access-denied: no, yes, one held, Authentication',
  ],
  [
    '403 AccessDenied that does not say for what',
    failure({ status: 403, type: 'AccessDeniedException' }),
    'access-denied-somewhere: no, yes, one-unrefuted held, Authentication',
  ],
  [
    '403 for streaming alone',
    denied(
      `User: ${USER} is not authorized to perform: bedrock:InvokeModelWithResponseStream on resource: ${MODEL_ARN}`,
    ),
    'access-denied-somewhere: no, yes, one-unrefuted held, Authentication',
  ],
  [
    '403 of an account that has not opted in',
    failure({ status: 403, type: 'OptInRequired' }),
    'account-denied: no, yes, one held, Authentication',
  ],
  [
    '403 for a guardrail that the request names',
    failure({
      status: 403,
      type: 'AccessDeniedException',
      message: 'not authorized to perform: bedrock:ApplyGuardrail',
    }),
    'request-names-forbidden: no, yes, none, BadRequest',
  ],
  [
    '403 ExpiredToken',
    failure({ status: 403, type: 'ExpiredTokenException' }),
    'credentials-refused: refresh-credentials, yes, one held, Authentication',
  ],
  [
    '403 InvalidSignature',
    failure({ status: 403, type: 'InvalidSignatureException' }),
    'signature-refused: refresh-credentials, yes, one-unrefuted held, Authentication',
  ],
  [
    '403 UnrecognizedClient',
    failure({ status: 403, type: 'UnrecognizedClientException' }),
    'credentials-refused: refresh-credentials, yes, one held, Authentication',
  ],
  ['401', failure({ status: 401 }), 'unauthenticated: refresh-credentials, yes, one-unrefuted held, Authentication'],
  [
    '404 for the model',
    failure({
      status: 404,
      type: 'ResourceNotFoundException',
      message: 'Could not resolve the foundation model from the provided model identifier.',
    }),
    'not-found: no, yes, one held, none',
  ],
  [
    '404 that does not say for what',
    failure({ status: 404, type: 'ResourceNotFoundException' }),
    'not-found-somewhere: no, yes, one-unrefuted held, none',
  ],
  ['network error before headers', failure({ phase: 'connect', status: null }), 'network: no, yes, many growing, none'],
  [
    'silence until the header time-out',
    failure({ status: null, timedOut: true }),
    'no-answer-in-time: no, yes, many growing, Timeout',
  ],
  [
    '200 with UnknownOperation',
    failure({ status: 200, type: 'UnknownOperationException' }),
    'misrouted: no, no, none, BadRequest',
  ],
  ['a redirect', failure({ status: 301 }), 'redirected: no, yes, one held, none'],
  ['another 4xx', failure({ status: 413 }), 'refused: no, no, none, none'],
  [
    'credentials of a kind that the operation does not take',
    failure({ phase: 'credentials', status: null, type: 'AccessDeniedException' }),
    'credentials-not-accepted: no, yes, none, Authentication',
  ],
  [
    'broken off by the gateway because the client left',
    failure({ phase: 'connect', status: null, abortedByUs: true }),
    'client-left: no, no, none, none',
  ],
  [
    'STS denies the role',
    failure({ phase: 'credentials', status: 403, type: 'AccessDenied' }),
    'role-not-assumed: no, yes, one held, Authentication',
  ],
  [
    'STS does not answer',
    failure({ phase: 'credentials', status: null, type: 'network' }),
    'sts-unavailable: once, yes, many growing, InternalServer',
  ],
  [
    'STS throttles',
    failure({ phase: 'credentials', status: 400, type: 'Throttling' }),
    'sts-throttled: once, yes, many growing, InternalServer',
  ],
  [
    'a stream that breaks after content',
    failure({ phase: 'body', status: null }),
    'stream-cut-after-content: no, no, many growing, none',
  ],
]
