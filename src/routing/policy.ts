/**
 * What a failure means: one table, read from the top, the first row that matches counts. Adding a signal is adding a row.
 * What no row foresees is judged by the last ones, so every failure has a row.
 */
import type { RetryPolicy } from '../config/types.ts'
import type { Failure } from './failure.ts'
import { matches, type Signal } from './signal.ts'

/**
 * Whose doing it was. The order is that of usefulness to the client when all attempts failed: its own fault will not go
 * away by itself, quota comes back, and of a fault in the gateway's configuration the client can make nothing.
 */
export const BLAME_BY_USEFULNESS = ['request', 'model', 'quota', 'service', 'network', 'target'] as const
export type Blame = (typeof BLAME_BY_USEFULNESS)[number]

export type PolicyRow = {
  /** Names the row in the attempt log, in `/health` and in tests. */
  name: string
  when: Signal
  /** Whether the same deployment is asked again, and only when no other is left; `refresh-credentials` does so at once. */
  sameTarget: 'no' | 'once' | 'backoff' | 'refresh-credentials'
  /** `by-retry-policy`: only where the retry policy names this class of error with at least one retry. */
  otherTarget: 'yes' | 'no' | 'by-retry-policy'
  /** `count` cools only when it happens too often; the others take the deployment out at once. */
  health: 'none' | 'count' | 'cool' | 'misconfigured' | 'quota-day' | 'credentials'
  /** How long it stays out: see cool-down.ts. */
  coolDown: 'none' | 'growing' | 'held' | 'until-midnight-utc'
  blame: Blame
  /** LiteLLM's class of error, for `retry_policy`; null is bounded by `num_retries` alone. */
  retryClass: keyof RetryPolicy | null
  /** Where the call may go although the request is at fault: `context_window_fallbacks`. */
  fallback?: 'context-window'
  /** A fault of the gateway itself, to be shouted about. */
  alarm?: true
  source: string
}

const COMMON_ERRORS = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html'
const TROUBLESHOOTING = 'https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html'
const CONVERSE =
  'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors'
const INVOKE_STREAM =
  'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html#API_runtime_InvokeModelWithResponseStream_Errors'
const CONVERSE_STREAM = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html'
const QUOTAS = 'https://docs.aws.amazon.com/bedrock/latest/userguide/quotas.html'
const STS = 'https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_Errors'
const ON_DEMAND = 'https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html'
const CONTEXT_TEXTS =
  'texts as recorded in aws-samples/bedrock-chat#95 (Claude 2), daisuke-awaji/moca#254 (Claude 4); Titan: "Too many input tokens"'

type Defaults = Pick<PolicyRow, 'sameTarget' | 'otherTarget' | 'health' | 'coolDown'>
const ELSEWHERE_COUNTED: Defaults = { sameTarget: 'no', otherTarget: 'yes', health: 'count', coolDown: 'growing' }
const AGAIN_COUNTED: Defaults = { sameTarget: 'once', otherTarget: 'yes', health: 'count', coolDown: 'growing' }
const ELSEWHERE_COOLED: Defaults = { sameTarget: 'no', otherTarget: 'yes', health: 'cool', coolDown: 'growing' }
const HELD_OUT: Defaults = { sameTarget: 'no', otherTarget: 'yes', health: 'misconfigured', coolDown: 'held' }
const FINAL: Defaults = { sameTarget: 'no', otherTarget: 'no', health: 'none', coolDown: 'none' }

const THROTTLES = ['Throttling', 'ThrottlingException', 'TooManyRequestsException', 'RequestLimitExceeded']
const SERVER_STATUSES = [429, '5xx'] as const

