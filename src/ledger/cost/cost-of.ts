/**
 * What a call cost. The order of the look-up: the deployment's own prices, the live override, the bundled catalogue; within the
 * rows exact id, scope, source region, served tier, day. Nothing is guessed: what is not known is `unpriced` with the reason.
 */

import { nanoFromPico } from '../../base/decimal.ts'
import type { Accounting } from '../../bedrock/usage/accounting.ts'
import { readUsage } from '../../bedrock/usage/read-usage.ts'
import { EMPTY_READING, type TokenUsage, type UsageReading } from '../../bedrock/usage/reading.ts'
import type { WireParts } from '../../bedrock/usage/wire-parts.ts'
import { type FoundPrice, findPrice, knowsModel } from '../prices/look-up.ts'
import type { Catalogue, PriceScope } from '../prices/price-row.ts'
import { INT64_MAX } from '../record/nano-usd.ts'
import type { CostState } from '../record/words.ts'
import { CUSTOM_ROW_NAME, customRow } from './custom-row.ts'
import { priceReading } from './formula.ts'
import { baseTarget, type PriceTarget, priceTarget } from './price-target.ts'

export type CostInput = {
  operation: Accounting
  /** Identifier sent upstream: model id, profile id or ARN. */
  model: string
  /** `model_info.base_model`. */
  baseModel?: string | undefined
  /** `models[].modelArn` of GetInferenceProfile, for an application profile. */
  resolvedModelArns?: readonly string[] | undefined
  /** Source region: the endpoint called. */
  region: string
  /** Tier that was asked for; only the served one decides. */
  requestedTier?: string | undefined
  /** The exchange, or what was read from it. */
  parts?: WireParts | undefined
  reading?: UsageReading | undefined
  /** LiteLLM's price fields → decimal strings. */
  customPrices?: Readonly<Record<string, string>> | undefined
  /** Time of the call: prices are dated. */
  at: Date
  /** Live rows that win over the catalogue. */
  overrides?: Catalogue | undefined
  catalogue: Catalogue
}

export type Cost = {
  state: Exclude<CostState, 'failed'>
  /** Exact; null when not known. */
  picoUsd: bigint | null
  /** The ledger's unit, rounded half up once; null when not known. */
  nanoUsd: bigint | null
  /** Why it is not simply `priced`, or null. */
  reason: string | null
  /** Row and version, or null where no row was found. */
  priceRow: string | null
  /** For `unpriced`: the part of the cost that is known, where a row was found. */
  knownPicoUsd: bigint | null
  reading: UsageReading
}

/** Row id of guardrail unit prices. */
const GUARDRAILS = 'guardrails'

const DEFAULT_TIER = 'default'
const RESERVED_TIER = 'reserved'

/** The cost of one exchange. Never throws. */
export function costOf(input: CostInput): Cost {
  if (input.operation.bills === 'nothing') {
    const reading = input.reading ?? EMPTY_READING
    const nothing = { picoUsd: 0n, nanoUsd: 0n, reason: null, priceRow: null, knownPicoUsd: null }
    return { state: 'free', ...nothing, reading }
  }
  const reading = input.reading ?? readUsage(input.operation, modelToReadAs(input), input.parts ?? {})
  return settle(reading, pricesFor(input, knownTarget(input), reading), input)
}

/**
 * The cost of a call whose answer never reported its usage (broken or abandoned stream), from what was counted on the way.
 *
 * @param counted tokens of the request and of the frames seen; counters that nobody counted are absent
 * @param how for the reason: `input by CountTokens, output from the frames seen`
 */
export function estimateCost(input: CostInput, counted: TokenUsage, how: string): Cost {
  const seen = input.reading ?? EMPTY_READING
  if (counted.inputTokens === undefined && counted.outputTokens === undefined) {
    return unpriced(seen, 'the answer reports no usage and nothing could be counted', null, null)
  }
  // A counter that nobody counted is taken as 0: the estimate says what was seen, and its reason says how.
  const usage = { ...counted, inputTokens: counted.inputTokens ?? 0, outputTokens: counted.outputTokens ?? 0 }
  const cost = costOf({ ...input, reading: { ...seen, usage } })
  const reading = { ...cost.reading, usage: counted }
  return cost.state === 'priced' ? { ...cost, state: 'estimated', reason: how, reading } : { ...cost, reading }
}

