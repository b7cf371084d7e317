/**
 * Checks credentials as Bedrock does: a SigV4 signature is computed again by Smithy's signer, which shares
 * no code with the signer of the gateway, over the request exactly as it arrived; or a Bedrock API key.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { timingSafeEqual } from 'node:crypto'
import { Sha256 } from '@aws-crypto/sha256-js'
import { SignatureV4 } from '@smithy/signature-v4'
import { ERRORS, type ErrorName } from './errors.ts'

/** Credentials that a simulator accepts when it is told no others. They open nothing anywhere else. */
export const SIMULATOR_ACCESS_KEY_ID = 'AKIASIMULATOREXAMPLE'
export const SIMULATOR_SECRET_ACCESS_KEY = 'simulator/secret/that/opens/nothing/EXAMPLE'
export const SIMULATOR_BEARER_KEY = 'bedrock-api-key-simulator-EXAMPLE'

/** AWS's text for a Bedrock API key that is not known. */
const INVALID_BEARER_KEY = 'Authentication failed: Please make sure your API Key is valid.'

/** Signing name of all Bedrock services. */
const SERVICE = 'bedrock'

/** Clock difference that AWS tolerates, in ms. */
const SKEW_MAX_MS = 5 * 60 * 1000

const AUTHORIZATION = /^AWS4-HMAC-SHA256\s+(.*)$/

export type KeyPair = {
  accessKeyId: string
  secretAccessKey: string
  /** Session keys: the request must carry exactly this token. */
  sessionToken?: string
  /** A session that is over: answered with `ExpiredTokenException`. */
  expired?: boolean
}

export type AuthRules = {
  keyPairs: readonly KeyPair[]
  bearerKeys: readonly string[]
  /** Region that the credential scope must name; `null` takes any. */
  region: string | null
  /** Current time, in ms since 1970. */
  now: () => number
}

export type SignedRequest = {
  method: string
  /** Path and query as they stood in the request line. */
  rawUrl: string
  /** Names in lower case; values of a repeated header joined with a comma. */
  headers: Readonly<Record<string, string>>
  body: Uint8Array
}

export type AuthVerdict =
  /** `region` is that of the credential scope. */
  | { ok: true; how: 'sigv4'; accessKeyId: string; region: string }
  | { ok: true; how: 'bearer' }
  | { ok: true; how: 'unchecked' }
  | { ok: false; error: ErrorName; message: string }

export async function verifyAuth(request: SignedRequest, rules: AuthRules): Promise<AuthVerdict> {
  const authorization = request.headers.authorization
  if (authorization === undefined || authorization === '') return refused('MissingAuthenticationTokenException')
  if (authorization.startsWith('Bearer ')) {
    const known = rules.bearerKeys.includes(authorization.slice('Bearer '.length))
    return known ? { ok: true, how: 'bearer' } : refused('AccessDeniedException', INVALID_BEARER_KEY)
  }
  const claim = parseAuthorization(authorization)
  if (typeof claim === 'string') return refused('IncompleteSignatureException', claim)
  const keys = rules.keyPairs.find((pair) => pair.accessKeyId === claim.accessKeyId)
  if (keys === undefined) return refused('UnrecognizedClientException')
  if (request.headers['x-amz-security-token'] !== keys.sessionToken) return refused('UnrecognizedClientException')
  if (keys.expired === true) return refused('ExpiredTokenException')

  const date = parseDate(request.headers['x-amz-date'] ?? '')
  if (date === null) {
    return refused(
      'IncompleteSignatureException',
      "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    )
  }
  const fault = scopeFault(claim, date, rules) ?? dateFault(date, rules.now()) ?? headerFault(claim)
  if (fault !== null) return refused('InvalidSignatureException', fault)
  const matchesBody = await bodyHashHolds(request)
  if (!matchesBody || !sameText(await signatureOf(request, claim, keys, date), claim.signature)) {
    return refused('InvalidSignatureException')
  }
  return { ok: true, how: 'sigv4', accessKeyId: keys.accessKeyId, region: claim.region }
}

type Claim = {
  accessKeyId: string
  /** `YYYYMMDD` of the credential scope. */
  day: string
  region: string
  service: string
  signedHeaders: readonly string[]
  signature: string
}

/** The parts of the header, or what AWS says about one that is not whole. */
function parseAuthorization(header: string): Claim | string {
  const fields = new Map(
    (AUTHORIZATION.exec(header)?.[1] ?? '').split(',').map((field): [string, string] => {
      const [name, ...value] = field.trim().split('=')
      return [name ?? '', value.join('=')]
    }),
  )
  for (const name of ['Credential', 'Signature', 'SignedHeaders']) {
    if ((fields.get(name) ?? '') === '') return `Authorization header requires '${name}' parameter.`
  }
  const scope = (fields.get('Credential') ?? '').split('/')
  const [accessKeyId, day, region, service, terminator] = scope
  if (scope.length !== 5 || terminator !== 'aws4_request' || !accessKeyId || !day || !region || !service) {
    return 'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.'
  }
  return {
    accessKeyId,
    day,
    region,
    service,
    signedHeaders: (fields.get('SignedHeaders') ?? '').toLowerCase().split(';'),
    signature: fields.get('Signature') ?? '',
  }
}

/** `20261124T061500Z` → time; `null` for anything else. */
function parseDate(text: string): Date | null {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text)
  if (parts === null) return null
  const [, year, month, day, hour, minute, second] = parts
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return Number.isNaN(date.getTime()) ? null : date
}

