/** The record of a call: what both sides saw of it, what it used, what that cost. */
import { blankRecord, type SpendRecord, type Usage } from '../../ledger/record/record.ts'
import type { AdmittedCall } from '../call.ts'
import { type Attribution, NO_ATTRIBUTION, readAttribution } from '../request/attribution.ts'
import { attemptLogOf } from './attempt-log.ts'
import { type CallCost, costOfCall } from './cost-of-call.ts'
import type { Ending } from './ending.ts'

export function recordOfCall(call: AdmittedCall, ending: Ending, endedAtMs: number): SpendRecord {
  const attribution = readAttribution(call.clientHeaders, call.requestFacts)
  const cost = costOfCall(call, ending, attemptLogOf(call, endedAtMs), endedAtMs)
  return assemble(call, ending, attribution, cost, endedAtMs)
}

/** The record of a call whose full one could not be made: its cost is not known, and the log says why. */
export function bareRecordOf(call: AdmittedCall, ending: Ending, endedAtMs: number): SpendRecord {
  const cost: CallCost = {
    state: 'unpriced',
    nanoUsd: null,
    knownNanoUsd: null,
    missing: ['usage'],
    routedModel: null,
    reason: 'the gateway failed while it made this record; its log has the cause',
    priceRow: null,
    usage: null,
    raw: null,
    tier: null,
    attemptLog: [],
  }
  return assemble(call, ending, NO_ATTRIBUTION, cost, endedAtMs)
}

function assemble(
  call: AdmittedCall,
  ending: Ending,
  attribution: Attribution,
  cost: CallCost,
  endedAtMs: number,
): SpendRecord {
  const { deployment } = ending
  const msToHeaders = ending.headersAtMs - call.startedMs
  const msToFirstFrame = ending.firstFrameAtMs === null ? null : ending.firstFrameAtMs - call.startedMs
  return {
    ...blankRecord(),
    request_id: call.id,
    client_call_id: attribution.clientCallId,
    client_invocation_id: attribution.clientInvocationId,
    startTime: new Date(call.startedMs).toISOString(),
    endTime: new Date(endedAtMs).toISOString(),
    model_group: call.model,
    model: deployment.model,
    model_id: deployment.id,
    region: deployment.region,
    api_base: deployment.runtimeEndpoint.split('/')[2] ?? '',
    operation: call.operation.name,
    api_key: call.caller.apiKey,
    team_id: call.caller.teamId,
    user: call.caller.userId,
    end_user: attribution.endUser,
    request_tags: attribution.tags,
    metadata: attribution.metadata,
    metadata_truncated: attribution.truncated,
    status:
      call.operation.successStatuses.includes(ending.httpStatus) &&
      (ending.verdict === 'complete' || ending.verdict === 'abandoned')
        ? 'success'
        : 'failure',
    http_status: ending.httpStatus,
    verdict: ending.verdict,
    usage: cost.usage,
    raw_usage: cost.raw,
    ...litellmTokens(cost.usage),
    cost_nano_usd: cost.nanoUsd === null ? null : cost.nanoUsd.toString(),
    known_cost_nano_usd: cost.knownNanoUsd === null ? null : cost.knownNanoUsd.toString(),
    cost_missing: [...cost.missing],
    cost_state: cost.state,
    cost_reason: cost.reason,
    price_row: cost.priceRow,
    service_tier: cost.tier,
    routed_model: cost.routedModel,
    attempts: call.attempts.length,
    fallbacks: ending.fallbacks,
    attempt_log: cost.attemptLog,
    aws_request_id: ending.awsRequestId ?? lastRequestId(call),
    ms_to_headers: msToHeaders,
    // The frame was judged before the headers were made, but a client sees the headers first.
    ms_to_first_frame: msToFirstFrame === null ? null : Math.max(msToFirstFrame, msToHeaders),
    ms_total: endedAtMs - call.startedMs,
  }
}

/** LiteLLM's counters: the prompt with what was read from and written to the cache, the completion, and their sum. */
function litellmTokens(usage: Usage | null): Pick<SpendRecord, 'prompt_tokens' | 'completion_tokens' | 'total_tokens'> {
  const prompt = (usage?.inputTokens ?? 0) + (usage?.cacheReadInputTokens ?? 0) + (usage?.cacheWriteInputTokens ?? 0)
  const completion = usage?.outputTokens ?? 0
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}

function lastRequestId(call: AdmittedCall): string | null {
  return call.attempts.at(-1)?.value?.awsRequestId ?? null
}
