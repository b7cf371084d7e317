/** The service tier that a request asks for. The answer's tier decides the price; where it names none, the record says so. */
import type { HeaderMap } from '../../base/header-map.ts'
import { membersOfBody } from '../operations/body-members.ts'
import type { Place } from '../operations/operation.ts'
import { valueAt } from '../operations/place.ts'

/** AWS's tiers have names of up to 8 characters; a longer text is no tier. */
const TIER_MAX_CHARS = 32

/** Null where the request asks for none. The body is only scanned, without building its tree. */
export function requestedTier(place: Place | null, headers: HeaderMap, body: Uint8Array): string | null {
  return tierAt(place, headers, place?.in === 'body' ? membersOfBody(body, [place.path[0]]).value : null)
}

/** The same, of a body whose members have been read. */
export function tierAt(place: Place | null, headers: HeaderMap, members: unknown): string | null {
  const value = place?.in === 'header' ? headers[place.name] : valueAt(place, headers, members)
  return typeof value === 'string' && value !== '' && value.length <= TIER_MAX_CHARS ? value : null
}
