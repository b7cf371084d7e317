import type { SpendRecord } from '../record/record.ts'

/** What a reservation keeps of its call, for the row it leaves if it is never settled. */
export type ReservedCall = Pick<
  SpendRecord,
  'model_group' | 'operation' | 'api_key' | 'team_id' | 'user' | 'end_user' | 'client_call_id'
>

/**
 * Id of the row of an expired reservation. Not the call's own: its late settle would meet the primary key and vanish.
 */
export function expiredId(callId: string): string {
  return `${callId}/expired`
}

/** The row that says that a call was let through and that nothing is known of how it ended. */
export function expiredRecord(
  callId: string,
  call: ReservedCall,
  reservedAtMs: number,
  expiredAtMs: number,
  estimateNanoUsd: bigint,
): SpendRecord {
  return {
    request_id: expiredId(callId),
    client_call_id: call.client_call_id,
    client_invocation_id: null,
    startTime: new Date(reservedAtMs).toISOString(),
    endTime: new Date(expiredAtMs).toISOString(),
    model_group: call.model_group,
    model: '',
    model_id: '',
    region: '',
    api_base: '',
    operation: call.operation,
    api_key: call.api_key,
    team_id: call.team_id,
    user: call.user,
    end_user: call.end_user,
    request_tags: [],
    metadata: { reservation_estimate_nano_usd: estimateNanoUsd.toString() },
    status: 'failure',
    http_status: 0,
    verdict: 'unknown',
    usage: null,
    raw_usage: null,
    prompt_tokens: 0,
    completion_tokens: 0,
    total_tokens: 0,
    cost_nano_usd: null,
    cost_state: 'unpriced',
    cost_reason: 'reservation expired',
    price_row: null,
    service_tier: null,
    attempts: 1,
    fallbacks: 0,
    attempt_log: [],
    aws_request_id: null,
    ms_to_headers: 0,
    ms_to_first_frame: null,
    ms_total: 0,
  }
}
