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
import { baseTarget, type Obstacle, type PriceTarget, priceTarget, ROUTER_FEE, routedTarget } from './price-target.ts'

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
  /** For `unpriced`: the part of the cost that is known; null where none is. */
  knownPicoUsd: bigint | null
  /** The same in the ledger's unit, rounded half up once. */
  knownNanoUsd: bigint | null
  /** For `unpriced`: the meters and fees that have no price or no amount, each by its name. */
  missing: readonly string[]
  reading: UsageReading
}

/** Row id of guardrail unit prices. */
const GUARDRAILS = 'guardrails'

const DEFAULT_TIER = 'default'
const RESERVED_TIER = 'reserved'
const OPTIMIZED_LATENCY = 'optimized'

const NOTHING_MISSING = { knownPicoUsd: null, knownNanoUsd: null, missing: [] } as const

const NO_USAGE: readonly string[] = ['usage']

const NO_GUARDRAIL_PRICE: Obstacle = {
  reason: 'no price is known for guardrails here',
  missing: 'the prices of guardrails here',
}

/** Latency-optimized inference costs more than the standard price, which is so the known part of it. */
const LATENCY_SURCHARGE: Obstacle = {
  reason: 'no source lists a price for latency-optimized inference',
  missing: 'the surcharge of latency-optimized inference',
}

const RESERVED_FEE: Obstacle = {
  reason: 'reserved capacity is billed by the month, not per token',
  missing: 'the monthly fee of reserved capacity',
  coversTokens: true,
}

/** The cost of one exchange. Never throws. */
export function costOf(input: CostInput): Cost {
  if (input.operation.bills === 'nothing') {
    const reading = input.reading ?? EMPTY_READING
    return { state: 'free', picoUsd: 0n, nanoUsd: 0n, reason: null, priceRow: null, ...NOTHING_MISSING, reading }
  }
  const reading = input.reading ?? readUsage(input.operation, modelToReadAs(input), input.parts ?? {})
  return settle(reading, pricesFor(input, reading), input)
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
    return unpriced(seen, 'the answer reports no usage and nothing could be counted', NO_USAGE)
  }
  // A counter that nobody counted is taken as 0: the estimate says what was seen, and its reason says how.
  const usage = { ...counted, inputTokens: counted.inputTokens ?? 0, outputTokens: counted.outputTokens ?? 0 }
  const cost = costOf({ ...input, reading: { ...seen, usage, runs: null } })
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
  /** Why there is no model price, or why one that is there is not the whole. */
  obstacles: readonly Obstacle[]
}

function pricesFor(input: CostInput, reading: UsageReading): Prices {
  const find = (id: string, scope: PriceScope, region: string, tier: string): FoundPrice | null => {
    const key = { id, scope, region, tier, at: input.at }
    return (input.overrides && findPrice(input.overrides, key)) ?? findPrice(input.catalogue, key)
  }
  const guardrail = reading.other.guardrailUnits ? find(GUARDRAILS, 'region', input.region, DEFAULT_TIER) : null
  if (input.operation.bills === 'guardrail') {
    return { model: null, guardrail, obstacles: guardrail === null ? [NO_GUARDRAIL_PRICE] : [] }
  }
  const tier = reading.servedTier ?? DEFAULT_TIER
  const custom = input.customPrices === undefined ? null : customRow(input.customPrices, tier)
  if (custom !== null) return { model: { row: custom, name: CUSTOM_ROW_NAME }, guardrail, obstacles: [] }
  const { routedModel } = reading
  const target = routedModel === null ? knownTarget(input) : routedTarget(routedModel, input)
  if (!target.ok) return { model: null, guardrail, obstacles: routedModel === null ? [target] : [target, ROUTER_FEE] }
  const obstacles = [
    ...(routedModel === null ? [] : [ROUTER_FEE]),
    ...(reading.latency === OPTIMIZED_LATENCY ? [LATENCY_SURCHARGE] : []),
  ]
  if (tier === RESERVED_TIER) return { model: null, guardrail, obstacles: [...obstacles, RESERVED_FEE] }
  const model = find(target.id, target.scope, target.region, tier)
  return { model, guardrail, obstacles: model === null ? [...obstacles, noRow(input, target, tier)] : obstacles }
}

