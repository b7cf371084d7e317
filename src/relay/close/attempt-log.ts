/** The elements of `attempt_log`: what each attempt came to, in the words of the contract. */
import type { AttemptLogEntry } from '../../ledger/record/record.ts'
import type { Failure } from '../../routing/policy/failure.ts'
import type { Attempt } from '../../routing/router.ts'
import type { AdmittedCall } from '../call.ts'
import type { Delivery } from '../upstream/delivery.ts'
import { costOfFailedAttempt } from './cost-of-call.ts'

/** Reason of an attempt during which the gateway itself failed. */
export const GATEWAY_FAULT = 'gateway'

export function attemptLogOf(call: AdmittedCall, endedAtMs: number): AttemptLogEntry[] {
  return call.attempts.map((attempt) => ({
    deployment: attempt.deployment.id,
    region: attempt.deployment.region,
    status: statusOf(attempt),
    error_type: errorTypeOf(attempt),
    aws_request_id: attempt.value?.awsRequestId ?? null,
    ms: attempt.ms ?? endedAtMs - attempt.startedMs,
    ...(attempt.failure === null || attempt.value === null
      ? {}
      : costOfFailedAttempt(call, attempt.deployment, attempt.value.answer.headers, endedAtMs)),
  }))
}

function statusOf({ failure, value }: Attempt<Delivery>): number | null {
  return failure === null ? (value?.answer.status ?? null) : failure.status
}

/** Null for an answer, and for an error that has a status but no AWS error name. */
function errorTypeOf({ failure, ms }: Attempt<Delivery>): string | null {
  if (failure === null) return ms === null ? GATEWAY_FAULT : null
  return failure.type ?? reasonWithoutAnswer(failure)
}

function reasonWithoutAnswer({ timedOut, abortedByUs, phase, status }: Failure): string | null {
  if (abortedByUs) return 'client-left'
  if (timedOut) return 'timeout'
  if (status !== null) return null
  return phase === 'first-frame' || phase === 'body' ? 'cut' : 'network'
}
