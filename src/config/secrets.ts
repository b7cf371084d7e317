/** `os.environ/NAME`: where the values of secrets come from, and how each reference is replaced by the value it names. */
import { isObject } from '../base/json.ts'
import type { Issues } from './issues.ts'
import { joinPath } from './setting-path.ts'

export type SecretSource = {
  /**
   * The value of the secret or variable of this name; undefined when it is not set. Where secrets are only assumed, the answer
   * is `standIn`. `alternative` names other secrets that would do instead of this one.
   */
  read: (name: string, standIn: string, alternative?: string) => string | undefined
  /** The value of a secret that need not be set. */
  readOptional: (name: string) => string | undefined
  /** The names that were read and found, in order; with `assumeSecrets`, the names of the secrets that the Worker will need. */
  names: () => readonly string[]
  /** The text with every value that was read replaced by its reference, so that no message shows a secret. */
  hide: (text: string) => string
}

/** Shorter values occur inside ordinary words, so replacing them would garble a message and hide nothing. */
const HIDDEN_LENGTH_MIN = 4

/** Bindings of the Worker, or `process.env`. An empty value counts as not set. */
export function secretsFrom(env: Readonly<Record<string, unknown>>): SecretSource {
  const found = new Map<string, string>()
  const read = (name: string) => {
    const value = env[name]
    if (typeof value !== 'string' || value === '') return undefined
    found.set(name, value)
    return value
  }
  return {
    read,
    readOptional: read,
    names: () => [...found.keys()],
    hide(text) {
      let hidden = text
      for (const [name, value] of found) {
        if (value.length >= HIDDEN_LENGTH_MIN) hidden = hidden.replaceAll(value, `${REFERENCE_PREFIX}${name}`)
      }
      return hidden
    },
  }
}

/** Stands for a region that is not known before the Worker runs; no check compares it with another. */
export const UNKNOWN_REGION = 'unknown-region-0'

/** Assumes that every secret is set, so that a configuration can be checked away from the Worker that holds its secrets. */
export function assumeSecrets(): SecretSource {
  const needed = new Set<string>()
  return {
    read(name, standIn, alternative) {
      needed.add(alternative === undefined ? name : `${name} (or ${alternative})`)
      return standIn
    },
    readOptional: () => undefined,
    names: () => [...needed],
    hide: (text) => text,
  }
}

const REFERENCE_PREFIX = 'os.environ/'
const ENVIRONMENT_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

export function isReference(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(REFERENCE_PREFIX)
}

/** The name in a reference. */
export function referencedName(reference: string): string {
  return reference.slice(REFERENCE_PREFIX.length)
}

/** Stands in place of a value whose secret is not set, which has been reported as a fault already. */
export const UNRESOLVED: unique symbol = Symbol('unresolved')

/** The value with every reference in it resolved, however deep it stands. */
export function resolveReferences(
  value: unknown,
  path: string,
  standIn: string,
  source: SecretSource,
  issues: Issues,
): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => resolveReferences(item, joinPath(path, index), standIn, source, issues))
  }
  if (isObject(value)) {
    const entries = Object.entries(value).map(([name, entry]): [string, unknown] => [
      name,
      resolveReferences(entry, joinPath(path, name), standIn, source, issues),
    ])
    return Object.fromEntries(entries)
  }
  if (isReference(value)) return resolveReference(value, path, standIn, source, issues)
  if (typeof value === 'string' && value.includes(REFERENCE_PREFIX)) {
    issues.warn(path, `${REFERENCE_PREFIX}NAME is read only where it is the whole value; here it stays as it is`)
  }
  return value
}

function resolveReference(
  reference: string,
  path: string,
  standIn: string,
  source: SecretSource,
  issues: Issues,
): string | typeof UNRESOLVED {
  const name = referencedName(reference)
  if (!ENVIRONMENT_NAME.test(name)) {
    issues.error(path, `write ${REFERENCE_PREFIX}NAME with the name of a secret: letters, digits and _`)
    return UNRESOLVED
  }
  const value = source.read(name, standIn)
  if (value !== undefined) return value
  issues.error(
    path,
    `the secret ${name} is not set: set it with "wrangler secret put ${name}", or export it for a local run`,
  )
  return UNRESOLVED
}
