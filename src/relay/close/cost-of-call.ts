/**
 * What a call cost as far as it is known. The formula prices what an answer reports; here it is decided what that is worth
 * when the call did not end well: an estimate from what was seen, nothing for an error, or that it is not known.
 */
import type { HeaderMap } from '../../base/header-map.ts'
import type { WireParts } from '../../bedrock/usage/wire-parts.ts'
import type { Deployment } from '../../config/types.ts'
import { type Cost, type CostInput, costOf, estimateCost } from '../../ledger/cost/cost-of.ts'
import { BYTES_PER_TOKEN, guessTokens } from '../../ledger/cost/token-guess.ts'
import { BUNDLED_CATALOGUE } from '../../ledger/prices/bundled.ts'
import type { AttemptLogEntry, CostState, Usage } from '../../ledger/record/record.ts'
import type { Attempt } from '../../routing/router.ts'
import type { AdmittedCall } from '../call.ts'
import type { Delivery } from '../upstream/delivery.ts'
import type { Ending } from './ending.ts'

/** The columns of a record that say what it cost. */
export type CallCost = {
  state: CostState
  nanoUsd: bigint | null
  /** Where `nanoUsd` is null: what is known of it, or null. */
  knownNanoUsd: bigint | null
  /** What has no price or no amount, each by its name. */
  missing: readonly string[]
  reason: string | null
  priceRow: string | null
  /** The model that a prompt router chose. */
  routedModel: string | null
  usage: Usage | null
  raw: unknown
  tier: string | null
  attemptLog: AttemptLogEntry[]
}

const NOTHING_USED = { knownNanoUsd: null, priceRow: null, routedModel: null, usage: null, raw: null, tier: null }

/** Cost of an answer by what it reports. */
export function costOfParts(call: AdmittedCall, deployment: Deployment, parts: WireParts, atMs: number): Cost {
  const { request } = call.requestFacts
  return costOf({ ...costInput(call, deployment, atMs), parts: request === null ? parts : { ...parts, request } })
}

/** `attemptLog` has an element for each attempt of the call; those that consumed anything get their cost here. */
export function costOfCall(
  call: AdmittedCall,
  ending: Ending,
  attemptLog: readonly AttemptLogEntry[],
  endedAtMs: number,
): CallCost {
  if (ending.parts === null) {
    return withAttempts({ ...withoutAnswer(call, ending, endedAtMs), attemptLog: [...attemptLog] }, call.attempts)
  }
  const reported = ending.cost ?? costOfParts(call, ending.deployment, ending.parts, endedAtMs)
  const isFinal =
    ending.seen === null || reported.state === 'free' || (ending.seen.usageIsFinal && isReported(reported))
  const cost = isFinal ? reported : estimateOfStream(call, ending, reported, endedAtMs)
  const answered = attemptLog.slice(-1).map((last) => withCost(last, cost.reading.usage, cost.nanoUsd))
  const log = [...attemptLog.slice(0, -1), ...answered]
  return withAttempts({ ...columnsOf(cost), attemptLog: log }, call.attempts.slice(0, -1))
}

function columnsOf(cost: Cost): Omit<CallCost, 'attemptLog'> {
  const { state, nanoUsd, knownNanoUsd, missing, reason, priceRow, reading } = cost
  const { usage, raw, servedTier: tier, routedModel } = reading
  return { state, nanoUsd, knownNanoUsd, missing, reason, priceRow, routedModel, usage, raw, tier }
}

/** The answer counted something, by whatever meter. */
function isReported({ reading }: Cost): boolean {
  return reading.usage !== null || Object.keys(reading.other).length > 0
}

/** A failed attempt whose answer counts tokens consumed them, and they are paid for. */
export function costOfFailedAttempt(
  call: AdmittedCall,
  deployment: Deployment,
  headers: HeaderMap,
  atMs: number,
): Pick<AttemptLogEntry, 'usage' | 'cost_nano_usd'> {
  const cost = costOfParts(call, deployment, { headers }, atMs)
  if (cost.reading.usage === null) return {}
  return { usage: cost.reading.usage, cost_nano_usd: cost.nanoUsd?.toString() ?? null }
}

function costInput(call: AdmittedCall, deployment: Deployment, atMs: number): CostInput {
  return {
    operation: call.operation,
    model: deployment.model,
    baseModel: deployment.baseModel,
    region: deployment.region,
    requestedTier: call.requestFacts.requestedTier ?? undefined,
    customPrices: deployment.prices,
    at: new Date(atMs),
    overrides: call.prices,
    catalogue: BUNDLED_CATALOGUE,
  }
}

function withoutAnswer(call: AdmittedCall, ending: Ending, endedAtMs: number): Omit<CallCost, 'attemptLog'> {
  // Cancelled by us in mid-generation; an upstream that answered with an error charges nothing.
  if (ending.verdict === 'abandoned' && call.attempts.at(-1)?.failure?.status === null) {
    return estimateOfUnanswered(call, ending, endedAtMs)
  }
  if (call.operation.bills !== 'nothing' && call.attempts.some(mayBeUncounted)) {
    const reason = call.attempts.some(isUnreadAnswer)
      ? 'the gateway failed before it had read what the answer consumed; its log has the cause'
      : 'an upstream broke off or fell silent before its answer was whole; what it consumed is not known'
    return { state: 'unpriced', nanoUsd: null, missing: ['usage'], reason, ...NOTHING_USED }
  }
  return { state: 'failed', nanoUsd: 0n, missing: [], reason: null, ...NOTHING_USED }
}

