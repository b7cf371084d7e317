/**
 * The formula: amounts of a reading × prices of a row, summed in pico-USD. A meter without a price, or one whose amount is not
 * reported, leaves the call without a cost: a part of the truth would look like the whole.
 */

import { picoFromUsd } from '../../base/decimal.ts'
import type { Amount, ImageRequest, TokenUsage, UsageReading } from '../../bedrock/usage/reading.ts'
import type { OtherPrices, PriceRow, TokenMeter, TokenPrices } from '../prices/price-row.ts'

export type FormulaResult = {
  /** Sum over all meters that have both an amount and a price. */
  knownPicoUsd: bigint
  /** Why this is not the whole; empty when it is. */
  gaps: readonly string[]
}

type Meter = { name: string; amount: Amount; usd: string | undefined }

/** Words for a meter in a reason. */
const TOKEN_NAMES: Record<TokenMeter, string> = {
  input: 'input tokens',
  output: 'output tokens',
  cacheRead: 'cache read tokens',
  cacheWrite: 'cache write tokens',
  cacheWrite1h: '1-hour cache write tokens',
  inputAudio: 'input audio tokens',
  outputAudio: 'output audio tokens',
}

/** `row` is null where only guardrail units are billed; `guardrailRow` is null where no row prices them. */
export function priceReading(
  reading: UsageReading,
  row: PriceRow | null,
  guardrailRow: PriceRow | null,
): FormulaResult {
  const prompt = promptTokens(reading)
  const prices = row?.over?.findLast((step) => prompt > step.tokens)?.meters ?? row?.meters ?? {}
  const meters = [
    ...tokenMeters(reading, prices),
    ...otherMeters(reading, row?.other ?? {}),
    ...guardrailMeters(reading, guardrailRow),
  ]
  const gaps = missingCounters(reading, prices)
  let knownPicoUsd = 0n
  for (const { name, amount, usd } of meters) {
    const picoUsd = usd === undefined ? null : picoFromUsd(usd)
    if (amount === 0) continue
    if (amount === null) gaps.push(`the answer does not say how many ${name}`)
    else if (picoUsd === null) gaps.push(`no price is known for ${name}`)
    else knownPicoUsd += BigInt(amount) * picoUsd
  }
  return { knownPicoUsd, gaps }
}

/** Size of the prompt that long-context prices go by: fresh, read and written tokens. */
function promptTokens({ usage, other }: UsageReading): number {
  const { inputTokens = 0, cacheReadInputTokens = 0, cacheWriteInputTokens = 0 } = usage ?? {}
  return inputTokens + cacheReadInputTokens + cacheWriteInputTokens + (other.inputAudioTokens ?? 0)
}

/**
 * The meter of a cache write by its time to live: 5 minutes or an hour for Claude and Nova, 30 minutes for GPT, Kimi and GLM.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
 */
const WRITE_METERS: ReadonlyMap<string, 'cacheWrite' | 'cacheWrite1h'> = new Map([
  ['5m', 'cacheWrite'],
  ['30m', 'cacheWrite'],
  ['1h', 'cacheWrite1h'],
])

/** Writes of which no time to live is reported had the model's default, which is the shorter one. */
function writeMeters(usage: TokenUsage | null, prices: TokenPrices): Meter[] {
  const amounts = { cacheWrite: usage?.cacheWriteInputTokens ?? 0, cacheWrite1h: 0 }
  const unknown: Meter[] = []
  for (const { ttl, inputTokens } of usage?.cacheDetails ?? []) {
    const meter = WRITE_METERS.get(ttl)
    if (meter === 'cacheWrite') continue
    amounts.cacheWrite = Math.max(0, amounts.cacheWrite - inputTokens)
    if (meter === undefined)
      unknown.push({ name: `cache writes that live ${ttl}`, amount: inputTokens, usd: undefined })
    else amounts[meter] += inputTokens
  }
  return [
    { name: TOKEN_NAMES.cacheWrite, amount: amounts.cacheWrite, usd: prices.cacheWrite },
    { name: TOKEN_NAMES.cacheWrite1h, amount: amounts.cacheWrite1h, usd: prices.cacheWrite1h },
    ...unknown,
  ]
}

function tokenMeters({ usage, other }: UsageReading, prices: TokenPrices): Meter[] {
  const amounts: Record<Exclude<TokenMeter, 'cacheWrite' | 'cacheWrite1h'>, Amount> = {
    input: usage?.inputTokens ?? 0,
    output: usage?.outputTokens ?? 0,
    cacheRead: usage?.cacheReadInputTokens ?? 0,
    inputAudio: other.inputAudioTokens === undefined ? 0 : other.inputAudioTokens,
    outputAudio: other.outputAudioTokens === undefined ? 0 : other.outputAudioTokens,
  }
  const plain = Object.entries(amounts).map(([meter, amount]) => ({
    name: TOKEN_NAMES[meter as TokenMeter],
    amount,
    usd: prices[meter as TokenMeter],
  }))
  return [...plain, ...writeMeters(usage, prices)]
}

function otherMeters({ other, imageRequest }: UsageReading, prices: OtherPrices): Meter[] {
  const meters: [string, Amount | undefined, string | undefined][] = [
    ['images', other.images, imagePrice(prices, imageRequest)],
    ['input images', other.inputImages, prices.inputImage],
    ['queries', other.queries, prices.query],
    ['seconds of video', other.videoSeconds, prices.videoSecond],
    ['seconds of audio', other.audioSeconds, prices.audioSecond],
    ['uses of server tools', other.serverToolUses, undefined],
  ]
  return meters.flatMap(([name, amount, usd]) => (amount === undefined ? [] : [{ name, amount, usd }]))
}

/** The first grade that holds what was asked. A size or step count that was not asked for is the model's default, in the first grade. */
function imagePrice(prices: OtherPrices, asked: ImageRequest | null): string | undefined {
  if (prices.imageGrades === undefined) return prices.image
  if (asked === null) return undefined
  return prices.imageGrades.find(
    ({ maxPixels, maxSteps }) =>
      (maxPixels === undefined || (asked.pixels ?? 0) <= maxPixels) &&
      (maxSteps === undefined || (asked.steps ?? 0) <= maxSteps),
  )?.usd
}

function guardrailMeters({ other }: UsageReading, row: PriceRow | null): Meter[] {
  if (other.guardrailUnits === undefined) return []
  if (other.guardrailUnits === null) return [{ name: 'guardrail units', amount: null, usd: undefined }]
  return Object.entries(other.guardrailUnits).map(([unit, amount]) => ({
    name: unit,
    amount,
    usd: row?.other?.guardrailUnit?.[unit],
  }))
}

/** Token counters that the price needs and the answer left out although it reports tokens. */
function missingCounters({ usage, problem }: UsageReading, prices: TokenPrices): string[] {
  if (usage === null || problem !== null) return []
  const costs = (usd: string | undefined): boolean => usd !== undefined && picoFromUsd(usd) !== 0n
  return [
    ...(usage.inputTokens === undefined && costs(prices.input)
      ? ['the answer does not say how many input tokens']
      : []),
    ...(usage.outputTokens === undefined && costs(prices.output)
      ? ['the answer does not say how many output tokens']
      : []),
  ]
}
