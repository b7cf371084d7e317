/**
 * What a failure means: one table, read from the top, the first row that matches counts. Adding a signal is adding a row.
 * What no row foresees is judged by the last one, so every failure has a row.
 *
 * `retry_policy` bounds how often a signal is retried that the table lets be retried. It does not make a plain 400 worth asking
 * twice. LiteLLM's ContentPolicyViolationErrorRetries has nothing to bound: an intervening guardrail is a 200 on Bedrock.
 */
import type { Failure } from './failure.ts'
import type { PolicyRow, Treatment } from './policy-row.ts'
import { matches } from './signal.ts'

const COMMON_ERRORS = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html'
const TROUBLESHOOTING = 'https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html'
const CONVERSE =
  'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors'
const INVOKE_STREAM =
  'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html#API_runtime_InvokeModelWithResponseStream_Errors'
const CONVERSE_STREAM = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html'
const QUOTAS = 'https://docs.aws.amazon.com/bedrock/latest/userguide/quotas.html'
const PROFILES = 'https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html'
const GUARDRAILS = 'https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions.html'
const STS = 'https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_Errors'

/** The service slipped: another deployment at once, or the same one once more. */
const SERVICE: Treatment = {
  sameTarget: 'once',
  otherTarget: 'yes',
  health: 'count',
  coolDown: 'growing',
  blame: 'service',
  uncounted: 'none',
  retryClass: 'InternalServerErrorRetries',
}
/** Nothing answered. A second call to the same place may be billed beside the first. */
const SILENCE: Treatment = {
  ...SERVICE,
  sameTarget: 'no',
  blame: 'network',
  uncounted: 'possible',
  retryClass: null,
}
/** The deployment's own bucket is empty; every other one is full of its own. */
const QUOTA: Treatment = {
  sameTarget: 'no',
  otherTarget: 'yes',
  health: 'cool',
  coolDown: 'growing',
  blame: 'quota',
  uncounted: 'none',
  retryClass: 'RateLimitErrorRetries',
}
/** The deployment cannot work as it is configured. */
const MISCONFIGURED: Treatment = {
  sameTarget: 'no',
  otherTarget: 'yes',
  health: 'misconfigured',
  coolDown: 'held',
  blame: 'target',
  uncounted: 'none',
  retryClass: 'BadRequestErrorRetries',
}
const FORBIDDEN: Treatment = { ...MISCONFIGURED, retryClass: 'AuthenticationErrorRetries' }
/** Its credentials are refused. The session of an assumed role can be renewed, once; nothing else can. */
const CREDENTIALS: Treatment = { ...FORBIDDEN, sameTarget: 'refresh-credentials', health: 'credentials' }
/** Every deployment would say the same. */
const REQUEST: Treatment = {
  sameTarget: 'no',
  otherTarget: 'no',
  health: 'none',
  coolDown: 'none',
  blame: 'request',
  uncounted: 'none',
  retryClass: 'BadRequestErrorRetries',
}
const MODEL: Treatment = { ...SERVICE, blame: 'model' }
/** The answer of the model stands, and perhaps it has cost its tokens already. */
const MODEL_FINAL: Treatment = { ...MODEL, sameTarget: 'no', otherTarget: 'no', retryClass: null }

const THROTTLES = ['Throttling', 'ThrottlingException', 'RequestLimitExceeded']
const CREDENTIAL_ERRORS = [
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]

/** AWS writes "isn't" with a straight or a typographic apostrophe. */
const ON_DEMAND = /on-demand throughput isn.t supported/i
/** Seen for accounts that may not use Bedrock or the model: aws/aws-cli#8717, aws-samples/amazon-bedrock-audio-summarizer#3. */
const ACCOUNT = /^operation not allowed\.?$|^your account is not authorized/i
/** Claude 2 (aws-samples/bedrock-chat#95), Claude 3 and 4 (daisuke-awaji/moca#254), Llama and Mistral, Titan, Nova. */
const TOO_LONG =
  /(?:input|prompt) is too long|exceed context limit|maximum context length|too many input tokens|input tokens exceeded/i
/** Named by the request, not by the deployment: one client's guardrail must not take a deployment from all others. */
const NAMED_BY_REQUEST = /guardrail|\bs3:/i

