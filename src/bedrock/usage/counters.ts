/** Reading of single counters: what is sane is returned, what is not is noted, nothing throws. */
import type { JsonObject } from '../../base/json.ts'

/** Longest piece of a bad value that is repeated in a note. */
const SHOWN_CHARS = 40

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

export type Counters = {
  /** A JSON number that must be a whole number from 0 to 2^53 − 1; undefined when it is absent, null or nonsense. */
  json(object: JsonObject, key: string): number | undefined
  /** The same for a header, which is text. */
  header(headers: Readonly<Record<string, string>>, name: string): number | undefined
  note(problem: string): void
  /** All notes in one sentence; null when there were none. */
  problem(): string | null
}

export function createCounters(): Counters {
  const notes: string[] = []
  const accept = (value: unknown, name: string): number | undefined => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
    notes.push(`${name} is ${describe(value)}`)
    return undefined
  }
  return {
    json(object, key) {
      const value = object[key]
      return value === undefined || value === null ? undefined : accept(value, key)
    },
    header(headers, name) {
      const value = headers[name]
      if (value === undefined) return undefined
      return accept(/^\d+$/.test(value) ? Number(value) : value, name)
    },
    note(problem) {
      notes.push(problem)
    },
    problem: () => (notes.length === 0 ? null : notes.join('; ')),
  }
}

function describe(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text
}

/** Drops undefined fields, so that absent stays absent. */
export function defined<T extends Record<string, unknown>>(fields: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>
}
