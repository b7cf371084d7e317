/** Reading payloads on the side: what cannot be read is passed on all the same, so it is null here and no error. */

/** The parsed JSON of `bytes`, or null. */
export function parseJson(bytes: Uint8Array | null): unknown {
  if (bytes === null) return null
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return null
  }
}

/** A member of a JSON object; undefined where there is none, or where `value` is no object. */
export function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}
