/** One attempt on one deployment: credentials, signature, fetch, judgement. */
import type { HeaderMap } from '../../base/header-map.ts'
import { upstreamPath } from '../../bedrock/operations/path.ts'
import { SERVICES } from '../../bedrock/operations/services.ts'
import type { CredentialProvider } from '../../bedrock/signing/credential-provider.ts'
import { signRequest } from '../../bedrock/signing/sign.ts'
import type { Deployment } from '../../config/types.ts'
import type { Failure } from '../../routing/policy/failure.ts'
import type { Attempt, AttemptOutcome } from '../../routing/router.ts'
import type { AdmittedCall } from '../call.ts'
import { readRequestFacts } from '../request/request-facts.ts'
import type { Delivery } from './delivery.ts'
import { judgeResponse } from './judge.ts'
import { fromUpstream, UpstreamBroke } from './upstream-answer.ts'

export type AttemptDeps = { credentials: CredentialProvider; fetcher: typeof fetch }

export type AttemptLimits = {
  /** Bound on the wait for the answer: until the first frame of a stream, until the body of all others. */
  limitMs: number
  /** The session of an assumed role was refused: take another one. */
  refreshCredentials: boolean
}

/** How far an attempt came, for the failure that a broken connection means. */
type Progress = { answered: boolean; timedOut: boolean }

export async function attemptCall(
  call: AdmittedCall,
  attempt: Attempt<Delivery>,
  limits: AttemptLimits,
  deps: AttemptDeps,
): Promise<AttemptOutcome<Delivery>> {
  const controller = new AbortController()
  const progress: Progress = { answered: false, timedOut: false }
  const timer = setTimeout(() => {
    progress.timedOut = true
    controller.abort()
  }, limits.limitMs)
  // One signal for the whole life of the upstream connection: the time-out now, the end of the drain later.
  call.disconnect.guard(() => controller.abort())
  try {
    const prepared = await prepare(call, attempt, limits.refreshCredentials, deps)
    if (!prepared.ok) return { kind: 'failure', failure: prepared.failure, value: null }
    return await ask(call, attempt, prepared, { controller, progress }, deps)
  } finally {
    clearTimeout(timer)
    if (attempt.sentMs !== null) call.upstreamWaitMs += Date.now() - attempt.sentMs
  }
}

/** A deployment whose credentials AWS does not take for this operation: another one may have others. */
const NOT_ACCEPTED: Failure = {
  phase: 'credentials',
  status: null,
  type: 'AccessDeniedException',
  message: 'the operation does not accept this kind of credentials',
}

type Prepared = { ok: true; url: string; headers: Headers }

/** Credentials and signature. What fails here has asked Bedrock nothing. */
async function prepare(
  call: AdmittedCall,
  { deployment }: Attempt<Delivery>,
  refreshCredentials: boolean,
  deps: AttemptDeps,
): Promise<Prepared | { ok: false; failure: Failure }> {
  const refused = refreshCredentials ? call.lastKeyId : undefined
  const signing = await deps.credentials.get(deployment.credentials, deployment.region, refused)
  if (!signing.ok) {
    const { status, code, message } = signing
    return { ok: false, failure: { phase: 'credentials', status, type: code, message } }
  }
  if (signing.credentials.kind === 'keys') call.lastKeyId = signing.credentials.accessKeyId
  const { method, service, credentials } = call.operation
  if (!credentials.includes(signing.credentials.kind)) return { ok: false, failure: NOT_ACCEPTED }
  const { endpoint, signingName } = SERVICES[service]
  const path = upstreamPath(call.operation, call.labels, deployment.model, call.search)
  const url = deployment[endpoint] + path
  const unsigned = {
    method,
    url: (deployment.signedEndpoint ?? deployment[endpoint]) + path,
    headers: { ...call.upstreamHeaders, ...signedExtras(deployment) },
    body: sentBody(call) ?? '',
    region: deployment.region,
  }
  const headers = await signRequest(unsigned, signing.credentials, signingName)
  for (const [name, value] of Object.entries(deployment.extraHeaders ?? {})) {
    if (!headers.has(name)) headers.set(name, value)
  }
  // Set after signing, since an intermediary may rewrite it: a compressed answer would not be AWS's bytes.
  headers.set('accept-encoding', 'identity')
  return { ok: true, url, headers }
}

/** A GET has none, whatever its client sent: `fetch` takes none, and AWS expects none. */
function sentBody({ operation, body }: AdmittedCall): Uint8Array | null {
  return operation.method === 'GET' ? null : body.bytes
}

/** Those of `extra_headers` that AWS wants signed. */
function signedExtras({ extraHeaders = {} }: Deployment): HeaderMap {
  return Object.fromEntries(Object.entries(extraHeaders).filter(([name]) => name.startsWith('x-amz')))
}

async function ask(
  call: AdmittedCall,
  attempt: Attempt<Delivery>,
  { url, headers }: Prepared,
  { controller, progress }: { controller: AbortController; progress: Progress },
  deps: AttemptDeps,
): Promise<AttemptOutcome<Delivery>> {
  const { operation } = call
  const { deployment } = attempt
  const body = call.body.bytes
  const { signal } = controller
  const request: RequestInit = { method: operation.method, headers, body: sentBody(call), redirect: 'manual', signal }
  attempt.sentMs = Date.now()
  const answering = deps.fetcher(url, request)
  // A rejection is handled where the answer is awaited; reading the request below must not leave it without a handler.
  answering.catch(() => undefined)
  // Accounting's share of reading the request overlaps with the wait for the upstream.
  call.requestFacts = readRequestFacts(operation, call.clientHeaders, body, deployment.baseModel ?? deployment.model)
  const judging = (async () => {
    const response = await fromUpstream(answering)
    progress.answered = operation.successStatuses.includes(response.status)
    return judgeResponse(operation, response)
  })()
  let judgement: Awaited<typeof judging>
  try {
    judgement = await judging
  } catch (cause) {
    if (!(cause instanceof UpstreamBroke)) throw cause
    const failure = brokenOff(cause, progress)
    return { kind: 'failure', failure: call.disconnect.cancelled() ? abortedByUs(failure) : failure, value: null }
  }
  const judgedAtMs = Date.now()
  const { awsRequestId } = judgement
  const cancelUpstream = () => controller.abort()
  if (judgement.kind === 'content') {
    const value = { answer: judgement.answer, awsRequestId, cancelUpstream, firstFrameAtMs: judgedAtMs }
    return { kind: 'success', value, msToFirstFrame: judgedAtMs - attempt.sentMs }
  }
  const { answer } = judgement
  const value = answer === null ? null : { answer, awsRequestId, cancelUpstream, firstFrameAtMs: null }
  return { kind: 'failure', failure: judgement.failure, value }
}

/** The client left, and this attempt was ended for it: that says nothing of the upstream. */
function abortedByUs(failure: Failure): Failure {
  return failure.timedOut ? failure : { ...failure, message: 'the client left', abortedByUs: true }
}

/** A connection that broke: before the headers, or in an answer that had begun with 200. */
function brokenOff({ message }: UpstreamBroke, { answered, timedOut }: Progress): Failure {
  const phase = answered ? 'first-frame' : timedOut ? 'headers' : 'connect'
  if (timedOut) return { phase, status: null, type: null, message: 'no answer in time', timedOut: true }
  return { phase, status: null, type: null, message }
}
