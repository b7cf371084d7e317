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