/** Status in the record of a call whose client left before it was answered; nobody received it. */
export const CLIENT_CLOSED_REQUEST = 499

function estimateOfUnanswered(call: AdmittedCall, ending: Ending, endedAtMs: number): Omit<CallCost, 'attemptLog'> {
  const input = costInput(call, ending.deployment, endedAtMs)
  const how = `the client left before the answer: input from the size of the request (${BYTES_PER_TOKEN} bytes a token), output not seen`
  const cost =
    call.operation.bills === 'nothing'
      ? costOf(input)
      : estimateCost(input, { inputTokens: estimatedPromptTokens(call) }, how)
  return { ...columnsOf(cost), raw: null, tier: null }
}

/** The estimate for a stream without usage: the prompt as far as it was counted, and one token for each frame of output. */
function estimateOfStream(call: AdmittedCall, ending: Ending, reported: Cost, endedAtMs: number): Cost {
  const told = reported.reading.usage
  const contentFrames = ending.seen?.contentFrames ?? 0
  const counted: Usage = {
    ...told,
    inputTokens: told?.inputTokens ?? estimatedPromptTokens(call),
    outputTokens: Math.max(told?.outputTokens ?? 0, contentFrames),
  }
  const prompt =
    told?.inputTokens === undefined
      ? `input from the size of the request (${BYTES_PER_TOKEN} bytes a token)`
      : 'input as reported'
  const how = `the stream ended without its usage: ${prompt}, output from ${contentFrames} frames seen`
  return estimateCost({ ...costInput(call, ending.deployment, endedAtMs), reading: reported.reading }, counted, how)
}

function estimatedPromptTokens(call: AdmittedCall): number {
  return guessTokens(call.requestFacts.sizeBytes)
}

/** The entry with what its attempt consumed, if anything; what is billed by the image or the query has a cost and no tokens. */
function withCost(attempt: AttemptLogEntry, usage: Usage | null, nanoUsd: bigint | null): AttemptLogEntry {
  const cost = { cost_nano_usd: nanoUsd?.toString() ?? null }
  if (usage !== null) return { ...attempt, usage, ...cost }
  return nanoUsd !== null && nanoUsd > 0n ? { ...attempt, ...cost } : attempt
}

/** Adds what failed attempts consumed: the row's cost is the sum over its attempts, or not known when one of them is not. */
function withAttempts(cost: CallCost, failed: readonly Attempt<Delivery>[]): CallCost {
  const { attemptLog } = cost
  const entries = attemptLog.slice(0, failed.length)
  const paid = entries.filter((entry) => entry.usage !== undefined)
  const sum = paid.reduce((total, entry) => total + BigInt(entry.cost_nano_usd ?? '0'), 0n)
  if (paid.some((entry) => entry.cost_nano_usd === null)) {
    const reason = 'a failed attempt consumed tokens that have no price'
    const missing = [...cost.missing, 'the price of a failed attempt']
    return { ...cost, state: 'unpriced', nanoUsd: null, knownNanoUsd: knownWith(cost, sum), missing, reason }
  }
  const open = failed.filter((attempt, at) => entries[at]?.usage === undefined && isUncountedBesideAnswer(attempt))
  const nanoUsd = cost.nanoUsd === null ? null : cost.nanoUsd + sum
  if (cost.state === 'priced' && open.length > 0) {
    const reason = `${open.length} of ${attemptLog.length} attempts broke off or timed out; what they consumed is not known`
    return { ...cost, nanoUsd, state: 'estimated', reason }
  }
  const state = cost.state === 'failed' && sum > 0n ? 'priced' : cost.state
  return { ...cost, nanoUsd, knownNanoUsd: nanoUsd === null ? knownWith(cost, sum) : null, state }
}

/** The known part of the whole cost: of the answer, and of the failed attempts that have a price. */
function knownWith(cost: CallCost, failedNanoUsd: bigint): bigint | null {
  const known = cost.nanoUsd ?? cost.knownNanoUsd
  return known === null && failedNanoUsd === 0n ? null : (known ?? 0n) + failedNanoUsd
}

/** Whether AWS may have generated something that nobody has counted. */
function mayBeUncounted(attempt: Attempt<Delivery>): boolean {
  return attempt.row?.uncounted === 'possible' || isUnreadAnswer(attempt)
}

/** For a call that ended without its answer: the gateway failed while it was asking, or after an upstream had answered. */
function isUnreadAnswer({ sentMs, row }: Attempt<Delivery>): boolean {
  return sentMs !== null && row === null
}

function isUncountedBesideAnswer(attempt: Attempt<Delivery>): boolean {
  return mayBeUncounted(attempt) || attempt.row?.uncounted === 'beside-an-answer'
}
