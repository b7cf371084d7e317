/** Prices of one model in one class of scopes: the base price, and the regions that differ from it. */
import type { Price } from './select.ts'

/** Geo profiles and the model in its own region cost the same within one source region, so both are one class here. */
export type ScopeClass = 'local' | 'global' | 'gov'

/** Prices of one (id, class, tier). */
export type PriceMap = {
  /** Virginia's. */
  base: Price | null
  /** Of regions that differ. */
  regions: Map<string, Price>
  /** Further regions that are known to have Virginia's. */
  same: readonly string[]
}
