/**
 * Brings header values into a form in which every verifier of SigV4 reads the same: printable ASCII with plain spaces. Beyond
 * that signers differ. They trim and fold spaces alike, but some fold tabs and some do not, and bytes above ASCII are Latin-1
 * to one and UTF-8 to another, while a Worker is shown a replacement character for them.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import type { HeaderMap } from '../../base/header-map.ts'
import { no, ok, type Result } from '../../base/result.ts'
import type { Unsignable } from './unsignable.ts'

/**
 * Most that all of them may have together, names and values. AWS publishes no limit; the longest value that Bedrock reads,
 * 16 pairs of request metadata with 256 characters each side, stays below.
 */
export const SIGNED_HEADERS_MAX_BYTES = 12_288

const NOT_PRINTABLE_ASCII = /[^\x20-\x7e]/

/** The same headers as they are to be signed and sent, or the first that cannot be. */
export function signableHeaders(headers: HeaderMap): Result<HeaderMap, Unsignable> {
  const signable: Record<string, string> = {}
  let bytes = 0
  for (const [name, value] of Object.entries(headers)) {
    const text = value.replaceAll('\t', ' ').replace(/^ +| +$/g, '')
    if (NOT_PRINTABLE_ASCII.test(text)) {
      return unsignable(name, 'it holds a character that is not printable ASCII')
    }
    bytes += name.length + text.length
    if (bytes > SIGNED_HEADERS_MAX_BYTES) {
      return unsignable(name, `with it the headers for AWS are longer than ${SIGNED_HEADERS_MAX_BYTES} bytes`)
    }
    signable[name] = text
  }
  return ok(signable)
}

function unsignable(name: string, detail: string): { ok: false; reason: Unsignable } {
  return no({ kind: 'unsignable', part: 'header', name, detail })
}
