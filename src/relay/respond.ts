/** Head of the answers: AWS's headers as they came, ours beside them. */

import { errorResponse } from '../bedrock/error-response.ts'
import { errorOfRefusal } from '../bedrock/errors.ts'
import type { Refusal } from '../bedrock/refusal.ts'
import type { Deployment } from '../config/types.ts'
import type { Call } from './call.ts'

export type OurHeaders = {
  deployment: Deployment
  /** Attempts in the group that answered. */
  attemptsInGroup: number
  fallbacks: number
  /** Exact decimal USD; null when not known or when the answer streams. */
  costUsd: string | null
  headersAtMs: number
}

export function addOurHeaders(headers: Headers, call: Call, ours: OurHeaders): void {
  headers.set('x-litellm-call-id', call.id)
  headers.set('x-litellm-model-id', ours.deployment.id)
  headers.set('x-litellm-model-group', call.model)
  headers.set('x-litellm-model-region', ours.deployment.region)
  headers.set('x-litellm-attempted-retries', String(Math.max(0, ours.attemptsInGroup - 1)))
  headers.set('x-litellm-attempted-fallbacks', String(ours.fallbacks))
  headers.set(
    'x-litellm-overhead-duration-ms',
    String(Math.max(0, ours.headersAtMs - call.startedMs - call.upstreamWaitMs)),
  )
  if (ours.costUsd !== null) headers.set('x-litellm-response-cost', ours.costUsd)
}

export function refusalResponse(refusal: Refusal, callId: string): Response {
  const response = errorResponse(errorOfRefusal(refusal), callId)
  response.headers.set('x-litellm-call-id', callId)
  return response
}
