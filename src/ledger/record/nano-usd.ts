/** Nano-USD as text, as the ledger writes them. */
/** Largest value of a SQLite INTEGER, 2^63 - 1: the bound of a row's cost and of every sum in the ledger. */
export const INT64_MAX = 9_223_372_036_854_775_807n

/** Reads nano-USD as the ledger writes it: digits only, at most 2^63 - 1. `null` for anything else. */
export function parseNanoUsd(text: unknown): bigint | null {
  if (typeof text !== 'string' || !/^\d{1,19}$/.test(text)) return null
  const value = BigInt(text)
  return value > INT64_MAX ? null : value
}