function noRow(input: CostInput, target: Extract<PriceTarget, { ok: true }>, tier: string): Obstacle {
  const { id, scope, region } = target
  const reason = knowsModel(input.catalogue, id)
    ? `no price is known for ${id}, scope ${scope}, source region ${region || 'unknown'}, tier ${tier}`
    : `no price is known for the model ${id}`
  return { reason, missing: tier === DEFAULT_TIER ? `the price of ${id}` : `the price of ${id} in tier ${tier}` }
}

function settle(reading: UsageReading, prices: Prices, input: CostInput): Cost {
  const { model, guardrail, obstacles } = prices
  const names = [model?.name, guardrail?.name].filter((name) => name !== undefined)
  const priceRow = names.length === 0 ? null : names.join('+')
  const { knownPicoUsd, gaps, missing } = priceReading(reading, model?.row ?? null, guardrail?.row ?? null)
  const reasons = [...obstacles.map(({ reason }) => reason), ...gaps]
  const lacking = [...obstacles.map((obstacle) => obstacle.missing), ...missing]
  if (reading.usage === null && Object.keys(reading.other).length === 0) {
    const reason = obstacles[0]?.reason ?? gaps[0] ?? reading.problem ?? 'the answer reports no usage'
    return unpriced(reading, reason, [...lacking, ...NO_USAGE], priceRow)
  }
  if (reasons.length > 0) {
    // What is known to be nothing is said as nothing; that nothing is known is not.
    const isCovered = obstacles.some(({ coversTokens }) => coversTokens)
    return unpriced(
      reading,
      reasons.join('; '),
      lacking,
      priceRow,
      knownPicoUsd > 0n || isCovered ? knownPicoUsd : null,
    )
  }
  const nanoUsd = nanoFromPico(knownPicoUsd)
  if (nanoUsd > INT64_MAX) return unpriced(reading, 'the cost is beyond 2^63 nano-dollars', [], priceRow)
  const found = { picoUsd: knownPicoUsd, nanoUsd, ...NOTHING_MISSING, priceRow, reading }
  if (reading.problem !== null) return { state: 'estimated', ...found, reason: reading.problem }
  return { state: 'priced', ...found, reason: tierNote(input.requestedTier, reading.servedTier) }
}

/** Said when the answer is silent about a tier that was asked for, because the price of the default tier is then a reading of ours. */
function tierNote(asked: string | undefined, served: string | null): string | null {
  if (asked === undefined || asked === DEFAULT_TIER || served !== null) return null
  return `tier ${asked} was asked for and the answer names none: priced as ${DEFAULT_TIER}`
}

function unpriced(
  reading: UsageReading,
  reason: string,
  missing: readonly string[],
  priceRow: string | null = null,
  knownPicoUsd: bigint | null = null,
): Cost {
  const knownNanoUsd = knownPicoUsd === null ? null : nanoFromPico(knownPicoUsd)
  const isInRange = knownNanoUsd === null || knownNanoUsd <= INT64_MAX
  const known = isInRange ? { knownPicoUsd, knownNanoUsd } : { knownPicoUsd: null, knownNanoUsd: null }
  return { state: 'unpriced', picoUsd: null, nanoUsd: null, reason, priceRow, ...known, missing, reading }
}

/**
 * The model whose conventions the counters of a call follow (an ARN is read as the model it stands for), for callers that read
 * usage before they price it.
 */
export function modelToReadAs(input: Pick<CostInput, 'model' | 'baseModel' | 'resolvedModelArns' | 'region'>): string {
  const target = priceTarget(input)
  return target.ok ? target.id : input.model
}
