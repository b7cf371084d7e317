/**
 * Every listing of every source against the finished rows. A difference is allowed only where it is written down with both
 * values and the reason; a written one that no longer occurs is a fault too.
 */
import { isObject } from '../../../base/json.ts'
import { findPrice } from '../../../ledger/prices/look-up.ts'
import type { Catalogue, PriceRow, PriceScope, TokenPrices } from '../../../ledger/prices/price-row.ts'
import type { GenaiPrices } from './genai.ts'
import type { Listing } from './listing.ts'
import { GOV_REGIONS, geographyRegion } from './price-rules.ts'

/** One listing that differs: meter → value, as listed and as taken (null: no price). */
export type Difference = {
  source: string
  key: string
  tier: string
  region: string
  listed: Record<string, string>
  taken: Record<string, string | null>
}

/** Reason → what it explains. */
export type KnownDisagreements = Readonly<Record<string, { why: string; differences: readonly Difference[] }>>

/** Where a price is compared. */
type Place = { id: string; scope: PriceScope; region: string; tier: string }

export function differences(
  listings: readonly Listing[],
  genai: GenaiPrices,
  catalogue: Catalogue,
  at: Date,
): Difference[] {
  const found: Difference[] = []
  for (const listing of listings) {
    for (const region of placesOf(listing)) {
      const { id, scope, tier } = listing
      const difference = compare({ id, scope, region, tier }, flatten(listing), catalogue, at)
      if (difference !== null) found.push({ source: listing.source, key: listing.key, tier, region, ...difference })
    }
  }
  return [...found, ...genaiDifferences(genai, catalogue, at)]
}

/** Faults in words: differences that are not written down, and written ones that do not occur. */
export function disagreementFaults(found: readonly Difference[], known: KnownDisagreements): string[] {
  const written = new Set(Object.values(known).flatMap((reason) => reason.differences.map(fingerprint)))
  const occurring = new Set(found.map(fingerprint))
  return [
    ...found.filter((one) => !written.has(fingerprint(one))).map((one) => `not written down: ${fingerprint(one)}`),
    ...[...written].filter((one) => !occurring.has(one)).map((one) => `written down and no longer so: ${one}`),
  ]
}

const fingerprint = ({ source, key, tier, region, listed, taken }: Difference): string =>
  `${source} ${key} ${tier} ${region} lists ${sortedJson(listed)}, taken ${sortedJson(taken)}`

const sortedJson = (values: object): string => JSON.stringify(Object.fromEntries(Object.entries(values).toSorted()))

/** Source regions that a listing speaks for. lmux' default rows under a geography prefix hold Virginia's price. */
function placesOf(listing: Listing): readonly string[] {
  if (listing.region !== null) return [listing.region]
  if (listing.scope === 'gov') return GOV_REGIONS
  return [listing.geography === null ? 'us-east-1' : geographyRegion(listing.geography, listing.id)]
}

function compare(
  place: Place,
  listed: Record<string, string>,
  catalogue: Catalogue,
  at: Date,
): Pick<Difference, 'listed' | 'taken'> | null {
  const row = findPrice(catalogue, { ...place, at })?.row
  const taken = row === undefined ? {} : flatten(row)
  const differing = Object.entries(listed).filter(([meter, usd]) => taken[meter] !== usd)
  if (differing.length === 0) return null
  return {
    listed: Object.fromEntries(differing),
    taken: Object.fromEntries(differing.map(([meter]) => [meter, taken[meter] ?? null])),
  }
}

/** All prices of a listing or a row under one name each: `input`, `over272000.input`, `image`, `guardrailUnit.wordPolicyUnits`. */
export function flatten(prices: Pick<PriceRow, 'meters' | 'over' | 'other'>): Record<string, string> {
  const flat: Record<string, string> = {}
  const add = (prefix: string, values: TokenPrices | Record<string, unknown>): void => {
    for (const [name, value] of Object.entries(values)) {
      if (typeof value === 'string') flat[`${prefix}${name}`] = value
      else if (isObject(value)) add(`${prefix}${name}.`, value)
      else if (Array.isArray(value)) flat[`${prefix}${name}`] = JSON.stringify(value)
    }
  }
  add('', prices.meters)
  for (const step of prices.over ?? []) add(`over${step.tokens}.`, step.meters)
  add('', prices.other ?? {})
  return flat
}

/** genai-prices knows one price for all regions, so it is asked about Virginia only, for every reference that the rows price. */
function genaiDifferences(genai: GenaiPrices, catalogue: Catalogue, at: Date): Difference[] {
  const found: Difference[] = []
  for (const id of new Set(catalogue.rows.map((row) => row.id))) {
    const references: [PriceScope, string][] = [
      ['global', `global.${id}`],
      ['geo', `us.${id}`],
      ['region', id],
    ]
    for (const [scope, reference] of references) {
      const place = { id, scope, region: 'us-east-1', tier: 'default' }
      const match = genai.lookUp(reference)
      const now = match?.periods.at(-1)
      if (match === null || now === undefined || findPrice(catalogue, { ...place, at }) === null) continue
      const difference = compare(place, flatten({ meters: now.meters, over: now.over }), catalogue, at)
      if (difference === null) continue
      found.push({ source: 'genai-prices', key: reference, tier: 'default', region: 'us-east-1', ...difference })
    }
  }
  return found
}
