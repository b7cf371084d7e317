/** The headers that the gateway adds to an answer, and the answer of a refusal. */

import { errorOfRefusal } from '../../access/aws-error.ts'
import type { Refusal } from '../../access/refusal.ts'
import type { HeaderMap } from '../../base/header-map.ts'
import { errorResponse } from '../../bedrock/error-response.ts'
import type { Deployment } from '../../config/types.ts'
import type { AdmittedCall } from '../call.ts'

/** Where the answer came from. */
export type HeaderFacts = {
  deployment: Deployment
  /** Attempts in the group that answered. */
  attemptsInGroup: number
  fallbacks: number
}

export type OurHeaders = HeaderFacts & {
  /** Exact decimal USD; null when not known or when the answer streams. */
  costUsd: string | null
  headersAtMs: number
}

export function ourHeaders(call: AdmittedCall, ours: OurHeaders): HeaderMap {
  return {
    'x-litellm-call-id': call.id,
    'x-litellm-model-id': ours.deployment.id,
    'x-litellm-model-group': call.model,
    'x-litellm-model-region': ours.deployment.region,
    'x-litellm-attempted-retries': String(Math.max(0, ours.attemptsInGroup - 1)),
    'x-litellm-attempted-fallbacks': String(ours.fallbacks),
    'x-litellm-overhead-duration-ms': String(Math.max(0, ours.headersAtMs - call.startedMs - call.upstreamWaitMs)),
    ...(ours.costUsd === null ? {} : { 'x-litellm-response-cost': ours.costUsd }),
  }
}

export function refusalResponse(refusal: Refusal, callId: string, more: HeaderMap = {}): Response {
  return errorResponse(errorOfRefusal(refusal), callId, { ...more, 'x-litellm-call-id': callId })
}
