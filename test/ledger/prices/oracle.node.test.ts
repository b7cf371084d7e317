/**
 * What LiteLLM's and genai-prices' own data say to the same call, by their own rules, against us: a named list of models, each
 * with the two ratios (theirs ÷ ours) and the reason where one is not 1. Both rules are written anew here from the data alone.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { priceCase } from '../../../src/ledger/cost/price-case.ts'
import { BUNDLED_CATALOGUE } from '../../../src/ledger/prices/bundled.ts'

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '../../../../shared/prices')
const present = existsSync(FOLDER)
const read = (name: string) => (present ? JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) : {})

const REGIONAL = 'it knows one price for all regions, Virginia’s'
const BARE = 'its bare row holds the global price; in-region costs 1.1 times as much'
const NO_TIER = 'it has no service tiers'

type Call = {
  model: string
  region: string
  tier?: string
  input?: number
  output?: number
  read?: number
  written?: number
}

/** Call, LiteLLM ÷ ours, genai-prices ÷ ours (null: it has no price), and why where one differs. */
const TABLE: readonly (readonly [Call, number | null, number | null, string?])[] = [
  [{ model: 'global.anthropic.claude-opus-5', region: 'us-east-1', read: 500, written: 500 }, 1, 1],
  [{ model: 'us.anthropic.claude-opus-5', region: 'us-east-1', read: 500, written: 500 }, 1, 1],
  [{ model: 'eu.anthropic.claude-sonnet-5-5', region: 'eu-west-1', read: 500, written: 500 }, 1, 1],
  [{ model: 'jp.anthropic.claude-haiku-4-5-20251001-v1:0', region: 'ap-northeast-1' }, 1, 1],
  [{ model: 'anthropic.claude-haiku-4-5-20251001-v1:0', region: 'us-east-1', read: 500 }, 1 / 1.1, 1, BARE],
  [{ model: 'anthropic.claude-sonnet-4-6', region: 'us-east-1' }, 1 / 1.1, 1, BARE],
  [{ model: 'openai.gpt-6-sol', region: 'us-east-1' }, 1 / 1.1, 1, BARE],
  [{ model: 'us.anthropic.claude-3-5-haiku-20241022-v1:0', region: 'us-west-2' }, 1, 1],
  [
    { model: 'us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0', region: 'us-gov-west-1' },
    1,
    3.3 / 3.6,
    'genai-prices files GovCloud under its +10 % rule',
  ],
  [{ model: 'global.anthropic.claude-haiku-5-5', region: 'us-east-1', input: 100_001 }, 1, 1],
  [
    { model: 'us.anthropic.claude-sonnet-4-5-20250929-v1:0', region: 'us-east-1', input: 200_001 },
    1,
    (200.001 * 3.3 + 16.5) / (200.001 * 6.6 + 24.75),
    'genai-prices has no step at 200k',
  ],
  [{ model: 'us.openai.gpt-5.6-sol', region: 'us-east-1', read: 500, written: 500 }, 1, 1],
  [{ model: 'global.openai.gpt-6-astra', region: 'us-east-1', input: 272_001 }, 1, 1],
  [{ model: 'global.openai.gpt-6.1-terra', region: 'us-east-1', read: 500 }, 1, 1],
  [{ model: 'us.amazon.nova-pro-v1:0', region: 'us-east-1', read: 500 }, 1, 1],
  [{ model: 'eu.amazon.nova-pro-v1:0', region: 'eu-central-1' }, 1, 0.8 / 1.05, REGIONAL],
  [
    { model: 'eu.amazon.nova-pro-v1:0', region: 'eu-west-1' },
    1.05 / 0.92,
    0.8 / 0.92,
    `LiteLLM’s eu. row is Frankfurt’s; genai-prices: ${REGIONAL}`,
  ],
  [{ model: 'global.amazon.nova-2-lite-v1:0', region: 'us-east-1', read: 500 }, 1, 1],
  [{ model: 'us.amazon.nova-2-lite-v1:0', region: 'us-east-1', tier: 'flex' }, 1, 2, NO_TIER],
  [{ model: 'qwen.qwen3-32b-v1:0', region: 'us-west-2', tier: 'priority' }, 1, 1 / 1.75, NO_TIER],
  [{ model: 'meta.llama3-3-70b-instruct-v1:0', region: 'us-east-1' }, 1, 1],
  [{ model: 'mistral.mistral-large-2402-v1:0', region: 'us-east-1' }, 1, 1],
  [{ model: 'openai.gpt-oss-120b-1:0', region: 'us-east-1' }, 1, 1],
  [{ model: 'deepseek.r1-v1:0', region: 'us-east-1' }, 1, 1],
  [{ model: 'moonshotai.kimi-k3', region: 'us-east-1', read: 500, written: 500 }, 1, 1],
  [{ model: 'us.zai.glm-5.3', region: 'us-east-1', read: 500, written: 500 }, 1, 1],
  [{ model: 'us.xai.grok-4.7', region: 'us-east-1', read: 500 }, 1, null, 'genai-prices does not have the model'],
  [{ model: 'writer.palmyra-x5-v1:0', region: 'us-east-1' }, 1, 1],
  [
    { model: 'us.anthropic.claude-fable-5-2', region: 'us-east-1', read: 500 },
    null,
    1,
    'LiteLLM does not have the model',
  ],
  [
    { model: 'qwen.qwen3-next-80b-a3b', region: 'us-east-1' },
    1.35 / 1.34,
    null,
    'LiteLLM’s input is 0.15; its own mantle row and lmux say 0.14. genai-prices does not have it',
  ],
]

