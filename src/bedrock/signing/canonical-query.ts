/**
 * Brings a query into the one spelling that SigV4 signs, so that nothing between the signer and AWS can read it in another way:
 * unreserved characters as they are, all others as `%XX` of their UTF-8, and `=` in every pair.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request
 */
import { no, ok, type Result } from '../../base/result.ts'
import type { Unsignable } from './unsignable.ts'

/** Longest query that is taken, in characters. A URL may have 16 KB at Cloudflare (https://developers.cloudflare.com/workers/platform/limits/). */
export const QUERY_MAX_CHARS = 8_192

/** Parameters of presigned URLs. AWS takes them for credentials, or leaves them out of what it signs. */
const PRESIGNING_PREFIX = 'x-amz-'

/**
 * The query to sign and to send, with its `?`, in the order in which it came; empty where there is none. A `+` stays a plus,
 * which is what it means to AWS, and is written `%2B`, because signers take a bare one for a space.
 * @param search the query as it came, with its `?`; empty where there is none
 */
export function canonicalQuery(search: string): Result<string, Unsignable> {
  const pairs: string[] = []
  let chars = 0
  for (const part of search.slice(1).split('&')) {
    chars += 1 + part.length
    if (part === '') continue
    const equals = part.indexOf('=')
    const rawName = equals === -1 ? part : part.slice(0, equals)
    const name = respell(rawName)
    const value = respell(equals === -1 ? '' : part.slice(equals + 1))
    if (chars > QUERY_MAX_CHARS) {
      return unsignable(rawName, `with it the query is longer than ${QUERY_MAX_CHARS} characters`)
    }
    if (name === '') return unsignable(rawName, 'it has a value but no name')
    if (name === null || value === null) {
      return unsignable(rawName, 'a percent sign in it is not followed by two hexadecimal digits of UTF-8')
    }
    if (name.toLowerCase().startsWith(PRESIGNING_PREFIX)) {
      return unsignable(rawName, 'it belongs to presigned URLs; credentials travel in the Authorization header here')
    }
    pairs.push(`${name}=${value}`)
  }
  return ok(pairs.length === 0 ? '' : `?${pairs.join('&')}`)
}

/** Decoded and encoded again; null for what is no UTF-8. */
function respell(text: string): string | null {
  try {
    return encodeURIComponent(decodeURIComponent(text)).replace(
      /[!'()*]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
    )
  } catch {
    return null
  }
}

function unsignable(name: string, detail: string): { ok: false; reason: Unsignable } {
  return no({ kind: 'unsignable', part: 'query parameter', name, detail })
}
