/** The row that a reservation leaves when its call is never settled. */
import { blankRecord, type SpendRecord } from '../record/record.ts'

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
    ...blankRecord(),
    ...call,
    request_id: expiredId(callId),
    startTime: new Date(reservedAtMs).toISOString(),
    endTime: new Date(expiredAtMs).toISOString(),
    metadata: { reservation_estimate_nano_usd: estimateNanoUsd.toString() },
    status: 'failure',
    verdict: 'unknown',
    cost_state: 'unpriced',
    cost_reason: 'reservation expired',
    attempts: 1,
  }
}
