/**
 * Highest-random-weight ("rendezvous") hashing: every deployment gets a score for a key, the highest wins. When one is out its
 * keys go to their second choice and all others stay where they are.
 */
import type { Span } from './prompt-prefix.ts'

/** FNV-1a, 32 bit: http://www.isthe.com/chongo/tech/comp/fnv/ */
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/** Of a longer span its two ends and its length are hashed. Two prompts that collide share a deployment, nothing worse. */
const HASHED_END_BYTES = 16_384

export function hashText(text: string): number {
  let hash = FNV_OFFSET
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME)
  return hash >>> 0
}

export function hashSpans(body: Uint8Array, spans: readonly Span[]): number {
  let hash = FNV_OFFSET
  for (const { start, end } of spans) {
    hash = Math.imul(hash ^ (end - start), FNV_PRIME)
    if (end - start <= 2 * HASHED_END_BYTES) hash = hashRange(hash, body, start, end)
    else hash = hashRange(hashRange(hash, body, start, start + HASHED_END_BYTES), body, end - HASHED_END_BYTES, end)
  }
  return hash >>> 0
}

function hashRange(seed: number, body: Uint8Array, start: number, end: number): number {
  let hash = seed
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (body[at] ?? 0), FNV_PRIME)
  return hash
}

/**
 * Score of one deployment for one key. With −weight / ln(u), u even in (0, 1), a deployment wins in proportion to its weight
 * (weighted rendezvous hashing, Schindelhauer and Schomaker 2005).
 */
export function score(keyHash: number, targetHash: number, weight: number): number {
  const mixed = mix(keyHash ^ mix(targetHash))
  return -weight / Math.log((mixed + 0.5) / 2 ** 32)
}

/** The finaliser of MurmurHash3: every bit of the input moves half of the output. */
function mix(value: number): number {
  let hash = value
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
