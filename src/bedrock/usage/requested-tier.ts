/** The service tier that a request asks for. The answer's tier decides the price; where it names none, the record says so. */
import type { HeaderMap } from '../../base/header-map.ts'
import { member } from '../../base/json.ts'
import { createJsonSkeleton } from '../../base/json-skeleton.ts'
import type { Place } from '../operations/operation.ts'

/** AWS's tiers have names of up to 8 characters; a longer text is no tier. */
const TIER_MAX_CHARS = 32

/** Texts and members that are kept of a body: enough for a tier, far too little for a prompt. */
const BOUNDS = { textMaxBytes: 64, memberMaxBytes: 1024, maxBytes: 32 * 1024 }

/**
 * Null where the request asks for none. The body is only scanned, without building its tree, and only where its text names the
 * member at all.
 */
export function requestedTier(place: Place | null, headers: HeaderMap, body: Uint8Array): string | null {
  if (place === null || place.in === 'path') return null
  const value = place.in === 'header' ? headers[place.name] : memberOfBody(body, place.path)
  return typeof value === 'string' && value !== '' && value.length <= TIER_MAX_CHARS ? value : null
}

function memberOfBody(body: Uint8Array, path: readonly [string, ...string[]]): unknown {
  // One byte becomes one character, so nothing is decoded: the name is plain ASCII.
  if (!new TextDecoder('latin1').decode(body).includes(`"${path[0]}"`)) return undefined
  const skeleton = createJsonSkeleton(BOUNDS)
  skeleton.push(body)
  return path.reduce<unknown>(member, skeleton.finish().value)
}