/** The target by its own id, else by `base_model` where the catalogue does not know the id. */
function knownTarget(input: CostInput): PriceTarget {
  const target = priceTarget(input)
  const known = (id: string) => knowsModel(input.catalogue, id) || (input.overrides && knowsModel(input.overrides, id))
  if (!target.ok || input.baseModel === undefined || known(target.id)) return target
  return baseTarget(input.baseModel, input.region)
}

type Prices = {
  model: FoundPrice | null
  guardrail: FoundPrice | null
  /** Why there is no model price, or why one that is there must not be used. */
  obstacle: string | null
}

function pricesFor(input: CostInput, target: PriceTarget, reading: UsageReading): Prices {
  const find = (id: string, scope: PriceScope, region: string, tier: string): FoundPrice | null => {
    const key = { id, scope, region, tier, at: input.at }
    return (input.overrides && findPrice(input.overrides, key)) ?? findPrice(input.catalogue, key)
  }
  const guardrail = reading.other.guardrailUnits ? find(GUARDRAILS, 'region', input.region, DEFAULT_TIER) : null
  if (input.operation.bills === 'guardrail') {
    return { model: null, guardrail, obstacle: guardrail === null ? 'no price is known for guardrails here' : null }
  }
  const tier = reading.servedTier ?? DEFAULT_TIER
  const custom = input.customPrices === undefined ? null : customRow(input.customPrices, tier)
  if (custom !== null) return { model: { row: custom, name: CUSTOM_ROW_NAME }, guardrail, obstacle: null }
  const none = (obstacle: string): Prices => ({ model: null, guardrail, obstacle })
  if (!target.ok) return none(target.reason)
  if (reading.routedModel !== null) return none('no source lists the fee of a prompt router')
  if (reading.latency === 'optimized') return none('no source lists a price for latency-optimized inference')
  if (tier === RESERVED_TIER) return none('reserved capacity is billed by the month, not per token')
  const model = find(target.id, target.scope, target.region, tier)
  return model === null ? none(noRow(input, target, tier)) : { model, guardrail, obstacle: null }
}

function noRow(input: CostInput, target: Extract<PriceTarget, { ok: true }>, tier: string): string {
  const { id, scope, region } = target
  if (!knowsModel(input.catalogue, id)) return `no price is known for the model ${id}`
  return `no price is known for ${id}, scope ${scope}, source region ${region || 'unknown'}, tier ${tier}`
}

function settle(reading: UsageReading, prices: Prices, input: CostInput): Cost {
  const names = [prices.model?.name, prices.guardrail?.name].filter((name) => name !== undefined)
  const priceRow = names.length === 0 ? null : names.join('+')
  if (prices.obstacle !== null) return unpriced(reading, prices.obstacle, priceRow, null)
  if (reading.usage === null && Object.keys(reading.other).length === 0) {
    return unpriced(reading, reading.problem ?? 'the answer reports no usage', priceRow, null)
  }
  const { knownPicoUsd, gaps } = priceReading(reading, prices.model?.row ?? null, prices.guardrail?.row ?? null)
  if (gaps.length > 0) return unpriced(reading, gaps.join('; '), priceRow, knownPicoUsd)
  const nanoUsd = nanoFromPico(knownPicoUsd)
  if (nanoUsd > INT64_MAX) return unpriced(reading, 'the cost is beyond 2^63 nano-dollars', priceRow, knownPicoUsd)
  const found = { picoUsd: knownPicoUsd, nanoUsd, knownPicoUsd: null, priceRow, reading }
  if (reading.problem !== null) return { state: 'estimated', ...found, reason: reading.problem }
  return { state: 'priced', ...found, reason: tierNote(input.requestedTier, reading.servedTier) }
}

/** Said when the answer is silent about a tier that was asked for, because the price of the default tier is then a reading of ours. */
function tierNote(asked: string | undefined, served: string | null): string | null {
  if (asked === undefined || asked === DEFAULT_TIER || served !== null) return null
  return `tier ${asked} was asked for and the answer names none: priced as ${DEFAULT_TIER}`
}

function unpriced(reading: UsageReading, reason: string, priceRow: string | null, knownPicoUsd: bigint | null): Cost {
  return { state: 'unpriced', picoUsd: null, nanoUsd: null, reason, priceRow, knownPicoUsd, reading }
}

/**
 * The model whose conventions the counters of a call follow (an ARN is read as the model it stands for), for callers that read
 * usage before they price it.
 */
export function modelToReadAs(input: Pick<CostInput, 'model' | 'baseModel' | 'resolvedModelArns' | 'region'>): string {
  const target = priceTarget(input)
  return target.ok ? target.id : input.model
}
