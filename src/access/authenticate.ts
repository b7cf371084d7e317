/**
 * Who calls, in two steps. `identify` reads the headers alone, so that nothing of a stranger's body is held in memory. The
 * identity is then proven against the bytes that were received, which a signature covers.
 */

import type { HeaderMap } from '../base/header-map.ts'
import { no, ok, type Result } from '../base/result.ts'
import { type Caller, MASTER } from './caller.ts'
import { presentedKey } from './credential.ts'
import type { Refusal } from './refusal.ts'

/** Digest of the master key in use; a new configuration replaces it. */
let master: { key: string; digest: ArrayBuffer } | null = null

export async function identify(headers: HeaderMap, masterKey: string): Promise<Result<Caller, Refusal>> {
  const presented = presentedKey(headers)
  if (!presented.ok) return presented
  if (master?.key !== masterKey) master = { key: masterKey, digest: await sha256(masterKey) }
  const { digest } = master
  // Digests are compared, so that neither a common prefix nor the length shows in the time it takes.
  const isMaster = crypto.subtle.timingSafeEqual(await sha256(presented.value), digest)
  return isMaster ? ok(MASTER) : no({ kind: 'unknown-key' })
}

function sha256(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
}
