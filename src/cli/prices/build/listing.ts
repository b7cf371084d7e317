/** One price as one source lists it, in the catalogue's units, before anything is merged. */
import type {
  ImageGrade,
  LongContextStep,
  OtherPrices,
  PriceScope,
  TokenMeter,
} from '../../../ledger/prices/price-row.ts'

export type SourceName = 'lmux' | 'litellm' | 'genai-prices'

export type Meters = Partial<Record<TokenMeter, string>>

export type Listing = {
  source: SourceName
  /** Key in the source's own spelling. */
  key: string
  /** Foundation model id as rows spell it. */
  id: string
  scope: PriceScope
  /** Geography prefix (`us`, `eu`, …); null for a bare id. */
  geography: string | null
  /** Source region that the price is for; null where the source names none. */
  region: string | null
  tier: string
  meters: Meters
  over: LongContextStep[]
  other: OtherPrices
  from?: string
  until?: string
}

export type { ImageGrade, LongContextStep, OtherPrices }

/** A listing without prices yet. */
export function emptyListing(
  place: Pick<Listing, 'source' | 'key' | 'id' | 'scope' | 'geography' | 'region'>,
): Listing {
  return { ...place, tier: 'default', meters: {}, over: [], other: {} }
}

/** Parses JSON with every number as the text that stands in the file, so that no price passes through a double. */
export function parseExactJson(text: string): unknown {
  const keepText = (_key: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === 'number' && context?.source !== undefined ? context.source : value
  return JSON.parse(text, keepText as (key: string, value: unknown) => unknown)
}
