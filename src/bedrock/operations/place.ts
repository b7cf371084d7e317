/** Reading what a request says at a place that an operation names. */
import type { HeaderMap } from '../../base/header-map.ts'
import { member, parseBoundedJson, parseJsonText } from '../../base/json.ts'
import { membersOfBody } from './body-members.ts'
import type { Operation, Place } from './operation.ts'
import type { Labels } from './path-template.ts'

export type RequestParts = { labels: Labels; headers: HeaderMap; body: Uint8Array }

/** What the request is about, by id, name or ARN; null where it does not say. */
export function resourceOf({ resource }: Operation, request: RequestParts): string | null {
  if (resource.kind === 'account') return null
  const { at } = resource
  if (at.in === 'path') return request.labels[at.label] ?? null
  const value = at.in === 'header' ? request.headers[at.name] : valueOfBody(request.body, at.path)
  return typeof value === 'string' && value !== '' ? value : null
}

/** Found by a scan; the tree is built only where the member that holds it is a large one. */
function valueOfBody(body: Uint8Array, path: readonly [string, ...string[]]): unknown {
  const { value, isCut } = membersOfBody(body, [path[0]])
  const found = memberAt(value, path)
  return (found === undefined || found === '') && isCut ? memberAt(parseBoundedJson(body), path) : found
}

/** The value at a place outside the path; undefined where there is none. A header is read as JSON where it is JSON; `body` is parsed. */
export function valueAt(place: Place | null, headers: HeaderMap, body: unknown): unknown {
  if (place === null || place.in === 'path') return undefined
  if (place.in === 'body') return memberAt(body, place.path)
  const text = headers[place.name]
  return text === undefined ? undefined : (parseJsonText(text) ?? text)
}

function memberAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(member, value)
}
