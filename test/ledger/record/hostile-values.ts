/** Values that nobody sends in good faith, and records made of them, from a seed. */
import { FIELDS } from '../../../src/ledger/record/fields.ts'
import { newCallId } from '../../../src/relay/call-id.ts'
import { DAY_START_MS, spendRecord } from '../records.ts'

/** mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c: uniform in [0, 1). */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 'core'
  for (let level = 0; level < depth; level++) value = wrap(value)
  return value
}

function cycle(): unknown {
  const value: Record<string, unknown> = { a: 1 }
  value.self = value
  return value
}

const TEXTS = [
  '',
  'plain',
  'a\0b',
  '\ud800',
  '\udfff\ud800',
  '💸'.repeat(3_000),
  'x'.repeat(100_000),
  '\u0001'.repeat(5_000),
  "'); DROP TABLE spend_logs; --",
  '"\\"',
  '\u2028\u2029',
  '9007199254740993',
  '-1',
  'NaN',
  '9223372036854775807',
  '2026-02-30T00:00:00.000Z',
  '+275760-09-13T00:00:00.000Z',
]

const NUMBERS = [0, -0, -1, 1.5, 1e308, -1e308, Number.NaN, Infinity, -Infinity, 2 ** 53, 1e12, 1e13, 5e-324]

/** One value from a family that the generator draws; built anew each time. */
const VALUES: ((random: () => number) => unknown)[] = [
  (random) => pick(TEXTS, random),
  (random) => pick(NUMBERS, random),
  () => null,
  () => undefined,
  () => true,
  () => 12n,
  () => Symbol('s'),
  () => () => 'function',
  () => new Date(0),
  () => new Date(Number.NaN),
  () => new Map([['a', 1]]),
  () => new Uint8Array(1_000),
  () => cycle(),
  () => nested(2_000, (inner) => ({ a: inner })),
  () => nested(20_000, (inner) => [inner]),
  () => JSON.parse('{"__proto__":{"polluted":true},"toJSON":1,"constructor":{"prototype":1}}'),
  () => ({ toJSON: () => 'another' }),
  () => Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`key-${index}`, index])),
  () => Array.from({ length: 20_000 }, () => 'tag'),
  (random) => ({ [pick(TEXTS, random)]: pick(TEXTS, random), inputTokens: pick(NUMBERS, random) }),
  (random) => Array.from({ length: 200 }, () => pick(TEXTS, random)),
  (random) => ({
    inputTokens: 5,
    cacheReadInputTokens: pick(NUMBERS, random),
    cacheDetails: [{ ttl: pick(TEXTS, random) }],
  }),
  (random) => [{ deployment: pick(TEXTS, random), usage: { inputTokens: pick(NUMBERS, random) } }, pick(TEXTS, random)],
]

function pick<T>(from: readonly T[], random: () => number): T {
  return from[Math.floor(random() * from.length)] as T
}

/** A record of which a random part of the fields is hostile; its id is ours, as it is in life. */
export function hostileRecord(index: number, random: () => number): Record<string, unknown> & { request_id: string } {
  const record: Record<string, unknown> = { ...spendRecord() }
  const share = random()
  for (const name of Object.keys(FIELDS)) if (random() < share) record[name] = pick(VALUES, random)(random)
  return { ...record, request_id: newCallId(DAY_START_MS + index) }
}
