/** Reading JSON on the side: what cannot be read is passed on all the same, so it is null here and no error. */

export type JsonObject = Readonly<Record<string, unknown>>

/** The parsed JSON of `bytes`, or null. */
export function parseJson(bytes: Uint8Array | null): unknown {
  return bytes === null ? null : parseJsonText(new TextDecoder().decode(bytes))
}

/** The parsed JSON of a text, or null. */
export function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Whether a value is a JSON object: no list and not null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A member of a JSON object; undefined where there is none, or where `value` is no object. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}

/** `value[name]` where it is a JSON object, else an empty one: a path of members can be followed without asking at each step. */
export function child(value: unknown, name: string): JsonObject {
  const found = member(value, name)
  return isObject(found) ? found : {}
}

/**
 * Members and elements beyond which the JSON of a caller is not built: an empty list takes three bytes of text and tens of bytes of
 * memory, so that 25 MB of them would take more than the 128 MB of an isolate, which all callers share.
 */
export const JSON_ENTRIES_MAX = 200_000

/** As `parseJson`; null also for a text of more than `maxEntries` members and elements, whose tree is never built. */
export function parseBoundedJson(bytes: Uint8Array, maxEntries: number = JSON_ENTRIES_MAX): unknown {
  return hasMoreEntries(bytes, maxEntries) ? null : parseJson(bytes)
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** `,` stands before every entry of a list or object but the first, `[` and `{` before the first. */
const STARTS_ENTRY: ReadonlySet<number> = new Set([0x2c, 0x5b, 0x7b])

function hasMoreEntries(bytes: Uint8Array, max: number): boolean {
  let entries = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === QUOTE) at = endOfText(bytes, at + 1)
    else if (STARTS_ENTRY.has(byte) && ++entries > max) return true
  }
  return false
}

/** Index of the quote that closes the text which begins at `from`, found by the engine's own search; the length where none does. */
function endOfText(bytes: Uint8Array, from: number): number {
  for (let quote = bytes.indexOf(QUOTE, from); quote >= 0; quote = bytes.indexOf(QUOTE, quote + 1)) {
    let backslashes = 0
    while (quote - backslashes > from && bytes[quote - 1 - backslashes] === BACKSLASH) backslashes++
    if (backslashes % 2 === 0) return quote
  }
  return bytes.length
}
