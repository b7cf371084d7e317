/**
 * What an error of D1 means for the rows of the batch that met it.
 * `transient`: the same batch again may well pass. `data`: it never will, one of its rows is at fault.
 * `unavailable`: neither is known; the rows are good and have to wait.
 */
export type D1Fault = { kind: 'transient' | 'data' | 'unavailable'; message: string }

/**
 * The errors that Cloudflare names as worth a retry; narrow on purpose, an overloaded D1 is not asked again at once.
 * https://developers.cloudflare.com/d1/observability/debug-d1/#error-list
 */
const TRANSIENT = [
  /Network connection lost/i,
  /storage caused object to be reset/i,
  /reset because its code was updated/i,
  /Cannot resolve D1 DB due to transient issue/i,
]

/**
 * Faults that lie in a row: a broken constraint, a value that a STRICT column refuses, a sum beyond 64 bits, a row that
 * is too long, JSON that is none. `no such table` is not among them: it would condemn good rows one by one.
 */
const DATA = [
  /constraint failed/i,
  /SQLITE_CONSTRAINT/i,
  /cannot store \w+ value in/i,
  /datatype mismatch/i,
  /integer overflow/i,
  /malformed JSON/i,
  /string or blob too big/i,
  /SQLITE_TOOBIG/i,
]

export function classifyD1Fault(error: unknown): D1Fault {
  const message = error instanceof Error ? error.message : String(error)
  if (TRANSIENT.some((pattern) => pattern.test(message))) return { kind: 'transient', message }
  if (DATA.some((pattern) => pattern.test(message))) return { kind: 'data', message }
  return { kind: 'unavailable', message }
}

/** First wait, its cap, and the number of tries: D1 never retries a write itself. */
export const RETRY_BASE_MS = 50
export const RETRY_CAP_MS = 2_000
export const TRIES_MAX = 3

/** Full jitter: anything from 0 to the bound, https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/ */
export function retryWaitMs(failures: number, random: () => number): number {
  return Math.floor(random() * Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** (failures - 1)))
}
