/** Which headers cross the gateway, in both directions. Allow-lists: what is not named stays behind. */

/**
 * Client headers that Bedrock reads. Never among them: credentials of the client, cookies, what proxies add,
 * and what an intermediary may rewrite after signing. `x-amzn-bedrock-*` carries guardrail, tier and trace of InvokeModel.
 */
const REQUEST_HEADERS = ['content-type', 'accept'] as const
const REQUEST_PREFIX = 'x-amzn-bedrock-'

/** AWS's answer headers. Hop-by-hop headers and those that describe the transfer are made anew. */
const RESPONSE_HEADERS = new Set(['content-type', 'retry-after', 'cache-control'])
const RESPONSE_PREFIXES = ['x-amzn-', 'x-amz-']

export function upstreamRequestHeaders(client: Headers): Headers {
  const headers = new Headers()
  for (const name of REQUEST_HEADERS) {
    const value = client.get(name)
    if (value !== null) headers.set(name, value)
  }
  for (const [name, value] of client) {
    if (name.startsWith(REQUEST_PREFIX)) headers.set(name, value)
  }
  return headers
}

export function clientResponseHeaders(upstream: Headers): Headers {
  const headers = new Headers()
  for (const [name, value] of upstream) {
    if (RESPONSE_HEADERS.has(name) || RESPONSE_PREFIXES.some((prefix) => name.startsWith(prefix)))
      headers.append(name, value)
  }
  return headers
}
