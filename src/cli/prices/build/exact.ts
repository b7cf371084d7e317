/** Exact arithmetic on price texts. */
import { formatDecimal, parseDecimal, timesDecimal } from '../../../base/decimal.ts'
import type { LongContextStep, Meters } from './listing.ts'

function read(text: string) {
  const decimal = parseDecimal(text)
  if (decimal === null)
    throw new Error(`${JSON.stringify(text)} is not a price: expected a decimal that is not negative`)
  return decimal
}

/** Plain notation: `1.25e-07` → `0.000000125`. */
export const plain = (text: string): string => formatDecimal(read(text))

export const times = (text: string, factor: string): string => formatDecimal(timesDecimal(read(text), read(factor)))

/** USD per million tokens → USD per token. */
export const perToken = (perMillion: string): string => times(perMillion, '0.000001')

export const timesMeters = (meters: Meters, factor: string): Meters =>
  Object.fromEntries(Object.entries(meters).map(([meter, usd]) => [meter, times(usd, factor)]))

export const timesSteps = (steps: readonly LongContextStep[], factor: string): LongContextStep[] =>
  steps.map((step) => ({ tokens: step.tokens, meters: timesMeters(step.meters, factor) }))
