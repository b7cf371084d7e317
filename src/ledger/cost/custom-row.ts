/** A deployment's own prices (LiteLLM's field names) as a price row. */

import { formatDecimal, parseDecimal } from '../../base/decimal.ts'
import { type PriceField, parsePriceField } from '../../config/reading/price-fields.ts'
import type { LongContextStep, OtherPrices, PriceRow, TokenPrices } from '../prices/price-row.ts'

export const CUSTOM_ROW_NAME = 'deployment'

type Entry = { field: PriceField; usd: string }

/**
 * The row for a served tier. A field of the tier wins over the base field; where the operator gave none for the tier, the base
 * price is what the operator said this deployment costs, as in LiteLLM.
 *
 * @param prices exact decimal strings, exponent notation allowed; fields that are not understood are left out
 */
export function customRow(prices: Readonly<Record<string, string>>, tier: string): PriceRow | null {
  const entries: Entry[] = []
  for (const [name, text] of Object.entries(prices)) {
    const field = parsePriceField(name)
    const decimal = parseDecimal(text)
    if (field !== null && decimal !== null) entries.push({ field, usd: formatDecimal(decimal) })
  }
  if (entries.length === 0) return null
  const thresholds = new Set<number>()
  for (const { field } of entries)
    if (field.kind === 'token' && field.overTokens !== null) thresholds.add(field.overTokens)
  const over: LongContextStep[] = [...thresholds]
    .toSorted((left, right) => left - right)
    .map((tokens) => ({ tokens, meters: tokenPrices(entries, tokens, tier) }))
  return {
    id: CUSTOM_ROW_NAME,
    scopes: [],
    regions: [],
    tier,
    meters: tokenPrices(entries, null, tier),
    ...(over.length === 0 ? {} : { over }),
    other: otherPrices(entries),
    source: 'configuration',
    how: 'listed',
  }
}

function tokenPrices(entries: readonly Entry[], overTokens: number | null, tier: string): TokenPrices {
  const meters: Record<string, string> = {}
  for (const wanted of ['default', tier]) {
    for (const { field, usd } of entries) {
      if (field.kind === 'token' && field.overTokens === overTokens && field.tier === wanted) meters[field.meter] = usd
    }
  }
  return meters
}

const otherPrices = (entries: readonly Entry[]): OtherPrices =>
  Object.fromEntries(entries.flatMap(({ field, usd }) => (field.kind === 'other' ? [[field.meter, usd]] : [])))
