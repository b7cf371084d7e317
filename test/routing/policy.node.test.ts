import { describe, expect, test } from 'vitest'
import type { Failure } from '../../src/routing/policy/failure.ts'
import { POLICY, policyFor, UNFORESEEN } from '../../src/routing/policy/policy.ts'
import { failure } from './support.ts'

/** What AWS says, and what shall come of it: row, same target, other target, health, cool-down, class for `retry_policy`. */
type Case = [signal: string, failure: Failure, treatment: string]

const validation = (message: string) => failure({ status: 400, type: 'ValidationException', message })
const throttling = (message: string) => failure({ status: 429, type: 'ThrottlingException', message })
const firstFrame = (status: number | null, type: string | null, message = '') =>
  failure({ phase: 'first-frame', status, type, message })

const CASES: Case[] = [
  [
    '429, requests',
    throttling('Too many requests, please wait before trying again.'),
    'throttled-requests: no, yes, cool, growing, RateLimit',
  ],
  [
    '429, tokens',
    throttling('Too many tokens, please wait before trying again.'),
    'throttled-tokens: no, yes, cool, growing, RateLimit',
  ],
  [
    '429, tokens of the day',
    throttling('Too many tokens per day, please wait before trying again.'),
    'throttled-per-day: no, yes, quota-day, until-midnight-utc, RateLimit',
  ],
  ['429 without a known text', throttling('Rate exceeded'), 'throttled: no, yes, cool, growing, RateLimit'],
  [
    '429 ModelNotReady',
    failure({ status: 429, type: 'ModelNotReadyException' }),
    'model-not-ready: backoff, yes, cool, growing, RateLimit',
  ],
  [
    '503',
    failure({ status: 503, type: 'ServiceUnavailableException' }),
    'service-unavailable: once, yes, count, growing, InternalServer',
  ],
  [
    '500',
    failure({ status: 500, type: 'InternalServerException' }),
    'internal-server-error: once, yes, count, growing, InternalServer',
  ],
  [
    '500 InternalFailure',
    failure({ status: 500, type: 'InternalFailure' }),
    'internal-server-error: once, yes, count, growing, InternalServer',
  ],
  ['502 of a proxy', failure({ status: 502 }), 'server-error: once, yes, count, growing, InternalServer'],
  [
    '408',
    failure({ status: 408, type: 'ModelTimeoutException' }),
    'model-timeout: no, by-retry-policy, count, growing, Timeout',
  ],
  [
    '424 of a throttled model server',
    failure({ status: 424, type: 'ModelErrorException', originalStatusCode: 429 }),
    'model-error-of-server: once, yes, count, growing, InternalServer',
  ],
  [
    '424 of a broken model server',
    failure({ status: 424, type: 'ModelErrorException', originalStatusCode: 502 }),
    'model-error-of-server: once, yes, count, growing, InternalServer',
  ],
  [
    '424 for a bad request',
    failure({ status: 424, type: 'ModelErrorException', originalStatusCode: 400 }),
    'model-error-of-request: no, no, none, none, none',
  ],
  [
    '424 without an original status',
    failure({ status: 424, type: 'ModelErrorException' }),
    'model-error: no, no, count, growing, none',
  ],
  [
    'ModelStreamError before content',
    firstFrame(424, 'ModelStreamErrorException'),
    'model-stream-error: once, yes, count, growing, InternalServer',
  ],
  [
    'throttling in the first frame',
    firstFrame(429, 'ThrottlingException', 'Too many tokens, please wait before trying again.'),
    'throttled-tokens: no, yes, cool, growing, RateLimit',
  ],
  [
    '503 in the first frame',
    firstFrame(503, 'ServiceUnavailableException'),
    'service-unavailable: once, yes, count, growing, InternalServer',
  ],
  [
    'validation in the first frame',
    firstFrame(400, 'ValidationException', 'bad'),
    'bad-request: no, no, none, none, BadRequest',
  ],
  [
    'a name nobody knows in the first frame',
    firstFrame(500, 'SomethingNewException'),
    'internal-server-error: once, yes, count, growing, InternalServer',
  ],
  [
    'cut or damaged before the first frame was whole',
    firstFrame(null, null),
    'stream-cut-before-content: no, yes, count, growing, none',
  ],
  ['400', validation('messages: at least one message is required'), 'bad-request: no, no, none, none, BadRequest'],
  [
    '400, on-demand with a typographic apostrophe',
    validation(
      'Invocation of model ID x with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model.',
    ),
    'on-demand-unsupported: no, yes, misconfigured, held, BadRequest',
  ],
  [
    '400, on-demand with a straight apostrophe',
    validation("Invocation of model ID x with on-demand throughput isn't supported."),
    'on-demand-unsupported: no, yes, misconfigured, held, BadRequest',
  ],
  [
    '400, unknown model',
    validation('The provided model identifier is invalid.'),
    'model-identifier-invalid: no, yes, misconfigured, held, BadRequest',
  ],
  [
    '400, account',
    validation('Operation not allowed'),
    'account-not-allowed: no, yes, misconfigured, held, BadRequest',
  ],
  [
    '400, too long, Claude 2',
    validation('Input is too long for requested model.'),
    'prompt-too-long: no, no, none, none, BadRequest',
  ],
  [
    '400, too long, Claude 4',
    validation('The model returned the following errors: prompt is too long: 200049 tokens > 200000 maximum'),
    'prompt-too-long: no, no, none, none, BadRequest',
  ],
  [
    '400, too long with the output',
    validation('input length and `max_tokens` exceed context limit: 197202 + 8192 > 200000'),
    'prompt-too-long: no, no, none, none, BadRequest',
  ],
  [
    '400, too long, Titan',
    validation('400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token count: 9279'),
    'prompt-too-long: no, no, none, none, BadRequest',
  ],
  [
    '400 ServiceQuotaExceeded',
    failure({ status: 400, type: 'ServiceQuotaExceededException' }),
    'service-quota-exceeded: no, yes, cool, held, RateLimit',
  ],
  [
    '403 AccessDenied',
    failure({ status: 403, type: 'AccessDeniedException' }),
    'access-denied: no, yes, misconfigured, held, Authentication',
  ],
  [
    '403 for a guardrail that the request names',
    failure({
      status: 403,
      type: 'AccessDeniedException',
      message: 'not authorized to perform: bedrock:ApplyGuardrail',
    }),
    'request-names-forbidden: no, yes, none, none, BadRequest',
  ],
  [
    '403 ExpiredToken',
    failure({ status: 403, type: 'ExpiredTokenException' }),
    'credentials-refused: refresh-credentials, yes, credentials, held, Authentication',
  ],
  [
    '403 InvalidSignature',
    failure({ status: 403, type: 'InvalidSignatureException' }),
    'credentials-refused: refresh-credentials, yes, credentials, held, Authentication',
  ],
  [
    '403 UnrecognizedClient',
    failure({ status: 403, type: 'UnrecognizedClientException' }),
    'credentials-refused: refresh-credentials, yes, credentials, held, Authentication',
  ],
  ['401', failure({ status: 401 }), 'unauthenticated: refresh-credentials, yes, credentials, held, Authentication'],
  [
    '404 ResourceNotFound',
    failure({ status: 404, type: 'ResourceNotFoundException' }),
    'not-found: no, yes, misconfigured, held, none',
  ],
  [
    'network error before headers',
    failure({ phase: 'connect', status: null }),
    'network: no, yes, count, growing, none',
  ],
  [
    'silence until the header time-out',
    failure({ status: null, timedOut: true }),
    'no-answer-in-time: no, yes, count, growing, Timeout',
  ],
  [
    '200 with UnknownOperation',
    failure({ status: 200, type: 'UnknownOperationException' }),
    'misrouted: no, no, none, none, BadRequest',
  ],
  ['a redirect', failure({ status: 301 }), 'redirected: no, yes, misconfigured, held, none'],
  ['another 4xx', failure({ status: 413 }), 'refused: no, no, none, none, none'],
  [
    'STS denies the role',
    failure({ phase: 'credentials', status: 403, type: 'AccessDenied' }),
    'role-not-assumed: no, yes, credentials, held, Authentication',
  ],
  [
    'STS does not answer',
    failure({ phase: 'credentials', status: null, type: 'network' }),
    'sts-unavailable: once, yes, count, growing, InternalServer',
  ],
  [
    'STS throttles',
    failure({ phase: 'credentials', status: 400, type: 'Throttling' }),
    'sts-throttled: once, yes, count, growing, InternalServer',
  ],
  [
    'a stream that breaks after content',
    failure({ phase: 'body', status: null }),
    'stream-cut-after-content: no, no, count, growing, none',
  ],
]

