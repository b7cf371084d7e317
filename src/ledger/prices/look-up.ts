/** Finding the price row of a call. Exact ids only: no prefix, no other region, no other tier, no `global` for `region`. */
import { type Catalogue, type PriceRow, type PriceScope, priceId } from './price-row.ts'

/** What decides the price beside the amounts. */
export type PriceKey = {
  /** Foundation model id; a trailing `:0` does not matter. */
  id: string
  scope: PriceScope
  /** Source region. */
  region: string
  tier: string
  at: Date
}

export type FoundPrice = { row: PriceRow; name: string }

/** Regions of other partitions have price lists of their own, so `*` does not reach them. */
const OTHER_PARTITIONS = /^(us-gov-|us-iso|cn-|eu-isoe-|eusc-)/

/** Rows by id, built once for each catalogue object. */
const indexes = new WeakMap<Catalogue, ReadonlyMap<string, readonly PriceRow[]>>()

function indexOf(catalogue: Catalogue): ReadonlyMap<string, readonly PriceRow[]> {
  const known = indexes.get(catalogue)
  if (known !== undefined) return known
  const index = new Map<string, PriceRow[]>()
  for (const row of catalogue.rows) {
    const rows = index.get(row.id)
    if (rows === undefined) index.set(row.id, [row])
    else rows.push(row)
  }
  indexes.set(catalogue, index)
  return index
}

/** Whether any row exists for this id, whatever its scope, region and tier. */
export const knowsModel = (catalogue: Catalogue, id: string): boolean => indexOf(catalogue).has(priceId(id))

/**
 * (scope, region) → (geo ⇄ region, region) → (scope, `*`), each for the exact id, the tier and the day. A profile of a geography
 * and the model in its own region cost the same, so either row stands for the other within one source region.
 */
export function findPrice(catalogue: Catalogue, key: PriceKey): FoundPrice | null {
  const day = key.at.toISOString().slice(0, 10)
  const valid = (indexOf(catalogue).get(priceId(key.id)) ?? []).filter(
    (row) => row.tier === key.tier && (row.from ?? '') <= day && (row.until === undefined || day < row.until),
  )
  const sibling = key.scope === 'geo' ? 'region' : key.scope === 'region' ? 'geo' : null
  const steps: [PriceScope | null, string][] = [
    [key.scope, key.region],
    [sibling, key.region],
    [OTHER_PARTITIONS.test(key.region) ? null : key.scope, '*'],
  ]
  for (const [scope, region] of steps) {
    const row =
      scope === null ? undefined : valid.find((one) => one.scopes.includes(scope) && one.regions.includes(region))
    if (row !== undefined && scope !== null) return { row, name: rowName(row, scope, region, catalogue.version) }
  }
  return null
}

/** `id|scope|region|tier[|from]@version`: the row that a record names. */
function rowName(row: PriceRow, scope: PriceScope, region: string, version: string): string {
  const parts = [row.id, scope, region, row.tier, ...(row.from === undefined ? [] : [row.from])]
  return `${parts.join('|')}@${version}`
}
