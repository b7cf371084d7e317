/** Reading what a request says at a place that an operation names. */
import type { HeaderMap } from '../../base/header-map.ts'
import { member, parseBoundedJson, parseJsonText } from '../../base/json.ts'
import type { Operation, Place } from './operation.ts'
import type { Labels } from './path-template.ts'

export type RequestParts = { labels: Labels; headers: HeaderMap; body: Uint8Array }

/** What the request is about, by id, name or ARN; null where it does not say. */
export function resourceOf({ resource }: Operation, request: RequestParts): string | null {
  if (resource.kind === 'account') return null
  const { at } = resource
  if (at.in === 'path') return request.labels[at.label] ?? null
  const value = at.in === 'header' ? request.headers[at.name] : memberAt(parseBoundedJson(request.body), at.path)
  return typeof value === 'string' && value !== '' ? value : null
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
