/**
 * Where a client may carry its key, in LiteLLM's order of precedence: `x-litellm-api-key`, `Authorization`, `x-api-key`.
 * AWS SDKs that refuse a bearer over plain http carry it as the access key id of a SigV4 credential.
 */
import type { HeaderMap } from '../base/header-map.ts'
import { no, ok, type Result } from '../base/result.ts'
import type { Refusal } from './refusal.ts'

const BEARER = /^bearer(?: +|$)/i
const SIGV4_SCHEME = 'AWS4-HMAC-SHA256'

export function presentedKey(headers: HeaderMap): Result<string, Refusal> {
  const explicit = headers['x-litellm-api-key']
  if (explicit !== undefined) return keyOrNone(withoutBearer(explicit))
  const authorization = headers.authorization
  if (authorization !== undefined) return keyOfAuthorization(authorization.trim())
  const apiKey = headers['x-api-key']
  if (apiKey !== undefined) return keyOrNone(withoutBearer(apiKey))
  return no({ kind: 'no-credential' })
}

function keyOfAuthorization(authorization: string): Result<string, Refusal> {
  if (authorization === '') return no({ kind: 'no-credential' })
  if (BEARER.test(authorization)) return keyOrNone(withoutBearer(authorization))
  if (authorization.startsWith(SIGV4_SCHEME)) return keyOfSigV4(authorization)
  return no({
    kind: 'malformed-authorization',
    detail: `The Authorization header must be "Bearer <key>" or begin with ${SIGV4_SCHEME}.`,
  })
}

/**
 * `AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/<service>/aws4_request, SignedHeaders=…, Signature=…`;
 * the signature proves nothing here. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html
 */
function keyOfSigV4(authorization: string): Result<string, Refusal> {
  for (const part of ['Credential', 'SignedHeaders', 'Signature']) {
    if (!new RegExp(`[ ,]${part}=[^,]`).test(authorization)) {
      return no({ kind: 'malformed-authorization', detail: `Authorization header requires '${part}' parameter.` })
    }
  }
  const scope = /Credential=([^,]*)/.exec(authorization)?.[1]?.trim().split('/') ?? []
  if (scope.length !== 5 || scope[4] !== 'aws4_request') {
    return no({
      kind: 'malformed-authorization',
      detail: 'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.',
    })
  }
  return keyOrNone(withoutBearer(scope[0] ?? ''))
}

function withoutBearer(value: string): string {
  return value.trim().replace(BEARER, '').trim()
}

function keyOrNone(key: string): Result<string, Refusal> {
  return key === '' ? no({ kind: 'no-credential' }) : ok(key)
}
