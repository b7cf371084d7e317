/**
 * Listings of all sources → price rows. Who is believed, in order: lmux for tokens of the default tier (only it knows regions),
 * LiteLLM for everything else, genai-prices for what neither has and for prices of the past.
 */
import { GEOGRAPHIES } from '../../../bedrock/model/geographies.ts'
import type { PriceRow, PriceScope } from '../../../ledger/prices/price-row.ts'
import { complete, localFromGlobal, scaled } from './complete.ts'
import type { GenaiPrices } from './genai.ts'
import type { Listing } from './listing.ts'
import type { PriceMap, ScopeClass } from './price-map.ts'
import {
  GENAI_ONLY,
  GOV_FACTOR,
  GOV_FAMILY,
  GOV_REGIONS,
  geographyRegion,
  LOCAL_FAMILY,
  OLD_CLAUDE,
  SLIPS,
  UNDECIDED,
  VIRGINIA_PRICED,
} from './price-rules.ts'
import { rowsOf } from './rows.ts'
import { choose, isWithin, type Price } from './select.ts'

const classOf = (scope: PriceScope): ScopeClass => (scope === 'geo' || scope === 'region' ? 'local' : scope)

const BASE_REGION = 'us-east-1'

export function mergeRows(listings: readonly Listing[], genai: GenaiPrices): PriceRow[] {
  const usable = listings.map(withoutSlips)
  const ids = [...new Set([...usable.map((one) => one.id), ...GENAI_ONLY])].toSorted()
  return ids.flatMap((id) =>
    modelRows(
      id,
      usable.filter((one) => one.id === id),
      genai,
    ),
  )
}

function withoutSlips(listing: Listing): Listing {
  const slips = SLIPS.filter((slip) => slip.source === listing.source && slip.key === listing.key)
  if (slips.length === 0) return listing
  const meters: Record<string, string> = { ...listing.meters }
  for (const slip of slips) {
    if (meters[slip.meter] !== slip.usd) {
      throw new Error(`${slip.key} no longer says ${slip.usd} for ${slip.meter}: strike it from SLIPS`)
    }
    if (slip.taken === undefined) delete meters[slip.meter]
    else meters[slip.meter] = slip.taken
  }
  return { ...listing, meters }
}

function modelRows(id: string, listings: readonly Listing[], genai: GenaiPrices): PriceRow[] {
  const global = defaultPrices(listings, 'global', genaiListings(id, 'global', genai))
  const local = defaultPrices(listings, 'local', genaiListings(id, 'local', genai))
  if (LOCAL_FAMILY.test(id)) {
    for (const [region, price] of [...global.regions, ...global.same.map((one) => [one, global.base] as const)]) {
      const missing = !local.regions.has(region) && !local.same.includes(region) && !VIRGINIA_PRICED.includes(region)
      if (missing && price !== null && !GOV_REGIONS.includes(region)) local.regions.set(region, localFromGlobal(price))
    }
  }
  const gov = govPrices(id, listings, global)
  const maps: [ScopeClass, string, PriceMap][] = [
    ['global', 'default', global],
    ['local', 'default', local],
    ['gov', 'default', gov],
  ]
  for (const tier of new Set(listings.map((one) => one.tier).filter((name) => name !== 'default'))) {
    maps.push(['global', tier, tierPrices(listings, 'global', tier, global)])
    maps.push(['local', tier, tierPrices(listings, 'local', tier, local)])
  }
  const prices = maps.flatMap(([, , map]) => [...(map.base === null ? [] : [map.base]), ...map.regions.values()])
  const hasCacheRead = prices.some((price) => price.meters.cacheRead !== undefined)
  for (const [, tier, map] of maps) {
    for (const price of [...(map.base === null ? [] : [map.base]), ...map.regions.values()]) {
      complete(id, tier, price, hasCacheRead)
    }
  }
  return maps.flatMap(([scope, tier, map]) => rowsOf(id, scope, tier, map, pastPeriods(id, scope, tier, genai)))
}

/** How far a listing without a region speaks for Virginia: its own table first, `us.` before other geographies, bare rows last. */
function rank(listing: Listing): number {
  if (listing.source === 'lmux') return 0
  if (listing.geography === 'us' || listing.geography === 'global') return 1
  if (listing.key.startsWith('bedrock_mantle/')) return 2
  if (listing.region !== null && VIRGINIA_PRICED.includes(listing.region)) return 3
  // LiteLLM's bare rows of newer models hold the global price, so anything else is asked before them.
  return listing.geography === null ? 4 : 5
}

const ofClass = (listings: readonly Listing[], scope: ScopeClass, tier: string): Listing[] =>
  listings.filter((one) => classOf(one.scope) === scope && one.tier === tier)

/** Listings that speak for Virginia, best first. A row of another geography counts only where nothing else is there. */
function baseListings(listings: readonly Listing[]): Listing[] {
  const here = listings.filter((one) => one.region === null || VIRGINIA_PRICED.includes(one.region))
  const own = here.filter((one) => one.source !== 'lmux' || one.region === BASE_REGION)
  const ranked = own.toSorted((left, right) => rank(left) - rank(right))
  const near = ranked.filter((one) => rank(one) < 5)
  return near.length > 0 ? near : ranked
}

