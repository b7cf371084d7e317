/**
 * The formula: amounts of a reading × prices of a row, summed in pico-USD. A meter without a price, or one whose amount is not
 * reported, leaves the call without a cost: a part of the truth would look like the whole. The part is kept beside it.
 */

import { picoFromUsd } from '../../base/decimal.ts'
import type { UsageReading } from '../../bedrock/usage/reading.ts'
import type { PriceRow } from '../prices/price-row.ts'
import { guardrailMeters, type Meter, missingCounters, modelMeters } from './meters.ts'

export type FormulaResult = {
  /** Sum over all meters that have both an amount and a price. */
  knownPicoUsd: bigint
  /** Why this is not the whole, in sentences; empty when it is. */
  gaps: readonly string[]
  /** The same as names of what is missing, each once. */
  missing: readonly string[]
}

/** `row` is null where no price of the model is used; `guardrailRow` is null where no row prices guardrails. */
export function priceReading(
  reading: UsageReading,
  row: PriceRow | null,
  guardrailRow: PriceRow | null,
): FormulaResult {
  const meters: Meter[] = [
    ...(row === null ? [] : modelMeters(reading, row)),
    ...guardrailMeters(reading, guardrailRow),
  ]
  const untold = row === null ? [] : missingCounters(reading, row)
  const gaps = new Map(untold.map((name) => [name, `the answer does not say how many ${name}`]))
  let knownPicoUsd = 0n
  for (const { name, amount, usd } of meters) {
    const picoUsd = usd === undefined ? null : picoFromUsd(usd)
    if (amount === 0) continue
    if (amount === null) gaps.set(name, `the answer does not say how many ${name}`)
    else if (picoUsd === null) gaps.set(name, `no price is known for ${name}`)
    else knownPicoUsd += BigInt(amount) * picoUsd
  }
  for (const name of reading.unknown) gaps.set(name, `the answer counts ${name}, which is not known here`)
  return { knownPicoUsd, gaps: [...gaps.values()], missing: [...gaps.keys()] }
}
