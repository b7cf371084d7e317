/** What a typical call would cost on each deployment, for `cost-based-routing`. Only compared, never booked. */
import { accountingOf } from '../../bedrock/usage/priced-operations.ts'
import { EMPTY_READING } from '../../bedrock/usage/reading.ts'
import type { Deployment } from '../../config/types.ts'
import { costOf } from '../cost/cost-of.ts'
import { BUNDLED_CATALOGUE } from './bundled.ts'
import type { Catalogue } from './price-row.ts'

/** Prompt to completion of the call that deployments are compared by. */
const COMPARED_USAGE = { inputTokens: 3000, outputTokens: 1000 }

const DAY_MS = 24 * 60 * 60_000

export type PriceComparison = {
  /** The rows that win over the bundled ones now. */
  readonly live: Catalogue | undefined
  use(live: Catalogue | undefined): void
  /** Pico-USD of the typical call; null where it is not known. Remembered for as long as rows and day are the same. */
  priceOf(deployment: Deployment): number | null
}

export function createPriceComparison(now: () => number = Date.now): PriceComparison {
  let live: Catalogue | undefined
  let day = 0
  let known = new Map<Deployment, number | null>()
  return {
    get live() {
      return live
    },
    use(rows) {
      if (rows !== live) known = new Map()
      live = rows
    },
    priceOf(deployment) {
      const today = Math.floor(now() / DAY_MS)
      if (today !== day) known = new Map()
      day = today
      const remembered = known.get(deployment)
      if (remembered !== undefined) return remembered
      const price = typicalPrice(deployment, live, new Date(now()))
      known.set(deployment, price)
      return price
    },
  }
}

function typicalPrice(deployment: Deployment, overrides: Catalogue | undefined, at: Date): number | null {
  const { picoUsd } = costOf({
    operation: accountingOf('Converse'),
    model: deployment.model,
    baseModel: deployment.baseModel,
    region: deployment.region,
    customPrices: deployment.prices,
    reading: { ...EMPTY_READING, usage: COMPARED_USAGE },
    at,
    overrides,
    catalogue: BUNDLED_CATALOGUE,
  })
  return picoUsd === null ? null : Number(picoUsd)
}