type Entry = Record<string, number | undefined>

function litellmCost(
  prices: Record<string, Entry>,
  { model, tier, input = 1000, output = 1000, read: cached = 0, written = 0 }: Call,
): number | null {
  const entry = prices[model] ?? prices[`bedrock_mantle/${model}`]
  if (entry === undefined) return null
  const step = [272, 200, 128, 100].find(
    (thousands) =>
      entry[`input_cost_per_token_above_${thousands}k_tokens`] !== undefined &&
      input + cached + written > thousands * 1000,
  )
  const price = (stem: string): number => {
    const base = step === undefined ? stem : `${stem}_above_${step}k_tokens`
    return (tier === undefined ? undefined : entry[`${base}_${tier}`]) ?? entry[base] ?? 0
  }
  return (
    input * price('input_cost_per_token') +
    output * price('output_cost_per_token') +
    cached * price('cache_read_input_token_cost') +
    written * price('cache_creation_input_token_cost')
  )
}

type Rule = { or?: Rule[]; contains?: string; equals?: string; starts_with?: string; ends_with?: string }
type Price = number | { base: number; tiers: { start: number; price: number }[] }
type Prices = Record<string, Price>
type GenaiModel = { match: Rule; prices: Prices | { prices: Prices }[] }

const matches = (rule: Rule, text: string): boolean =>
  rule.or?.some((one) => matches(one, text)) ??
  (text === rule.equals ||
    (rule.contains !== undefined && text.includes(rule.contains)) ||
    (rule.starts_with !== undefined && text.startsWith(rule.starts_with)) ||
    (rule.ends_with !== undefined && text.endsWith(rule.ends_with)))

function genaiCost(
  models: GenaiModel[],
  { model, input = 1000, output = 1000, read: cached = 0, written = 0 }: Call,
): number | null {
  const found = models.find((one) => matches(one.match, model))
  if (found === undefined) return null
  const prices = Array.isArray(found.prices) ? (found.prices.at(-1)?.prices ?? {}) : found.prices
  const price = (name: string): number => {
    const value = prices[name] ?? 0
    if (typeof value === 'number') return value
    return value.tiers.findLast((tier) => input + cached + written > tier.start)?.price ?? value.base
  }
  return (
    (input * price('input_mtok') +
      output * price('output_mtok') +
      cached * price('cache_read_mtok') +
      written * price('cache_write_mtok')) /
    1e6
  )
}

describe.skipIf(!present)('the oracles (skipped: ../shared/prices is absent)', () => {
  const additions = read('litellm-bedrock-1.109.1-additions.json') as Record<string, Record<string, Entry>>
  const litellm: Record<string, Entry> = { ...read('litellm-bedrock.json'), ...additions.entries_added }
  const genai = (read('genai-prices-aws.json') as { models?: GenaiModel[] }).models ?? []

  const named = TABLE.map(([call, litellmRatio, genaiRatio, why]) => ({ call, litellmRatio, genaiRatio, why }))

  it.each(named)(
    '$call: LiteLLM $litellmRatio, genai-prices $genaiRatio of ours',
    ({ call, litellmRatio, genaiRatio, why }) => {
      const { model, region, tier, input = 1000, output = 1000, read: cached, written } = call
      const usage = {
        inputTokens: input,
        outputTokens: output,
        ...(cached === undefined ? {} : { cacheReadInputTokens: cached }),
        ...(written === undefined ? {} : { cacheWriteInputTokens: written }),
      }
      const body = { usage, ...(tier === undefined ? {} : { serviceTier: { type: tier } }) }
      const result = priceCase(
        { operation: 'Converse', model_id: model, source_region: region, usage: { body } },
        { catalogue: BUNDLED_CATALOGUE, now: new Date('2026-11-24T00:00:00Z') },
      )
      const ours = Number(result.ok ? result.price.usd : null)
      expect(ours).toBeGreaterThan(0)
      for (const [theirs, ratio] of [
        [litellmCost(litellm, call), litellmRatio],
        [genaiCost(genai, call), genaiRatio],
      ] as const) {
        if (ratio === null) expect(theirs).toBeNull()
        else expect((theirs ?? 0) / ours).toBeCloseTo(ratio, 3)
      }
      const differs = litellmRatio !== 1 || genaiRatio !== 1
      expect(why !== undefined).toBe(differs)
    },
  )
})
