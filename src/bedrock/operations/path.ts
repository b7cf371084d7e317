/**
 * Reading the path of a Bedrock request and writing the one that goes upstream.
 *
 * Clients disagree about encoding: AWS SDKs send `%3A` and `%2F`, Anthropic's send a raw `:`, people typing curl send raw slashes.
 * So the raw text is split at `/` first and each segment is decoded once; the target id is encoded once on the way up.
 * The input must be the raw `request.url`: `new URL` has already resolved `..` and `%2e%2e`.
 * Source: `modelId` in https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 */

import type { Operation } from './operation.ts'
import { type Labels, writePath } from './path-template.ts'
import type { Operations } from './table.ts'

/** Longest `modelId` in AWS's model, in characters; no other label may be longer. */
const LABEL_MAX_CHARS = 2048

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is looked for
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f]/

export type RecognisedCall = {
  operation: Operation
  /** Labels of the path, decoded. `modelId` is a model name of the configuration, a model id, a profile id or an ARN. */
  labels: Labels
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

/** Which operation a request means; `prefix` is the mount point (`/bedrock`). */
export function recognise(
  operations: Operations,
  method: string,
  url: string,
  prefix: string,
): RecognisedCall | PathFault {
  const { path, search } = rawTarget(url)
  const segments = path.slice(prefix.length + 1).split('/')
  const endsWithSlash = segments.length > 1 && segments.at(-1) === ''
  const decoded: string[] = []
  for (const segment of endsWithSlash ? segments.slice(0, -1) : segments) {
    const text = decodeSegment(segment)
    if (text === null) return badPath('a percent sign is not followed by two hexadecimal digits of UTF-8')
    const fault = segmentFault(text)
    if (fault !== null) return badPath(fault)
    decoded.push(text)
  }
  const found = operations.find(method, decoded, endsWithSlash)
  if (found === null) {
    const isPathOfAnother = operations.entries.some((entry) => operations.find(entry.method, decoded, endsWithSlash))
    return endsWithSlash && !isPathOfAnother ? badPath(EMPTY_SEGMENT) : { kind: 'unknown-operation', method, path }
  }
  const long = Object.entries(found.labels).find(([, value]) => value.length > LABEL_MAX_CHARS)
  if (long !== undefined) return badPath(`${long[0]} is longer than ${LABEL_MAX_CHARS} characters`)
  return { ...found, search }
}

/** Path of an operation at the service itself, about `target` where the path names what it is about. */
export function upstreamPath({ path, resource }: Operation, labels: Labels, target: string, search: string): string {
  const named = resource.kind !== 'account' && resource.at.in === 'path' ? { [resource.at.label]: target } : {}
  return writePath(path, { ...labels, ...named }) + search
}

const EMPTY_SEGMENT = 'a path segment is empty'

function badPath(detail: string): PathFault {
  return { kind: 'bad-path', detail }
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
    if (part === '') return EMPTY_SEGMENT
    if (part === '.' || part === '..') return 'a path segment is a relative reference'
  }
  return null
}
