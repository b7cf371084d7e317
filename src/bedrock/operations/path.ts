/**
 * Reading the path of a Bedrock request and writing the one that goes upstream.
 *
 * Clients disagree about encoding: AWS SDKs send `%3A` and `%2F`, Anthropic's send a raw `:`, people typing curl send raw slashes.
 * So the raw text is split at `/` first and each segment is decoded once; the target id is encoded once on the way up.
 * The input must be the raw `request.url`: `new URL` has already resolved `..` and `%2e%2e`.
 * Source: `modelId` in https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 */

import { OPERATIONS, type Operation } from './bedrock-runtime.ts'

/** Longest `modelId` in AWS's model, in characters. */
const MODEL_ID_MAX_CHARS = 2048

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is looked for
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/

const OPERATION_BY_ACTION: ReadonlyMap<string, Operation> = new Map(
  OPERATIONS.map((operation) => [operation.action, operation]),
)

export type RecognisedCall = {
  operation: Operation
  /** Decoded: a model name of the configuration, a model id, a profile id or an ARN. */
  model: string
  /** Query string with its `?`, as it came; empty when there is none. */
  search: string
}

/** Why a path means no operation. */
export type PathFault =
  | { kind: 'bad-path'; detail: string }
  | { kind: 'unknown-operation'; method: string; path: string }

/** Path and query of an absolute URL or of a path, as text, without the fragment. */
export function rawTarget(url: string): { path: string; search: string } {
  const scheme = url.indexOf('://')
  const pathStart = scheme === -1 ? 0 : url.indexOf('/', scheme + 3)
  const target = (pathStart === -1 ? '/' : url.slice(pathStart)).split('#', 1)[0] ?? '/'
  const query = target.indexOf('?')
  return query === -1 ? { path: target, search: '' } : { path: target.slice(0, query), search: target.slice(query) }
}

/** Which operation on which model a request means; `prefix` is the mount point (`/bedrock`). */
export function recogniseCall(method: string, url: string, prefix: string): RecognisedCall | PathFault {
  const { path, search } = rawTarget(url)
  const segments = path.slice(prefix.length + 1).split('/')
  const decoded: string[] = []
  for (const segment of segments) {
    const text = decodeSegment(segment)
    if (text === null)
      return { kind: 'bad-path', detail: 'a percent sign is not followed by two hexadecimal digits of UTF-8' }
    const fault = segmentFault(text)
    if (fault !== null) return { kind: 'bad-path', detail: fault }
    decoded.push(text)
  }
  const action = decoded.at(-1) ?? ''
  const operation = OPERATION_BY_ACTION.get(action)
  if (decoded[0] !== 'model' || decoded.length < 3 || operation === undefined || operation.method !== method) {
    return { kind: 'unknown-operation', method, path }
  }
  const model = decoded.slice(1, -1).join('/')
  if (model.length > MODEL_ID_MAX_CHARS) {
    return { kind: 'bad-path', detail: `the model id is longer than ${MODEL_ID_MAX_CHARS} characters` }
  }
  return { operation, model, search }
}

/** Path of an operation on a model at the service itself: the id is encoded exactly once, slashes included. */
export function upstreamPath(operation: Operation, model: string, search: string): string {
  return `/model/${encodeSegment(model)}/${operation.action}${search}`
}

function decodeSegment(segment: string): string | null {
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}

/** Checked on the decoded text, so that `..` and `%2e%2e%2f` are refused alike. */
function segmentFault(text: string): string | null {
  if (CONTROL_CHARACTER.test(text)) return 'a path segment holds a control character'
  for (const part of text.split('/')) {
    if (part === '') return 'a path segment is empty'
    if (part === '.' || part === '..') return 'a path segment is a relative reference'
  }
  return null
}

/** RFC 3986 unreserved characters stay, all others are escaped (https://www.rfc-editor.org/rfc/rfc3986#section-2.3). */
function encodeSegment(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
