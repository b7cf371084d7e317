/** The normal form of a price. All prices are exact decimal strings in USD per single unit (token, image, query, second). */

/** As in a model reference: where the call may be answered. */
export type PriceScope = 'global' | 'geo' | 'region' | 'gov'

export const TOKEN_METERS = [
  'input',
  'output',
  'cacheRead',
  /** Writes with the model's shorter or only time to live (5 m for Claude, 30 m for GPT, Kimi and GLM). */
  'cacheWrite',
  'cacheWrite1h',
  'inputAudio',
  'outputAudio',
] as const

export type TokenMeter = (typeof TOKEN_METERS)[number]

export type TokenPrices = Readonly<Partial<Record<TokenMeter, string>>>

/** Prices of a call whose prompt (fresh + read + written) is strictly larger than `tokens`: the whole call costs these. */
export type LongContextStep = { tokens: number; meters: TokenPrices }

/**
 * Price of an image up to a size (pixels, or pixels of the longer side) and a number of steps, of one quality. An absent bound holds
 * for any image. The first grade that fits counts.
 */
export type ImageGrade = { maxPixels?: number; maxSteps?: number; maxSide?: number; quality?: string; usd: string }

export type OtherPrices = {
  /** Per image made or edited. */
  image?: string
  /** In place of `image` where size and steps decide. */
  imageGrades?: readonly ImageGrade[]
  /** Per image given to an embedding model. */
  inputImage?: string
  query?: string
  videoSecond?: string
  audioSecond?: string
  /** Per guardrail unit, by AWS's name of the counter. */
  guardrailUnit?: Readonly<Record<string, string>>
}

export type PriceRow = {
  /** Foundation model id, exact, without geography prefix and without a trailing `:0`. */
  id: string
  scopes: readonly PriceScope[]
  /** Source regions (the endpoint called); `*` is every commercial region. */
  regions: readonly string[]
  /** Service tier as Bedrock names it in answers: `default`, `flex`, `priority`, …. */
  tier: string
  meters: TokenPrices
  /** In rising order of `tokens`. */
  over?: readonly LongContextStep[]
  other?: OtherPrices
  /** First and first no longer valid day, UTC (`2026-08-21`); absent is open. */
  from?: string
  until?: string
  /** Names of the sources that carry this price, as in the catalogue's `sources`. */
  source: string
  /** `derived` when at least one price follows from a written rule; `rules` names them. */
  how: 'listed' | 'derived'
  rules?: readonly string[]
}

export type Catalogue = {
  /** Names the state of all rows, in records too. */
  version: string
  rows: readonly PriceRow[]
}

/** Model id as rows spell it: AWS writes `:0` behind some ids and not behind others, for one and the same model. */
export const priceId = (modelId: string): string => (modelId.endsWith(':0') ? modelId.slice(0, -2) : modelId)
