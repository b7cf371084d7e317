/** Which headers cross the gateway, in both directions. Allow-lists: what is not named stays behind. */
import type { HeaderMap } from '../../base/header-map.ts'
import type { Result } from '../../base/result.ts'
import { isSaneRetry, RETRY_HEADERS } from '../../bedrock/retry-after.ts'
import { signableHeaders } from '../../bedrock/signing/signable-headers.ts'
import type { Unsignable } from '../../bedrock/signing/unsignable.ts'

/**
 * Client headers that Bedrock reads. Never among them: credentials of the client, cookies, what proxies add,
 * and what an intermediary may rewrite after signing. `x-amzn-bedrock-*` carries guardrail, tier and trace of InvokeModel.
 */
const REQUEST_HEADERS = new Set(['content-type', 'accept'])
const REQUEST_PREFIX = 'x-amzn-bedrock-'

/** AWS's answer headers. Hop-by-hop headers and those that describe the transfer are made anew. */
const RESPONSE_HEADERS = new Set(['content-type', 'cache-control'])
const RESPONSE_PREFIXES = ['x-amzn-', 'x-amz-']

/** In the form in which they are signed and sent, or the first that cannot be. */
export function upstreamRequestHeaders(client: HeaderMap): Result<HeaderMap, Unsignable> {
  return signableHeaders(picked(client, (name) => REQUEST_HEADERS.has(name) || name.startsWith(REQUEST_PREFIX)))
}

export function clientResponseHeaders(upstream: HeaderMap): HeaderMap {
  return picked(upstream, (name, value) => {
    if (RETRY_HEADERS.includes(name)) return isSaneRetry(name, value)
    return RESPONSE_HEADERS.has(name) || RESPONSE_PREFIXES.some((prefix) => name.startsWith(prefix))
  })
}

function picked(headers: HeaderMap, crosses: (name: string, value: string) => boolean): HeaderMap {
  const kept: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined && crosses(name, value)) kept[name] = value
  }
  return kept
}
