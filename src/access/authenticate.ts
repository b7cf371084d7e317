/** Who calls: today the master key and nobody else. */
import type { Refusal } from '../bedrock/refusal.ts'
import { presentedKey } from './credential.ts'

/** The caller as the rest of the gateway sees it; digests and owners stay null until there are virtual keys. */
export type Caller = { kind: 'master'; apiKey: null; teamId: null; userId: null }

const MASTER: Caller = { kind: 'master', apiKey: null, teamId: null, userId: null }

export async function authenticate(headers: Headers, masterKey: string): Promise<Caller | Refusal> {
  const presented = presentedKey(headers)
  if (presented.kind !== 'key') return presented
  return (await equalInConstantTime(presented.key, masterKey)) ? MASTER : { kind: 'unknown-key' }
}

/** Digests are compared, so that neither a common prefix nor the length shows in the time it takes. */
async function equalInConstantTime(presented: string, expected: string): Promise<boolean> {
  const [left, right] = await Promise.all([sha256(presented), sha256(expected)])
  return crypto.subtle.timingSafeEqual(left, right)
}

function sha256(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
}
