/** The meters of a reading: each amount with its price, and the name under which a reason speaks of it. */

import type { Amount, ImageRequest, TokenUsage, UsageReading } from '../../bedrock/usage/reading.ts'
import type { OtherPrices, PriceRow, TokenMeter, TokenPrices } from '../prices/price-row.ts'

export type Meter = { name: string; amount: Amount; usd: string | undefined }

/** What a reason calls each meter. */
const TOKEN_NAMES: Record<TokenMeter, string> = {
  input: 'input tokens',
  output: 'output tokens',
  cacheRead: 'cache read tokens',
  cacheWrite: 'cache write tokens',
  cacheWrite1h: '1-hour cache write tokens',
  inputAudio: 'input audio tokens',
  outputAudio: 'output audio tokens',
}

/** All meters of the model that answered. `row` is its price row. */
export function modelMeters(reading: UsageReading, row: PriceRow): Meter[] {
  const { usage, runs, other } = reading
  const audioTokens = other.inputAudioTokens ?? 0
  const prices = pricesAt(promptTokens(usage) + audioTokens, row)
  return [
    ...(runs ?? [usage]).flatMap((run) => tokenMeters(run, audioTokens, row)),
    audioMeter('inputAudio', other.inputAudioTokens, prices),
    audioMeter('outputAudio', other.outputAudioTokens, prices),
    ...otherMeters(reading, row.other ?? {}),
  ]
}

/** Prices for a prompt of this size: beyond a step of the row the whole call costs what the step says. */
function pricesAt(prompt: number, row: PriceRow): TokenPrices {
  return row.over?.findLast((step) => prompt > step.tokens)?.meters ?? row.meters
}

/** Size of the prompt that long-context prices go by: fresh, read and written tokens. */
function promptTokens(usage: TokenUsage | null): number {
  const { inputTokens = 0, cacheReadInputTokens = 0, cacheWriteInputTokens = 0 } = usage ?? {}
  return inputTokens + cacheReadInputTokens + cacheWriteInputTokens
}

/** Text tokens of one run of the model. */
function tokenMeters(usage: TokenUsage | null, audioTokens: number, row: PriceRow): Meter[] {
  const prices = pricesAt(promptTokens(usage) + audioTokens, row)
  const meter = (name: TokenMeter, amount: number | undefined): Meter => ({
    name: TOKEN_NAMES[name],
    amount: amount ?? 0,
    usd: prices[name],
  })
  return [
    meter('input', usage?.inputTokens),
    meter('output', usage?.outputTokens),
    meter('cacheRead', usage?.cacheReadInputTokens),
    ...writeMeters(usage, meter),
  ]
}

/**
 * The meter of a cache write by its time to live: 5 minutes or an hour for Claude and Nova, 30 minutes for GPT, Kimi and GLM.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
 */
const WRITE_METERS: ReadonlyMap<string, TokenMeter> = new Map([
  ['5m', 'cacheWrite'],
  ['30m', 'cacheWrite'],
  ['1h', 'cacheWrite1h'],
])

/** Writes of which no time to live is reported had the model's default, which is the shorter one. */
function writeMeters(usage: TokenUsage | null, meter: (name: TokenMeter, amount: number) => Meter): Meter[] {
  let byDefault = usage?.cacheWriteInputTokens ?? 0
  const amounts = new Map<TokenMeter, number>()
  const unknown: Meter[] = []
  for (const { ttl, inputTokens } of usage?.cacheDetails ?? []) {
    const known = WRITE_METERS.get(ttl)
    if (known === 'cacheWrite') continue
    byDefault = Math.max(0, byDefault - inputTokens)
    if (known === undefined)
      unknown.push({ name: `cache writes that live ${ttl}`, amount: inputTokens, usd: undefined })
    else amounts.set(known, (amounts.get(known) ?? 0) + inputTokens)
  }
  amounts.set('cacheWrite', byDefault)
  return [...new Set(WRITE_METERS.values())].map((name) => meter(name, amounts.get(name) ?? 0)).concat(unknown)
}

function audioMeter(name: 'inputAudio' | 'outputAudio', amount: Amount | undefined, prices: TokenPrices): Meter {
  return { name: TOKEN_NAMES[name], amount: amount === undefined ? 0 : amount, usd: prices[name] }
}

function otherMeters({ other, imageRequest }: UsageReading, prices: OtherPrices): Meter[] {
  const image = imageMeter(prices, imageRequest)
  const meters: [string, Amount | undefined, string | undefined][] = [
    [image.name, other.images, image.usd],
    ['input images', other.inputImages, prices.inputImage],
    ['queries', other.queries, prices.query],
    ['seconds of video', other.videoSeconds, prices.videoSecond],
    ['seconds of audio', other.audioSeconds, prices.audioSecond],
    ['uses of server tools', other.serverToolUses, undefined],
  ]
  return meters.flatMap(([name, amount, usd]) => (amount === undefined ? [] : [{ name, amount, usd }]))
}

/** The price of the first grade that covers the request; where none does, the meter's name says the size and quality asked for. */
function imageMeter(prices: OtherPrices, asked: ImageRequest | null): { name: string; usd: string | undefined } {
  if (prices.imageGrades === undefined) return { name: 'images', usd: prices.image }
  if (asked === null) return { name: 'images of a size and quality that are not known', usd: undefined }
  const grade = prices.imageGrades.find((one) => holds(one, asked))
  if (grade !== undefined) return { name: 'images', usd: grade.usd }
  const size = asked.longerSide === null ? 'the size of the one that came in' : `${asked.longerSide} pixels`
  return { name: `images of ${size} and ${asked.quality.slice(0, QUALITY_MAX_CHARS)} quality`, usd: undefined }
}

/** What a reason repeats of a quality that was asked for. */
const QUALITY_MAX_CHARS = 20

type ImageGrade = NonNullable<OtherPrices['imageGrades']>[number]

/** Pixels or steps that were not asked for are the model's default, which is in the first grade. */
function holds({ maxPixels, maxSteps, maxSide, quality }: ImageGrade, asked: ImageRequest): boolean {
  return (
    (maxPixels === undefined || (asked.pixels ?? 0) <= maxPixels) &&
    (maxSteps === undefined || (asked.steps ?? 0) <= maxSteps) &&
    (maxSide === undefined || (asked.longerSide !== null && asked.longerSide <= maxSide)) &&
    (quality === undefined || asked.quality === quality)
  )
}

/** `row` is null where no row prices guardrails. */
export function guardrailMeters({ other }: UsageReading, row: PriceRow | null): Meter[] {
  if (other.guardrailUnits === undefined) return []
  if (other.guardrailUnits === null) return [{ name: 'guardrail units', amount: null, usd: undefined }]
  return Object.entries(other.guardrailUnits).map(([unit, amount]) => ({
    name: unit,
    amount,
    usd: row?.other?.guardrailUnit?.[unit],
  }))
}

/** Counters that the price needs and the answer left out although it reports tokens. */
export function missingCounters({ usage, problem }: UsageReading, row: PriceRow): string[] {
  if (usage === null || problem !== null) return []
  const prices = pricesAt(promptTokens(usage), row)
  const needed = [
    ['input', usage.inputTokens],
    ['output', usage.outputTokens],
  ] as const
  return needed.flatMap(([name, told]) =>
    told === undefined && /[1-9]/.test(prices[name] ?? '0') ? [TOKEN_NAMES[name]] : [],
  )
}
