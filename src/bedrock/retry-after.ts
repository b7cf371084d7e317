/** How long an upstream asks to wait, where it says so in a sane way. */
import type { HeaderMap } from '../base/header-map.ts'

/** Longer than any wait that AWS names; a client that slept for whatever it is told would sleep for ever. */
const WAIT_MAX_MS = 60 * 60_000

const WHOLE_NUMBER = /^\d{1,9}$/

/** Milliseconds in one unit of each header. An HTTP date in `retry-after` is not used by AWS and is passed over. */
const UNIT_MS: Readonly<Record<string, number>> = { 'x-amz-retry-after': 1, 'retry-after': 1000 }

/** Names of the headers that tell a client to wait. */
export const RETRY_HEADERS: readonly string[] = Object.keys(UNIT_MS)

/** Null where neither header says it, or says something else than a whole number within an hour. */
export function retryAfterMsOf(headers: HeaderMap): number | null {
  for (const name of RETRY_HEADERS)
    if (isSaneRetry(name, headers[name])) return Number(headers[name]) * (UNIT_MS[name] ?? 1)
  return null
}

export function isSaneRetry(name: string, value: string | undefined): boolean {
  return value !== undefined && WHOLE_NUMBER.test(value) && Number(value) * (UNIT_MS[name] ?? 1) <= WAIT_MAX_MS
}
