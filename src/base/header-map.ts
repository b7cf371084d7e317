/**
 * Headers as a plain object, names in lower case. Each look-up in a `Headers` crosses from JavaScript into the runtime,
 * so a message's headers are read once and looked up here.
 */
export type HeaderMap = Readonly<Record<string, string>>

export function headerMap(headers: Headers): HeaderMap {
  return Object.fromEntries(headers)
}
