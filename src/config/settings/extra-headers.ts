/** The schema of `extra_headers`: what is sent upstream beside the headers of the call. */
import * as v from 'valibot'

/** https://www.rfc-editor.org/rfc/rfc9110#name-tokens */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/** Visible ASCII, and blanks inside. */
const VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/

/**
 * Headers that belong to the connection, to the body or to the signature: another value than the gateway's own would break
 * the call or its signature (https://www.rfc-editor.org/rfc/rfc9110#name-connection).
 */
const NOT_TO_BE_SET: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
])

const MESSAGE = 'write a mapping from header names to values in visible ASCII'

function mayBeSet(name: string): boolean {
  return TOKEN.test(name) && !NOT_TO_BE_SET.has(name.toLowerCase())
}

const headerValue = v.pipe(
  v.union([v.string(), v.number(), v.boolean()], MESSAGE),
  v.transform(String),
  v.regex(VALUE, MESSAGE),
)

/** Names come out in lower case. */
export const extraHeaders = v.pipe(
  v.record(
    v.pipe(
      v.string(),
      v.check(
        mayBeSet,
        'this header belongs to the connection, the body or the signature of a call, or is no header name',
      ),
    ),
    headerValue,
    MESSAGE,
  ),
  v.transform(
    (headers): Readonly<Record<string, string>> =>
      Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  ),
)
