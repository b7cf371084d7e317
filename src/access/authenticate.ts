/** Who calls: today the master key and nobody else. */
import type { HeaderMap } from '../base/header-map.ts'
import { presentedKey } from './credential.ts'
import type { Refusal } from './refusal.ts'

/** The caller as the rest of the gateway sees it; digests and owners stay null until there are virtual keys. */
export type Caller = { kind: 'master'; apiKey: null; teamId: null; userId: null }

const MASTER: Caller = { kind: 'master', apiKey: null, teamId: null, userId: null }

/** Digest of the master key in use; a new configuration replaces it. */
let master: { key: string; digest: ArrayBuffer } | null = null

export async function authenticate(headers: HeaderMap, masterKey: string): Promise<Caller | Refusal> {
  const presented = presentedKey(headers)
  if (presented.kind !== 'key') return presented
  if (master?.key !== masterKey) master = { key: masterKey, digest: await sha256(masterKey) }
  const { digest } = master
  // Digests are compared, so that neither a common prefix nor the length shows in the time it takes.
  return crypto.subtle.timingSafeEqual(await sha256(presented.key), digest) ? MASTER : { kind: 'unknown-key' }
}

function sha256(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
}
