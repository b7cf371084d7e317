/**
 * genai-prices' provider `aws` → prices by reference. Its entries are match rules, not ids: a reference is looked up with the
 * source's own rules, and only for ids that are known otherwise. USD per million tokens.
 */
import { isObject } from '../../../base/json.ts'
import { perToken } from './exact.ts'
import type { LongContextStep, Meters } from './listing.ts'

const METERS = {
  input_mtok: 'input',
  output_mtok: 'output',
  cache_read_mtok: 'cacheRead',
  cache_write_mtok: 'cacheWrite',
  cache_write_1h_mtok: 'cacheWrite1h',
  input_audio_mtok: 'inputAudio',
  output_audio_mtok: 'outputAudio',
} as const

/** One period of prices; `from` is null for the first. */
export type GenaiPeriod = { from: string | null; meters: Meters; over: LongContextStep[] }

export type GenaiPrices = {
  /** Periods of the first entry whose rule matches, oldest first; null when none does. */
  lookUp(reference: string): { key: string; periods: GenaiPeriod[] } | null
}

type Model = { id: string; match: unknown; prices: unknown }

export function genaiPrices(file: unknown): GenaiPrices {
  const provider = Array.isArray(file) ? file.find((one) => isObject(one) && one.id === 'aws') : file
  if (!isObject(provider) || !Array.isArray(provider.models))
    throw new Error('genai-prices: no provider `aws` with models')
  const models = provider.models.filter((one): one is Model => isObject(one) && typeof one.id === 'string')
  return {
    lookUp(reference) {
      const model = models.find((one) => matches(one.match, reference))
      return model === undefined ? null : { key: model.id, periods: periodsOf(model.prices) }
    },
  }
}

function matches(rule: unknown, reference: string): boolean {
  if (!isObject(rule)) return false
  const [name, value] = Object.entries(rule)[0] ?? []
  if (name === 'or') return Array.isArray(value) && value.some((one) => matches(one, reference))
  if (name === 'and') return Array.isArray(value) && value.every((one) => matches(one, reference))
  if (typeof value !== 'string') return false
  if (name === 'equals') return reference === value
  if (name === 'starts_with') return reference.startsWith(value)
  if (name === 'ends_with') return reference.endsWith(value)
  if (name === 'contains') return reference.includes(value)
  return name === 'regex' && new RegExp(value).test(reference)
}

function periodsOf(prices: unknown): GenaiPeriod[] {
  if (!Array.isArray(prices)) return [{ from: null, ...pricesOf(prices) }]
  return prices.filter(isObject).map((period) => {
    const constraint = isObject(period.constraint) ? period.constraint.start_date : undefined
    return { from: typeof constraint === 'string' ? constraint : null, ...pricesOf(period.prices) }
  })
}

function pricesOf(prices: unknown): Omit<GenaiPeriod, 'from'> {
  const meters: Meters = {}
  const steps = new Map<number, Meters>()
  for (const [name, meter] of Object.entries(METERS)) {
    const value = isObject(prices) ? prices[name] : undefined
    if (value === undefined) continue
    meters[meter] = perToken(String(isObject(value) ? value.base : value))
    for (const tier of isObject(value) && Array.isArray(value.tiers) ? value.tiers.filter(isObject) : []) {
      const tokens = Number(tier.start)
      steps.set(tokens, { ...steps.get(tokens), [meter]: perToken(String(tier.price)) })
    }
  }
  return { meters, over: [...steps].map(([tokens, stepMeters]) => ({ tokens, meters: stepMeters })) }
}
