/** Single members of a request's JSON body, read by a scan: a prompt beside them may be of any size and is never built into a tree. */
import { createJsonSkeleton } from '../../base/json-skeleton.ts'

/** AWS takes 16 entries of metadata with 256 characters in a name and in a value; all else that is read here is far shorter. */
const BOUNDS = { textMaxBytes: 1_024, memberMaxBytes: 16 * 1024, maxBytes: 64 * 1024 }

/** `value`: an object with those of the members that were found, as far as they are small enough. `isCut`: not all of it is. */
export type BodyMembers = { value: unknown; isCut: boolean }

const NONE: BodyMembers = { value: undefined, isCut: false }

export function membersOfBody(body: Uint8Array, names: readonly string[]): BodyMembers {
  if (names.length === 0 || !mayName(body, names)) return NONE
  const skeleton = createJsonSkeleton({ ...BOUNDS, only: new Set(names) })
  skeleton.push(body)
  return { value: skeleton.finish().value, isCut: skeleton.cutMembers().size > 0 }
}

/** A letter of ASCII as an escape, which no writer of JSON needs. */
const ESCAPED_LETTER = /\\u00[4-7]/

/** A body is searched in pieces, so that the search takes no memory of the body's size; each begins with the end of the one before. */
const PIECE_BYTES = 256 * 1024
const OVERLAP_BYTES = 128

/** Most bodies name none of them, which the engine's own search finds out. */
function mayName(body: Uint8Array, names: readonly string[]): boolean {
  // One byte becomes one character, so nothing is decoded: the names are plain ASCII.
  const decoder = new TextDecoder('latin1')
  for (let at = 0; at < body.length; at += PIECE_BYTES) {
    const text = decoder.decode(body.subarray(Math.max(0, at - OVERLAP_BYTES), at + PIECE_BYTES))
    if (ESCAPED_LETTER.test(text) || names.some((name) => text.includes(`"${name}"`))) return true
  }
  return false
}