export const POLICY: readonly PolicyRow[] = [
  // Before Bedrock was asked.
  { name: 'sts-unavailable', when: { phases: ['credentials'], statuses: [null, 429, '5xx'] }, ...SERVICE, source: STS },
  { name: 'sts-throttled', when: { phases: ['credentials'], types: THROTTLES }, ...SERVICE, source: STS },
  { name: 'role-not-assumed', when: { phases: ['credentials'] }, ...CREDENTIALS, sameTarget: 'no', source: STS },

  // Nothing answered, or it broke off.
  {
    name: 'stream-cut-after-content',
    when: { phases: ['body'], statuses: [null] },
    ...SILENCE,
    otherTarget: 'no',
    source: CONVERSE_STREAM,
  },
  {
    name: 'no-answer-in-time',
    when: { timedOut: true },
    ...SILENCE,
    retryClass: 'TimeoutErrorRetries',
    source: 'timeout and stream_timeout of the configuration',
  },
  // A connection that was never made looks the same to a Worker as one that was lost after the request was sent.
  { name: 'network', when: { phases: ['connect'] }, ...SILENCE, source: 'no response headers' },
  {
    name: 'stream-cut-before-content',
    when: { phases: ['first-frame'], statuses: [null] },
    ...SILENCE,
    source: 'end, wrong checksum or impossible length before the first frame was whole',
  },

  // AWS could not route the path, and may say so under status 200. Asking elsewhere repeats the mistake.
  {
    name: 'misrouted',
    when: { types: ['UnknownOperationException'] },
    ...REQUEST,
    blame: 'target',
    alarm: true,
    source: COMMON_ERRORS,
  },

  // Quota.
  {
    name: 'throttled-per-day',
    when: { statuses: [429], message: /per day/i },
    ...QUOTA,
    health: 'quota-day',
    coolDown: 'until-midnight-utc',
    source: QUOTAS,
  },
  {
    name: 'model-not-ready',
    when: { types: ['ModelNotReadyException'] },
    ...QUOTA,
    sameTarget: 'backoff',
    source: CONVERSE,
  },
  { name: 'throttled-tokens', when: { statuses: [429], message: /too many tokens/i }, ...QUOTA, source: QUOTAS },
  { name: 'throttled-requests', when: { statuses: [429], message: /too many requests/i }, ...QUOTA, source: QUOTAS },
  { name: 'throttled', when: { statuses: [429] }, ...QUOTA, source: CONVERSE },
  {
    name: 'service-quota-exceeded',
    when: { types: ['ServiceQuotaExceededException'] },
    ...QUOTA,
    coolDown: 'held',
    source: INVOKE_STREAM,
  },

  // Who asks, and for what.
  { name: 'credentials-refused', when: { types: CREDENTIAL_ERRORS }, ...CREDENTIALS, source: COMMON_ERRORS },
  { name: 'unauthenticated', when: { statuses: [401] }, ...CREDENTIALS, source: COMMON_ERRORS },
  {
    name: 'request-names-forbidden',
    when: { statuses: [403, 404], message: NAMED_BY_REQUEST },
    ...REQUEST,
    otherTarget: 'yes',
    source: GUARDRAILS,
  },
  { name: 'access-denied', when: { statuses: [403] }, ...FORBIDDEN, source: TROUBLESHOOTING },
  { name: 'not-found', when: { statuses: [404] }, ...FORBIDDEN, retryClass: null, source: TROUBLESHOOTING },

  // 400: the texts that speak of the deployment, then of the prompt's length, then everything that is the client's own.
  { name: 'on-demand-unsupported', when: { statuses: [400], message: ON_DEMAND }, ...MISCONFIGURED, source: PROFILES },
  {
    name: 'model-identifier-invalid',
    when: { statuses: [400], message: /model identifier is invalid/i },
    ...MISCONFIGURED,
    source: TROUBLESHOOTING,
  },
  {
    name: 'account-not-allowed',
    when: { statuses: [400], message: ACCOUNT },
    ...MISCONFIGURED,
    source: TROUBLESHOOTING,
  },
  {
    name: 'prompt-too-long',
    when: { statuses: [400], message: TOO_LONG },
    ...REQUEST,
    fallback: 'context-window',
    source: CONVERSE,
  },
  { name: 'bad-request', when: { statuses: [400] }, ...REQUEST, source: CONVERSE },

  // The model.
  {
    name: 'model-timeout',
    when: { statuses: [408] },
    ...MODEL_FINAL,
    otherTarget: 'by-retry-policy',
    uncounted: 'beside-an-answer',
    retryClass: 'TimeoutErrorRetries',
    source: CONVERSE,
  },
  { name: 'model-stream-error', when: { types: ['ModelStreamErrorException'] }, ...MODEL, source: CONVERSE_STREAM },
  {
    name: 'model-error-of-server',
    when: { statuses: [424], originalStatuses: [429, '5xx'] },
    ...MODEL,
    source: CONVERSE,
  },
  {
    name: 'model-error-of-request',
    when: { statuses: [424], originalStatuses: ['4xx'] },
    ...MODEL_FINAL,
    health: 'none',
    coolDown: 'none',
    source: CONVERSE,
  },
  { name: 'model-error', when: { statuses: [424] }, ...MODEL_FINAL, source: CONVERSE },

  // The service, and what may stand in front of it.
  { name: 'service-unavailable', when: { statuses: [503] }, ...SERVICE, source: CONVERSE },
  { name: 'internal-server-error', when: { statuses: [500] }, ...SERVICE, source: CONVERSE },
  { name: 'server-error', when: { statuses: ['5xx'] }, ...SERVICE, source: 'a load balancer or proxy on the way' },
  {
    name: 'redirected',
    when: { statuses: ['3xx'] },
    ...MISCONFIGURED,
    retryClass: null,
    source: 'Bedrock never redirects: the endpoint of the deployment is something else',
  },
  { name: 'refused', when: { statuses: ['4xx'] }, ...REQUEST, retryClass: null, source: COMMON_ERRORS },
]

/** What none of the rows foresees is asked for elsewhere, and counted. */
export const UNFORESEEN: PolicyRow = { name: 'unforeseen', when: {}, ...SILENCE, blame: 'service', source: 'no row' }

export function policyFor(failure: Failure): PolicyRow {
  return POLICY.find((row) => matches(row.when, failure)) ?? UNFORESEEN
}
