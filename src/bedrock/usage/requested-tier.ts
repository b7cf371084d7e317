/** The service tier that a request asks for. The answer's tier decides the price; where it names none, the record says so. */
import type { HeaderMap } from '../../base/header-map.ts'
import { member } from '../../base/json.ts'
import { membersOfBody } from '../operations/body-members.ts'
import type { Place } from '../operations/operation.ts'

/** AWS's tiers have names of up to 8 characters; a longer text is no tier. */
const TIER_MAX_CHARS = 32

/** Null where the request asks for none. The body is only scanned, without building its tree. */
export function requestedTier(place: Place | null, headers: HeaderMap, body: Uint8Array): string | null {
  if (place === null || place.in === 'path') return null
  const value = place.in === 'header' ? headers[place.name] : memberOfBody(body, place.path)
  return typeof value === 'string' && value !== '' && value.length <= TIER_MAX_CHARS ? value : null
}

function memberOfBody(body: Uint8Array, path: readonly [string, ...string[]]): unknown {
  return path.reduce<unknown>(member, membersOfBody(body, [path[0]]).value)
}
