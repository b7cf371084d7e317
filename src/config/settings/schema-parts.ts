/** Building blocks of the schemas of settings. Messages say what to write and never show the value, which may be a secret. */
import * as v from 'valibot'

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

export const groupName = text('write the model_name of a model group')

export const groupList = list(groupName, 'write a list of model groups')
