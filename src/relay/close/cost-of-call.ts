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
import type { Call } from '../call.ts'
import type { Ending } from './ending.ts'

/** The money columns of a record. */
export type Money = {
  state: CostState
  nanoUsd: bigint | null
  reason: string | null
  priceRow: string | null
  usage: Usage | null
  raw: unknown
  tier: string | null
  attemptLog: AttemptLogEntry[]
}

const NOTHING_USED = { priceRow: null, usage: null, raw: null, tier: null }

/** Cost of an answer by what it reports. */
export function costOfParts(call: Call, deployment: Deployment, parts: WireParts, atMs: number): Cost {
  const { request } = call.requestFacts
  return costOf({ ...costInput(call, deployment, atMs), parts: request === null ? parts : { ...parts, request } })
}

export function judgeMoney(call: Call, ending: Ending): Money {
  if (ending.parts === null) return withAttempts(call, withoutAnswer(call, ending), call.attempts)
  const reported = ending.cost ?? costOfParts(call, ending.deployment, ending.parts, ending.endedAtMs)
  const isFinal =
    ending.seen === null || reported.state === 'free' || (ending.seen.usageIsFinal && isReported(reported))
  const cost = isFinal ? reported : estimateOfStream(call, ending, reported)
  const { state, nanoUsd, reason, priceRow, reading } = cost
  const failed = call.attempts.slice(0, -1)
  const attemptLog = [...failed, ...call.attempts.slice(-1).map((last) => withCost(last, reading.usage, nanoUsd))]
  const money = { state, nanoUsd, reason, priceRow, usage: reading.usage, raw: reading.raw, tier: reading.servedTier }
  return withAttempts(call, { ...money, attemptLog }, failed)
}

/** The answer counted something, by whatever meter. */
function isReported({ reading }: Cost): boolean {
  return reading.usage !== null || Object.keys(reading.other).length > 0
}

/** A failed attempt whose answer counts tokens consumed them, and they are paid for. */
export function costOfFailedAttempt(
  call: Call,
  deployment: Deployment,
  headers: HeaderMap,
  atMs: number,
): Pick<AttemptLogEntry, 'usage' | 'cost_nano_usd'> {
  const cost = costOfParts(call, deployment, { headers }, atMs)
  if (cost.reading.usage === null) return {}
  return { usage: cost.reading.usage, cost_nano_usd: cost.nanoUsd?.toString() ?? null }
}

function costInput(call: Call, deployment: Deployment, atMs: number): CostInput {
  return {
    operation: call.operation,
    model: deployment.model,
    baseModel: deployment.baseModel,
    region: deployment.region,
    customPrices: deployment.prices,
    at: new Date(atMs),
    overrides: call.prices,
    catalogue: BUNDLED_CATALOGUE,
  }
}

function withoutAnswer(call: Call, ending: Ending): Money {
  const attemptLog = call.attempts
  // Cancelled by us in mid-generation; an upstream that answered with an error charges nothing.
  if (ending.verdict === 'abandoned' && call.attempts.at(-1)?.status === null) {
    return { ...estimateOfUnanswered(call, ending), attemptLog }
  }
  if (call.operation.bills !== 'nothing' && call.attempts.some(isOpen)) {
    const reason = 'an upstream broke off or fell silent before its answer was whole; what it consumed is not known'
    return { state: 'unpriced', nanoUsd: null, reason, ...NOTHING_USED, attemptLog }
  }
  return { state: 'failed', nanoUsd: 0n, reason: null, ...NOTHING_USED, attemptLog }
}

/** Status in the books of a call whose client left before it was answered; nobody received it. */
export const CLIENT_CLOSED_REQUEST = 499

function estimateOfUnanswered(call: Call, ending: Ending): Omit<Money, 'attemptLog'> {
  const input = costInput(call, ending.deployment, ending.endedAtMs)
  const how = `the client left before the answer: input from the size of the request (${BYTES_PER_TOKEN} bytes a token), output not seen`
  const cost =
    call.operation.bills === 'nothing'
      ? costOf(input)
      : estimateCost(input, { inputTokens: estimatedPromptTokens(call) }, how)
  const { state, nanoUsd, reason, priceRow, reading } = cost
  return { state, nanoUsd, reason, priceRow, usage: reading.usage, raw: null, tier: null }
}

/** A stream that never told its usage is worth what was seen of it: the prompt as far as it was counted, and a token for each frame of output. */
function estimateOfStream(call: Call, ending: Ending, reported: Cost): Cost {
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
  return estimateCost(
    { ...costInput(call, ending.deployment, ending.endedAtMs), reading: reported.reading },
    counted,
    how,
  )
}

function estimatedPromptTokens(call: Call): number {
  return guessTokens(call.requestFacts.sizeBytes)
}

/** Where the attempt consumed anything; what is billed by the image or the query has a cost and no tokens. */
function withCost(attempt: AttemptLogEntry, usage: Usage | null, nanoUsd: bigint | null): AttemptLogEntry {
  const cost = { cost_nano_usd: nanoUsd?.toString() ?? null }
  if (usage !== null) return { ...attempt, usage, ...cost }
  return nanoUsd !== null && nanoUsd > 0n ? { ...attempt, ...cost } : attempt
}

/** Adds what failed attempts consumed: the row's cost is the sum over its attempts, or not known when one of them is not. */
function withAttempts(call: Call, money: Money, failed: readonly AttemptLogEntry[]): Money {
  const paid = failed.filter((attempt) => attempt.usage !== undefined)
  const sum = paid.reduce((total, attempt) => total + BigInt(attempt.cost_nano_usd ?? '0'), 0n)
  const unknown = paid.some((attempt) => attempt.cost_nano_usd === null)
  if (unknown)
    return { ...money, state: 'unpriced', nanoUsd: null, reason: 'a failed attempt consumed tokens that have no price' }
  const open = failed.filter((attempt) => attempt.usage === undefined && mayHaveConsumed(attempt))
  const nanoUsd = money.nanoUsd === null ? null : money.nanoUsd + sum
  if (money.state === 'priced' && open.length > 0) {
    return {
      ...money,
      nanoUsd,
      state: 'estimated',
      reason: `${open.length} of ${call.attempts.length} attempts broke off or timed out; what they consumed is not known`,
    }
  }
  return { ...money, nanoUsd, state: money.state === 'failed' && sum > 0n ? 'priced' : money.state }
}

/** We gave up on it, or its answer broke off: AWS may have generated all the same, and nobody knows how much. */
function isOpen(attempt: AttemptLogEntry): boolean {
  return attempt.error_type === 'timeout' || attempt.error_type === 'cut'
}

/** AWS says of its own time-out that the model was at work; as the answer to a call it is an error like others, and costs nothing. */
function mayHaveConsumed(attempt: AttemptLogEntry): boolean {
  return isOpen(attempt) || attempt.error_type === 'ModelTimeoutException'
}
