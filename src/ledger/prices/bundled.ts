/** The catalogue that is built into the Worker. */
import catalogue from './catalogue.json' with { type: 'json' }
import type { Catalogue } from './price-row.ts'

/** Where the rows come from: name used in `source`, version, day it was taken. */
export type PriceSource = { name: string; version: string; day: string }

export const BUNDLED_CATALOGUE: Catalogue & { sources: readonly PriceSource[] } = catalogue as unknown as Catalogue & {
  sources: readonly PriceSource[]
}