function scopeFault(claim: Claim, date: Date, rules: AuthRules): string | null {
  if (claim.service !== SERVICE) return `Credential should be scoped to correct service: '${SERVICE}'.`
  if (rules.region !== null && claim.region !== rules.region) return 'Credential should be scoped to a valid region.'
  if (claim.day !== compact(date).slice(0, 8))
    return 'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date.'
  return null
}

function dateFault(date: Date, nowMs: number): string | null {
  const signed = compact(date)
  if (date.getTime() < nowMs - SKEW_MAX_MS) {
    const oldest = compact(new Date(nowMs - SKEW_MAX_MS))
    return `Signature expired: ${signed} is now earlier than ${oldest} (${compact(new Date(nowMs))} - 5 min.)`
  }
  if (date.getTime() > nowMs + SKEW_MAX_MS) {
    const newest = compact(new Date(nowMs + SKEW_MAX_MS))
    return `Signature not yet current: ${signed} is still later than ${newest} (${compact(new Date(nowMs))} + 5 min.)`
  }
  return null
}

function headerFault(claim: Claim): string | null {
  for (const name of ['host', 'x-amz-date']) {
    if (!claim.signedHeaders.includes(name))
      return `'${name}' must be a 'SignedHeader' in the AWS Authorization header.`
  }
  return null
}

/** A client may announce the hash that it signed; then the body must have it. */
async function bodyHashHolds(request: SignedRequest): Promise<boolean> {
  const announced = request.headers['x-amz-content-sha256']
  if (announced === undefined) return true
  const hash = new Sha256()
  hash.update(request.body)
  return Buffer.from(await hash.digest()).toString('hex') === announced
}

async function signatureOf(request: SignedRequest, claim: Claim, keys: KeyPair, signingDate: Date): Promise<string> {
  const [path = '', search = ''] = splitOnce(request.rawUrl, '?')
  const signer = new SignatureV4({
    credentials: { accessKeyId: keys.accessKeyId, secretAccessKey: keys.secretAccessKey },
    region: claim.region,
    service: claim.service,
    sha256: Sha256,
    applyChecksum: false,
  })
  const headers: Record<string, string> = {}
  for (const name of claim.signedHeaders) {
    const value = request.headers[name]
    if (value !== undefined) headers[name] = value
  }
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: 'http:',
      hostname: '',
      path,
      query: parseQuery(search),
      headers,
      body: request.body,
    },
    { signingDate, signableHeaders: new Set(claim.signedHeaders) },
  )
  return /Signature=([0-9a-f]+)/.exec(signed.headers.authorization ?? '')?.[1] ?? ''
}

/** Decoded once, because the signer encodes; a repeated name becomes a list. */
function parseQuery(search: string): Record<string, string | string[]> {
  const query = new Map<string, string | string[]>()
  for (const pair of search.split('&').filter((part) => part !== '')) {
    const [name = '', value = ''] = splitOnce(pair, '=').map(decodeOrKeep)
    const earlier = query.get(name)
    query.set(name, earlier === undefined ? value : [...(Array.isArray(earlier) ? earlier : [earlier]), value])
  }
  return Object.fromEntries(query)
}

function splitOnce(text: string, separator: string): string[] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

function decodeOrKeep(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function compact(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d{3}/g, '')
}

function sameText(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

function refused(error: ErrorName, message: string = ERRORS[error].message): AuthVerdict {
  return { ok: false, error, message }
}
