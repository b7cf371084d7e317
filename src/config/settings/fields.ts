/** Building blocks of the schema. Messages say what to write and never show the value, which may be a secret. */
import * as v from 'valibot'
import { type Issues, type JsonObject, typeName } from '../issues.ts'
import { UNRESOLVED } from '../secrets.ts'
import { formatPath, joinPath, type PathSegment } from '../setting-path.ts'

/** Names and ids also travel in response headers. */
const VISIBLE_ASCII = /^[\x20-\x7e]+$/

const UNBROKEN_ASCII = /^[\x21-\x7e]+$/

export const text = (message: string) => v.pipe(v.string(message), v.regex(VISIBLE_ASCII, message))

/** LiteLLM takes numbers as names too. */
export const name = (message: string) =>
  v.pipe(v.union([v.string(), v.number()], message), v.transform(String), text(message))

/** A credential. A stray newline would break the signature or the header it goes into. */
export const credential = v.pipe(
  v.string('write the credential as text, best as os.environ/NAME'),
  v.regex(UNBROKEN_ASCII, 'empty, or holds a space, a line break or a letter that no credential of AWS has'),
)

const numeric = (message: string) =>
  v.union([v.pipe(v.number(), v.finite()), v.pipe(v.string(), v.decimal(), v.transform(Number))], message)

export const wholeNumber = (least: number) => {
  const message = `write a whole number, ${least} or more`
  return v.pipe(numeric(message), v.safeInteger(message), v.minValue(least, message))
}

export const notNegative = v.pipe(
  numeric('write a number, 0 or more'),
  v.minValue(0, 'must not be negative: write a number, 0 or more'),
)

const toMilliseconds = v.transform((seconds: number) => Math.round(seconds * 1000))

/** Seconds above 0 in the file, milliseconds here. */
export const timeoutMs = v.pipe(
  numeric('write a number of seconds above 0'),
  v.check((seconds) => seconds >= 0.001, 'write a number of seconds above 0'),
  toMilliseconds,
)

/** Seconds from 0 on in the file, milliseconds here. */
export const waitMs = v.pipe(notNegative, toMilliseconds)

export const flag = v.union(
  [
    v.boolean(),
    v.pipe(
      v.picklist(['true', 'True', 'false', 'False']),
      v.transform((word) => word.toLowerCase() === 'true'),
    ),
  ],
  'write true or false',
)

const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

function isEndpoint(input: string): boolean {
  const url = URL.parse(input)
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK_HOST.test(url.hostname))
}

const ENDPOINT =
  'write an https URL without user, query or fragment; plain http is for localhost, 127.0.0.1 and [::1] only'

/** Base URL without trailing slashes. */
export const endpoint = v.pipe(
  v.string(ENDPOINT),
  v.check(isEndpoint, ENDPOINT),
  v.transform((url) => url.replace(/\/+$/, '')),
)

export const list = <const Item extends v.GenericSchema>(item: Item, message: string) => v.array(item, message)

/** A mapping from names to values of one kind. */
export const mapping = <const Value extends v.GenericSchema>(value: Value, message: string) =>
  v.record(v.string(), value, message)

export type Fields<Entries extends v.ObjectEntries> = { [Name in keyof Entries]?: v.InferOutput<Entries[Name]> }

/**
 * Reads every present setting by its schema and reports every fault. A faulty setting is left out of the result, so that
 * the checks that need the others still run.
 */
export function readFields<const Entries extends v.ObjectEntries>(
  entries: Entries,
  settings: JsonObject,
  path: string,
  issues: Issues,
): Fields<Entries> {
  const fields: Fields<Entries> = {}
  for (const name of Object.keys(entries) as (keyof Entries & string)[]) {
    const schema = entries[name]
    const value = settings[name]
    if (schema === undefined || value === undefined || value === UNRESOLVED) continue
    const result = v.safeParse(schema, value)
    if (result.success) fields[name] = result.output
    else reportFaults(result.issues, value, joinPath(path, name), issues)
  }
  return fields
}

function reportFaults(faults: readonly v.BaseIssue<unknown>[], value: unknown, path: string, issues: Issues): void {
  for (const fault of faults) {
    const segments = (fault.path ?? []).map((item) => item.key as PathSegment)
    const input = fault.path?.at(-1)?.value ?? value
    const kind = fault.kind === 'schema' && input !== undefined ? ` (it is ${typeName(input)})` : ''
    issues.error(segments.length === 0 ? path : `${path}${suffix(segments)}`, `${fault.message}${kind}`)
  }
}

/** The path below a setting: it begins with a dot or a bracket. */
function suffix(segments: readonly PathSegment[]): string {
  const relative = formatPath(segments)
  return relative.startsWith('[') ? relative : `.${relative}`
}