describe('policy table', () => {
  test.each(CASES)('%s is treated as the table says', (_signal, signal, treatment) => {
    const { name, sameTarget, otherTarget, health, coolDown, retryClass } = policyFor(signal)
    const errorClass = retryClass?.replace('ErrorRetries', '') ?? 'none'
    expect(`${name}: ${sameTarget}, ${otherTarget}, ${health}, ${coolDown}, ${errorClass}`).toBe(treatment)
  })

  test('every row is proven by at least one signal of this test', () => {
    const proven = new Set(CASES.map(([, signal]) => policyFor(signal).name))
    expect(POLICY.map(({ name }) => name).filter((name) => !proven.has(name))).toEqual([])
  })

  test('rows have names of their own and a source', () => {
    expect(new Set(POLICY.map(({ name }) => name)).size).toBe(POLICY.length)
    expect(POLICY.filter(({ source }) => source === '')).toEqual([])
  })

  test('a failure that no row foresees is asked for elsewhere', () => {
    expect(policyFor(failure({ status: null }))).toBe(UNFORESEEN)
    expect(UNFORESEEN.otherTarget).toBe('yes')
  })

  test('only a fault of the gateway itself raises an alarm', () => {
    expect(POLICY.filter(({ alarm }) => alarm).map(({ name }) => name)).toEqual(['misrouted'])
  })
})
