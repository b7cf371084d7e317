/** Prices of one (id, class, tier) → rows: regions of one price share a row, and past prices get rows of their own. */
import { type PriceRow, type PriceScope, TOKEN_METERS, type TokenPrices } from '../../../ledger/prices/price-row.ts'
import type { GenaiPeriod } from './genai.ts'
import type { PriceMap, ScopeClass } from './price-map.ts'
import { VIRGINIA_PRICED } from './price-rules.ts'
import type { Price } from './select.ts'

const SCOPES: Record<ScopeClass, readonly PriceScope[]> = {
  local: ['geo', 'region'],
  global: ['global'],
  gov: ['gov'],
}

/** @param periods prices of one model over time, oldest first and today's last; empty where no change is known */
export function rowsOf(
  id: string,
  scope: ScopeClass,
  tier: string,
  { base, regions, same }: PriceMap,
  periods: readonly GenaiPeriod[],
): PriceRow[] {
  const groups = new Map<string, { regions: string[]; price: Price }>()
  const add = (region: string, price: Price): void => {
    // A region that is known to differ and has no price gets no row.
    if (Object.keys(price.meters).length + Object.keys(price.other).length === 0) return
    const key = JSON.stringify([inOrder(price.meters), price.over, price.other, [...price.sources], [...price.rules]])
    const group = groups.get(key) ?? { regions: [], price }
    group.regions.push(region)
    groups.set(key, group)
  }
  if (base !== null) {
    const flat = ![...regions.keys()].some((region) => !region.startsWith('us-gov-'))
    const baseRegions = flat ? ['*'] : new Set([...VIRGINIA_PRICED, ...same])
    for (const region of baseRegions) if (!regions.has(region)) add(region, base)
  }
  for (const [region, price] of regions) add(region, price)
  const changed = periods.at(-1)?.from ?? undefined
  const rows = [...groups.values()].map((group) => ({
    ...rowOf(id, scope, tier, group.regions, group.price),
    ...(changed === undefined ? {} : { from: changed }),
  }))
  return [...pastRows(id, scope, tier, periods), ...rows]
}

function rowOf(id: string, scope: ScopeClass, tier: string, regions: string[], price: Price): PriceRow {
  const { meters, over, other, sources, rules } = price
  return {
    id,
    scopes: SCOPES[scope],
    regions: regions.toSorted(),
    tier,
    meters: inOrder(meters),
    ...(over.length === 0 ? {} : { over: over.map((step) => ({ tokens: step.tokens, meters: inOrder(step.meters) })) }),
    ...(Object.keys(other).length === 0 ? {} : { other }),
    source: [...sources].toSorted().join('+'),
    how: rules.size === 0 ? 'listed' : 'derived',
    ...(rules.size === 0 ? {} : { rules: [...rules].toSorted() }),
  }
}

const inOrder = (meters: TokenPrices): TokenPrices =>
  Object.fromEntries(TOKEN_METERS.flatMap((meter) => (meters[meter] === undefined ? [] : [[meter, meters[meter]]])))

function pastRows(id: string, scope: ScopeClass, tier: string, periods: readonly GenaiPeriod[]): PriceRow[] {
  return periods.slice(0, -1).map((period, index) => {
    const price = {
      meters: period.meters,
      over: period.over,
      other: {},
      sources: new Set(['genai-prices']),
      rules: new Set<string>(),
    }
    const until = periods[index + 1]?.from
    return {
      ...rowOf(id, scope, tier, ['*'], price),
      ...(period.from === null ? {} : { from: period.from }),
      ...(until == null ? {} : { until }),
    }
  })
}
