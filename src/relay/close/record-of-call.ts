/** The record of a call: what both sides saw of it, what it used, what that cost. */
import type { SpendRecord, Usage } from '../../ledger/record/record.ts'
import type { Call } from '../call.ts'
import { readAttribution } from '../request/attribution.ts'
import { judgeMoney } from './cost-of-call.ts'
import type { Ending } from './ending.ts'

export function recordOf(call: Call, ending: Ending): SpendRecord {
  const { deployment } = ending
  const attribution = readAttribution(call.clientHeaders, call.requestFacts)
  const money = judgeMoney(call, ending)
  const msToHeaders = ending.headersAtMs - call.startedMs
  return {
    request_id: call.id,
    client_call_id: attribution.clientCallId,
    client_invocation_id: attribution.clientInvocationId,
    startTime: new Date(call.startedMs).toISOString(),
    endTime: new Date(ending.endedAtMs).toISOString(),
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
    status:
      call.operation.successStatuses.includes(ending.httpStatus) &&
      (ending.verdict === 'complete' || ending.verdict === 'abandoned')
        ? 'success'
        : 'failure',
    http_status: ending.httpStatus,
    verdict: ending.verdict,
    usage: money.usage,
    raw_usage: money.raw,
    ...litellmTokens(money.usage),
    cost_nano_usd: money.nanoUsd === null ? null : money.nanoUsd.toString(),
    cost_state: money.state,
    cost_reason: money.reason,
    price_row: money.priceRow,
    service_tier: money.tier,
    attempts: call.attempts.length,
    fallbacks: ending.fallbacks,
    attempt_log: money.attemptLog,
    aws_request_id: ending.awsRequestId,
    ms_to_headers: msToHeaders,
    // The frame was judged before the headers were made, but a client sees the headers first.
    ms_to_first_frame: ending.msToFirstFrame === null ? null : Math.max(ending.msToFirstFrame, msToHeaders),
    ms_total: ending.endedAtMs - call.startedMs,
  }
}

/** LiteLLM's counters: the prompt with what was read from and written to the cache, the completion, and their sum. */
function litellmTokens(usage: Usage | null): Pick<SpendRecord, 'prompt_tokens' | 'completion_tokens' | 'total_tokens'> {
  const prompt = (usage?.inputTokens ?? 0) + (usage?.cacheReadInputTokens ?? 0) + (usage?.cacheWriteInputTokens ?? 0)
  const completion = usage?.outputTokens ?? 0
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
}