export const POLICY: readonly PolicyRow[] = [
  // Before Bedrock was asked.
  {
    name: 'sts-unavailable',
    when: { phases: ['credentials'], statuses: [null, 429, '5xx'] },
    ...AGAIN_COUNTED,
    blame: 'service',
    retryClass: 'InternalServerErrorRetries',
    source: STS,
  },
  {
    name: 'sts-throttled',
    when: { phases: ['credentials'], types: THROTTLES },
    ...AGAIN_COUNTED,
    blame: 'service',
    retryClass: 'RateLimitErrorRetries',
    source: STS,
  },
  {
    name: 'role-not-assumed',
    when: { phases: ['credentials'] },
    ...HELD_OUT,
    health: 'credentials',
    blame: 'target',
    retryClass: 'AuthenticationErrorRetries',
    source: STS,
  },

  // Nothing answered, or it broke off.
  {
    name: 'stream-cut-after-content',
    when: { phases: ['body'], statuses: [null] },
    ...FINAL,
    health: 'count',
    coolDown: 'growing',
    blame: 'service',
    retryClass: null,
    source: CONVERSE_STREAM,
  },
  {
    name: 'no-answer-in-time',
    when: { timedOut: true },
    ...ELSEWHERE_COUNTED,
    blame: 'network',
    retryClass: 'TimeoutErrorRetries',
    source: 'timeout, stream_timeout of the configuration',
  },
  {
    name: 'network',
    when: { phases: ['connect'] },
    ...ELSEWHERE_COUNTED,
    blame: 'network',
    retryClass: null,
    source: 'fetch rejected before response headers',
  },
  {
    name: 'stream-cut-before-content',
    when: { phases: ['first-frame'], statuses: [null] },
    ...ELSEWHERE_COUNTED,
    blame: 'network',
    retryClass: null,
    source: 'end, wrong checksum or impossible length before the first frame was whole',
  },

  // The gateway's own mistake: AWS could not route the path, sometimes under status 200. Asking elsewhere repeats it.
  {
    name: 'misrouted',
    when: { types: ['UnknownOperationException'] },
    ...FINAL,
    blame: 'target',
    retryClass: null,
    alarm: true,
    source: COMMON_ERRORS,
  },

  // Quota.
  {
    name: 'throttled-per-day',
    when: { statuses: [429], message: /per day/i },
    sameTarget: 'no',
    otherTarget: 'yes',
    health: 'quota-day',
    coolDown: 'until-midnight-utc',
    blame: 'quota',
    retryClass: 'RateLimitErrorRetries',
    source: QUOTAS,
  },
  {
    name: 'model-not-ready',
    when: { types: ['ModelNotReadyException'] },
    ...ELSEWHERE_COOLED,
    sameTarget: 'backoff',
    blame: 'quota',
    retryClass: 'RateLimitErrorRetries',
    source: CONVERSE,
  },
  {
    name: 'throttled-tokens',
    when: { statuses: [429], message: /too many (?:input |output )?tokens/i },
    ...ELSEWHERE_COOLED,
    blame: 'quota',
    retryClass: 'RateLimitErrorRetries',
    source: QUOTAS,
  },
  {
    name: 'throttled-requests',
    when: { statuses: [429], message: /too many (?:requests|connections)/i },
    ...ELSEWHERE_COOLED,
    blame: 'quota',
    retryClass: 'RateLimitErrorRetries',
    source: QUOTAS,
  },
  {
    name: 'throttled',
    when: { statuses: [429] },
    ...ELSEWHERE_COOLED,
    blame: 'quota',
    retryClass: 'RateLimitErrorRetries',
    source: CONVERSE,
  },
  {
    name: 'service-quota-exceeded',
    when: { types: ['ServiceQuotaExceededException'] },
    ...ELSEWHERE_COOLED,
    coolDown: 'held',
    blame: 'quota',
    retryClass: 'RateLimitErrorRetries',
    source: INVOKE_STREAM,
  },

  // Credentials. A session of an assumed role is renewed once; nothing else can be.
  {
    name: 'credentials-refused',
    when: {
      types: [
        'ExpiredTokenException',
        'ExpiredToken',
        'RequestExpired',
        'InvalidSignatureException',
        'SignatureDoesNotMatch',
        'UnrecognizedClientException',
        'InvalidClientTokenId',
        'IncompleteSignature',
        'IncompleteSignatureException',
        'MissingAuthenticationToken',
        'MissingAuthenticationTokenException',
      ],
    },
    ...HELD_OUT,
    sameTarget: 'refresh-credentials',
    health: 'credentials',
    blame: 'target',
    retryClass: 'AuthenticationErrorRetries',
    source: COMMON_ERRORS,
  },
  {
    name: 'unauthenticated',
    when: { statuses: [401] },
    ...HELD_OUT,
    sameTarget: 'refresh-credentials',
    health: 'credentials',
    blame: 'target',
    retryClass: 'AuthenticationErrorRetries',
    source: COMMON_ERRORS,
  },

  // Something the request names, not the deployment: one client's guardrail must not take a deployment from all others.
  {
    name: 'request-names-forbidden',
    when: { statuses: [403, 404], message: /guardrail|\bs3:/i },
    ...FINAL,
    otherTarget: 'yes',
    blame: 'request',
    retryClass: 'AuthenticationErrorRetries',
    source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions.html',
  },
  {
    name: 'access-denied',
    when: { statuses: [403] },
    ...HELD_OUT,
    blame: 'target',
    retryClass: 'AuthenticationErrorRetries',
    source: TROUBLESHOOTING,
  },
  {
    name: 'not-found',
    when: { statuses: [404] },
    ...HELD_OUT,
    blame: 'target',
    retryClass: null,
    source: TROUBLESHOOTING,
  },

  // 400: the texts that speak of the deployment (AWS writes isn't with either apostrophe), then those of the prompt's length, then the client's own.
  {
    name: 'on-demand-unsupported',
    when: { statuses: [400], message: /on-demand throughput isn.t supported/i },
    ...HELD_OUT,
    blame: 'target',
    retryClass: 'BadRequestErrorRetries',
    source: ON_DEMAND,
  },
  {
    name: 'model-identifier-invalid',
    when: { statuses: [400], message: /model identifier is invalid/i },
    ...HELD_OUT,
    blame: 'target',
    retryClass: 'BadRequestErrorRetries',
    source: TROUBLESHOOTING,
  },
  {
    name: 'account-not-allowed',
    when: { statuses: [400], message: /^operation not allowed\.?$|^your account is not authorized/i },
    ...HELD_OUT,
    blame: 'target',
    retryClass: 'BadRequestErrorRetries',
    source:
      'aws/aws-cli#8717, aws-samples/amazon-bedrock-audio-summarizer#3: the account or its access to the model, not the request',
  },
  {
    name: 'prompt-too-long',
    when: {
      statuses: [400],
      message:
        /(?:input|prompt) is too long|exceeds? (?:the )?(?:context|maximum length)|exceed context limit|maximum context length|too many input tokens|input tokens exceeded/i,
    },
    ...FINAL,
    blame: 'request',
    retryClass: 'BadRequestErrorRetries',
    fallback: 'context-window',
    source: CONTEXT_TEXTS,
  },
  {
    name: 'bad-request',
    when: { statuses: [400] },
    ...FINAL,
    blame: 'request',
    retryClass: 'BadRequestErrorRetries',
    source: CONVERSE,
  },

  // The model. A 408 may have cost the whole generation already, so it is repeated only where the configuration says so.
  {
    name: 'model-timeout',
    when: { statuses: [408] },
    ...ELSEWHERE_COUNTED,
    otherTarget: 'by-retry-policy',
    blame: 'model',
    retryClass: 'TimeoutErrorRetries',
    source: CONVERSE,
  },
  {
    name: 'model-stream-error',
    when: { types: ['ModelStreamErrorException'] },
    ...AGAIN_COUNTED,
    blame: 'model',
    retryClass: 'InternalServerErrorRetries',
    source: CONVERSE_STREAM,
  },
  {
    name: 'model-error-of-server',
    when: { statuses: [424], originalStatuses: SERVER_STATUSES },
    ...AGAIN_COUNTED,
    blame: 'model',
    retryClass: 'InternalServerErrorRetries',
    source: CONVERSE,
  },
  {
    name: 'model-error-of-request',
    when: { statuses: [424], originalStatuses: ['4xx'] },
    ...FINAL,
    blame: 'model',
    retryClass: null,
    source: CONVERSE,
  },
  {
    name: 'model-error',
    when: { statuses: [424] },
    ...FINAL,
    health: 'count',
    coolDown: 'growing',
    blame: 'model',
    retryClass: null,
    source: CONVERSE,
  },

  // The service.
  {
    name: 'service-unavailable',
    when: { statuses: [503] },
    ...AGAIN_COUNTED,
    blame: 'service',
    retryClass: 'InternalServerErrorRetries',
    source: CONVERSE,
  },
  {
    name: 'internal-server-error',
    when: { statuses: [500] },
    ...AGAIN_COUNTED,
    blame: 'service',
    retryClass: 'InternalServerErrorRetries',
    source: CONVERSE,
  },
  {
    name: 'server-error',
    when: { statuses: ['5xx'] },
    ...AGAIN_COUNTED,
    blame: 'service',
    retryClass: 'InternalServerErrorRetries',
    source: 'a proxy or load balancer in front of Bedrock',
  },
  {
    name: 'redirected',
    when: { statuses: ['3xx'] },
    ...HELD_OUT,
    blame: 'target',
    retryClass: null,
    source: 'Bedrock never redirects: the endpoint of the deployment is another service',
  },
  { name: 'refused', when: { statuses: ['4xx'] }, ...FINAL, blame: 'request', retryClass: null, source: COMMON_ERRORS },
]

/** What none of the rows above foresees is asked for elsewhere, and counted. */
export const UNFORESEEN: PolicyRow = {
  name: 'unforeseen',
  when: {},
  ...ELSEWHERE_COUNTED,
  blame: 'service',
  retryClass: null,
  source: 'no row of the table',
}

export function policyFor(failure: Failure): PolicyRow {
  return POLICY.find((row) => matches(row.when, failure)) ?? UNFORESEEN
}
