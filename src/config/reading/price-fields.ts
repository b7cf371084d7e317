/**
 * The names of LiteLLM's price fields: those that mean something on Bedrock's wire, as `model_list[].litellm_params` and `model_info` carry them.
 * https://docs.litellm.ai/docs/proxy/custom_pricing
 */

/** LiteLLM's stem → the token meter it prices. */
const TOKEN_STEMS = {
  input_cost_per_token: 'input',
  output_cost_per_token: 'output',
  cache_read_input_token_cost: 'cacheRead',
  cache_creation_input_token_cost: 'cacheWrite',
  cache_creation_input_token_cost_above_1hr: 'cacheWrite1h',
  input_cost_per_audio_token: 'inputAudio',
  output_cost_per_audio_token: 'outputAudio',
} as const

/** LiteLLM's field → the meter it prices, for what is not a token. */
const OTHER_FIELDS = {
  output_cost_per_image: 'image',
  input_cost_per_image: 'inputImage',
  input_cost_per_query: 'query',
  input_cost_per_video_per_second: 'videoSecond',
  input_cost_per_audio_per_second: 'audioSecond',
} as const

/** Prompt sizes, in thousands of tokens, from which a higher price may hold. */
export const LONG_CONTEXT_THOUSANDS = [100, 128, 200, 256, 272, 512] as const

/** Tiers with a price field of their own. `ultrafast` is in no AWS document; its prices are used only if an answer names it. */
export const PRICED_TIERS = ['flex', 'priority', 'ultrafast'] as const

export type PriceField =
  | {
      kind: 'token'
      meter: (typeof TOKEN_STEMS)[keyof typeof TOKEN_STEMS]
      /** Prompt size in tokens beyond which this price holds; null for the base price. */
      overTokens: number | null
      tier: 'default' | (typeof PRICED_TIERS)[number]
    }
  | { kind: 'other'; meter: (typeof OTHER_FIELDS)[keyof typeof OTHER_FIELDS] }

/** Each stem as it is and with every step of the prompt's size. */
function stepsOf(stems: readonly string[]): { name: string; overTokens: number | null }[] {
  return stems.flatMap((stem) => [
    { name: stem, overTokens: null },
    ...LONG_CONTEXT_THOUSANDS.map((thousands) => ({
      name: `${stem}_above_${thousands}k_tokens`,
      overTokens: thousands * 1000,
    })),
  ])
}

function allFields(): ReadonlyMap<string, PriceField> {
  const fields = new Map<string, PriceField>()
  for (const [stem, meter] of Object.entries(TOKEN_STEMS)) {
    for (const { name, overTokens } of stepsOf([stem])) {
      fields.set(name, { kind: 'token', meter, overTokens, tier: 'default' })
      for (const tier of PRICED_TIERS) fields.set(`${name}_${tier}`, { kind: 'token', meter, overTokens, tier })
    }
  }
  for (const [name, meter] of Object.entries(OTHER_FIELDS)) fields.set(name, { kind: 'other', meter })
  return fields
}

const FIELDS = allFields()

/** What a price field prices; null for a field that is not understood. */
export const parsePriceField = (name: string): PriceField | null => FIELDS.get(name) ?? null

/** Every price field that is understood and used. */
export const KNOWN_PRICE_FIELDS: readonly string[] = [...FIELDS.keys()]

/** Why a price field that LiteLLM's own entries carry prices nothing here. */
const UNUSED_FIELDS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    stepsOf(Object.keys(TOKEN_STEMS)).map(({ name }) => [`${name}_batches`, 'batch jobs are not served here']),
  ),
  input_cost_per_image_token: "Bedrock's answers count no image tokens",
  output_cost_per_image_token: "Bedrock's answers count no image tokens",
  output_cost_per_video_per_second: 'videos are made by asynchronous jobs, which are not served here',
  input_cost_per_second: 'provisioned capacity is billed by time, not by call',
  output_cost_per_second: 'provisioned capacity is billed by time, not by call',
  cost_per_second: 'provisioned capacity is billed by time, not by call',
}

/** Why a price field has no effect; null for one that has, and for names that are no price. */
export const whyPriceIsUnused = (name: string): string | null =>
  Object.hasOwn(UNUSED_FIELDS, name) ? (UNUSED_FIELDS[name] ?? null) : null

/** Price fields that may stand in a configuration and price nothing. */
export const UNUSED_PRICE_FIELDS: readonly string[] = Object.keys(UNUSED_FIELDS)

const PRICE_LIKE = /_cost_per_|_token_cost|_cost$|^cost_per_/

/** True for names that LiteLLM would read as a price, known unit or not. */
export function looksLikePrice(name: string): boolean {
  return PRICE_LIKE.test(name)
}

/** True for LiteLLM's price fields, those that have no effect here too. */
export function isPriceName(name: string): boolean {
  return parsePriceField(name) !== null || whyPriceIsUnused(name) !== null
}