function defaultPrices(listings: readonly Listing[], scope: ScopeClass, fallback: readonly Listing[]): PriceMap {
  const own = ofClass(listings, scope, 'default')
  const base = choose([...baseListings(own), ...fallback])
  const regions = new Map<string, Price>()
  const same: string[] = []
  for (const region of regionsIn(own)) {
    const price = choose(regionListings(own, region))
    if (price === null) continue
    if (base !== null && isWithin(price, base)) same.push(region)
    else regions.set(region, price)
  }
  return { base, regions, same }
}

const regionsIn = (listings: readonly Listing[]): string[] => {
  const regions = listings.flatMap((one) => {
    if (one.region !== null) return [one.region]
    return one.geography === null || one.geography === 'global' ? [] : [geographyRegion(one.geography, one.id)]
  })
  return [...new Set(regions)].filter((region) => region !== BASE_REGION).toSorted()
}

/** Listings for one region: lmux, then LiteLLM's row of the region, then its row of the geography that holds this region's price. */
function regionListings(listings: readonly Listing[], region: string): Listing[] {
  const bare = listings.filter((one) => one.region === region && (one.geography === null || one.geography === 'global'))
  const geo = listings.filter(
    (one) => one.region === null && one.geography !== null && geographyRegion(one.geography, one.id) === region,
  )
  return [...bare.toSorted((left, right) => rank(left) - rank(right)), ...geo]
}

/** Prices of a further tier. A geography's row holds for every region of it whose default price is the row's own. */
function tierPrices(listings: readonly Listing[], scope: ScopeClass, tier: string, defaults: PriceMap): PriceMap {
  const own = ofClass(listings, scope, tier)
  const base = choose(
    baseListings(own).filter((one) => one.geography === null || rank(one) < 5 || defaults.regions.size === 0),
  )
  const regions = new Map<string, Price>()
  for (const listing of own.filter((one) => one.region === null && rank(one) === 5)) {
    const parent = listings.find((one) => one.key === listing.key && one.tier === 'default')
    for (const [region, price] of defaults.regions) {
      const inside = GEOGRAPHIES.get(listing.geography ?? '')?.regions?.includes(region) ?? false
      const same = parent?.meters.input === price.meters.input && parent?.meters.output === price.meters.output
      const chosen = inside && same ? choose([listing]) : null
      if (chosen !== null) regions.set(region, chosen)
    }
  }
  for (const listing of own.filter((one) => one.region !== null && !VIRGINIA_PRICED.includes(one.region))) {
    const chosen = choose([listing])
    if (chosen !== null && listing.region !== null) regions.set(listing.region, chosen)
  }
  // Where the default price is Virginia's everywhere, so is the tier's; else the tier's own regions stand beside Virginia's.
  if (base !== null && defaults.regions.size > 0)
    for (const region of defaults.regions.keys()) regions.set(region, regions.get(region) ?? NO_PRICE)
  return { base, regions, same: defaults.same }
}

/** Stands for a region that is known to differ and whose price is not known. */
const NO_PRICE: Price = { meters: {}, over: [], other: {}, sources: new Set(), rules: new Set() }

function govPrices(id: string, listings: readonly Listing[], global: PriceMap): PriceMap {
  const own = ofClass(listings, 'gov', 'default')
  const regions = new Map<string, Price>()
  for (const region of GOV_REGIONS) {
    if (UNDECIDED.some((one) => one.id === id && one.region === region)) continue
    const here = own.filter((one) => one.region === region || (one.region === null && one.geography === 'us-gov'))
    const price = choose(here.toSorted((left, right) => rank(left) - rank(right)))
    if (price !== null) regions.set(region, price)
    else if (GOV_FAMILY.test(id) && !OLD_CLAUDE.test(id) && global.base !== null) {
      regions.set(region, scaled(global.base, GOV_FACTOR, 'gov-from-global'))
    }
  }
  return { base: null, regions, same: [] }
}

/** genai-prices' current price as a listing of last resort. */
function genaiListings(id: string, scope: 'local' | 'global', genai: GenaiPrices): Listing[] {
  const found = genaiFor(id, scope, genai)
  const now = found?.periods.at(-1)
  if (found === undefined || now === undefined) return []
  const { meters, over } = now
  const place = { scope: scope === 'global' ? 'global' : 'region', geography: null, region: null } as const
  return [{ source: 'genai-prices', key: found.key, id, ...place, tier: 'default', meters, over, other: {} }]
}

function genaiFor(id: string, scope: 'local' | 'global', genai: GenaiPrices) {
  const references = scope === 'global' ? [`global.${id}`] : [id, `us.${id}`]
  const found = references.map((reference) => genai.lookUp(reference)).find((one) => one !== null)
  // A rule may contain the id without the prefix: a global price is one only if the rule itself says so.
  if (scope === 'global' && !found?.key.startsWith('global.')) return undefined
  if (scope === 'local' && found?.key.startsWith('global.')) return undefined
  return found ?? undefined
}

/** Prices that no longer hold, with the day they ended; and the day from which today's hold. */
function pastPeriods(id: string, scope: ScopeClass, tier: string, genai: GenaiPrices) {
  if (scope === 'gov' || tier !== 'default') return []
  const periods = genaiFor(id, scope, genai)?.periods ?? []
  return periods.length < 2 ? [] : periods
}
