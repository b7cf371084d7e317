/**
 * What a failure means, as one table: the first row that matches decides. A new signal is a new row. The last row matches
 * everything, so every failure has one.
 *
 * `retry_policy` bounds how often a failure is retried that the table allows to be retried. It does not make a plain 400 worth
 * asking twice. LiteLLM's ContentPolicyViolationErrorRetries has nothing to bound: an intervening guardrail is a 200 on Bedrock.
 */
import type { Failure } from './failure.ts'
import type { PolicyRow } from './policy-row.ts'
import { matches } from './signal.ts'
import {
  ACCOUNT,
  MODEL_IDENTIFIER,
  ON_DEMAND,
  RESERVATION,
  speaksOfAnotherResource,
  speaksOfOwnModel,
  TOO_LONG,
} from './texts.ts'
import {
  CREDENTIALS,
  FORBIDDEN,
  MISCONFIGURED,
  MODEL,
  MODEL_FINAL,
  QUOTA,
  REQUEST,
  SERVICE,
  SILENCE,
  TOKEN_QUOTA,
  UNLESS_REFUTED,
} from './treatments.ts'
import { UNEXPLAINED } from './unexplained.ts'

const COMMON_ERRORS = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html'
const TROUBLESHOOTING = 'https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html'
const CONVERSE =
  'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors'
const INVOKE_STREAM =
  'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html#API_runtime_InvokeModelWithResponseStream_Errors'
const CONVERSE_STREAM = 'https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html'
const QUOTAS = 'https://docs.aws.amazon.com/bedrock/latest/userguide/quotas.html'
const PROFILES = 'https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html'
const TIERS = 'https://docs.aws.amazon.com/bedrock/latest/userguide/service-tiers-inference.html'
const GUARDRAILS = 'https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-permissions.html'
const STS = 'https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_Errors'

const THROTTLES = ['Throttling', 'ThrottlingException', 'RequestLimitExceeded']
const CREDENTIAL_ERRORS = [
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
]
/** A wrong secret makes a signature wrong, and so does a request that was signed in another form than it was sent in. */
const SIGNATURE_ERRORS = [
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'RequestExpired',
  'SignatureDoesNotMatch',
]

export const POLICY: readonly PolicyRow[] = [
  {
    name: 'client-left',
    when: { abortedByUs: true },
    ...REQUEST,
    blame: 'client',
    uncounted: 'possible',
    retryClass: null,
    source: 'cancel_on_disconnect, or the end of the drain',
  },

  // Before Bedrock was asked.
  {
    name: 'credentials-not-accepted',
    when: { phases: ['credentials'], types: ['AccessDeniedException'], statuses: [null] },
    ...REQUEST,
    otherTarget: 'yes',
    blame: 'operation',
    retryClass: 'AuthenticationErrorRetries',
    source: 'the table of operations: some take no API keys',
  },
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
  // workerd gives the same error for a refused connection as for one that was lost after the request was sent, so that all may
  // have consumed something.
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
    blame: 'gateway',
    alarm: true,
    source: COMMON_ERRORS,
  },

  // Quota.
  {
    name: 'throttled-per-day',
    when: { statuses: [429], message: /per day/i },
    ...QUOTA,
    coolDown: { after: 'one', lasts: 'until-midnight-utc', bySize: true },
    source: QUOTAS,
  },
  {
    name: 'model-not-ready',
    when: { types: ['ModelNotReadyException'] },
    ...QUOTA,
    sameTarget: 'backoff',
    source: CONVERSE,
  },
  { name: 'throttled-tokens', when: { statuses: [429], message: /too many tokens/i }, ...TOKEN_QUOTA, source: QUOTAS },
  { name: 'throttled-requests', when: { statuses: [429], message: /too many requests/i }, ...QUOTA, source: QUOTAS },
  { name: 'throttled', when: { statuses: [429] }, ...TOKEN_QUOTA, source: CONVERSE },
  {
    name: 'service-quota-exceeded',
    when: { types: ['ServiceQuotaExceededException'] },
    ...QUOTA,
    coolDown: { after: 'one', lasts: 'held', bySize: true },
    source: INVOKE_STREAM,
  },

  // Who asks, and for what.
  { name: 'credentials-refused', when: { types: CREDENTIAL_ERRORS }, ...CREDENTIALS, source: COMMON_ERRORS },
  {
    name: 'signature-refused',
    when: { types: SIGNATURE_ERRORS },
    ...CREDENTIALS,
    coolDown: UNLESS_REFUTED,
    source: COMMON_ERRORS,
  },
  {
    name: 'unauthenticated',
    when: { statuses: [401] },
    ...CREDENTIALS,
    coolDown: UNLESS_REFUTED,
    source: COMMON_ERRORS,
  },
  {
    name: 'request-names-forbidden',
    when: { statuses: [403, 404], message: speaksOfAnotherResource },
    ...REQUEST,
    otherTarget: 'yes',
    source: GUARDRAILS,
  },
  {
    name: 'account-denied',
    when: { types: ['BadCScoreException', 'FTUFormNotFilled', 'OptInRequired'] },
    ...FORBIDDEN,
    source: COMMON_ERRORS,
  },
  {
    name: 'access-denied',
    when: { statuses: [403], message: speaksOfOwnModel },
    ...FORBIDDEN,
    source: TROUBLESHOOTING,
  },
  {
    name: 'access-denied-somewhere',
    when: { statuses: [403] },
    ...FORBIDDEN,
    coolDown: UNLESS_REFUTED,
    source: TROUBLESHOOTING,
  },
  {
    name: 'not-found',
    when: { statuses: [404], message: speaksOfOwnModel },
    ...FORBIDDEN,
    retryClass: null,
    source: TROUBLESHOOTING,
  },
  {
    name: 'not-found-somewhere',
    when: { statuses: [404] },
    ...FORBIDDEN,
    coolDown: UNLESS_REFUTED,
    retryClass: null,
    source: TROUBLESHOOTING,
  },

  // 400: the texts that speak of the deployment, then of the prompt's length, then everything that is the client's own.
  { name: 'on-demand-unsupported', when: { statuses: [400], message: ON_DEMAND }, ...MISCONFIGURED, source: PROFILES },
  {
    name: 'model-identifier-invalid',
    when: { statuses: [400], message: MODEL_IDENTIFIER },
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
    name: 'reservation-not-found',
    when: { statuses: [400], message: RESERVATION },
    ...REQUEST,
    otherTarget: 'yes',
    refuses: 'service-tier',
    source: TIERS,
  },
  {
    name: 'prompt-too-long',
    when: { statuses: [400], message: TOO_LONG },
    ...REQUEST,
    fallback: 'context-window',
    source: CONVERSE,
  },
  UNEXPLAINED,
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
    source: CONVERSE,
  },
  { name: 'model-stream-error', when: { types: ['ModelStreamErrorException'] }, ...MODEL, source: CONVERSE_STREAM },
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

/** A failure that no row describes: another deployment is asked, and it counts against the first one's health. */
export const UNFORESEEN: PolicyRow = { name: 'unforeseen', when: {}, ...SILENCE, blame: 'service', source: 'no row' }

/** `model`: the identifier that the deployment sends upstream, which the text may speak of. */
export function policyFor(failure: Failure, model: string): PolicyRow {
  return POLICY.find((row) => matches(row.when, failure, model)) ?? UNFORESEEN
}
