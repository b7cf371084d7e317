/**
 * `usage-based-routing`: the deployment that has used the smallest share of its quota in this minute, counted as AWS counts it.
 * When a call starts it takes its input and its whole `max_tokens`; at its end that is corrected to input + cache writes +
 * output × burndown rate. Cache reads take no quota.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html
 *
 * Each isolate counts only its own calls, so its figures are too low. Where the quota is really used up, AWS answers 429.
 */
import { familyOfReference } from '../../bedrock/model/families/families.ts'
import type { Deployment } from '../../config/types.ts'
import type { Target } from '../health/health.ts'
import { shareIn } from './simple-shuffle.ts'
import { lowest, type PickContext, pickWeighted, type Strategy } from './strategy.ts'

const MINUTE_MS = 60_000

/** Stand in for a quota that is not stated, so that the calls of such deployments are still spread. */
const UNSTATED_TPM = 1_000_000
const UNSTATED_RPM = 1_000

/** Bytes of JSON for one token of input, where nobody has estimated it: rough, and the same for all deployments. */
const BYTES_PER_TOKEN = 4

type Minute = { startMs: number; tokens: number; requests: number }

export function usageBased(): Strategy {
  const minutes = new Map<string, Minute>()

  function minuteOf({ deployment }: Target, nowMs: number): Minute {
    const startMs = nowMs - (nowMs % MINUTE_MS)
    let minute = minutes.get(deployment.id)
    if (minute === undefined) {
      minute = { startMs, tokens: 0, requests: 0 }
      minutes.set(deployment.id, minute)
    } else if (minute.startMs !== startMs) {
      minute.startMs = startMs
      minute.tokens = 0
      minute.requests = 0
    }
    return minute
  }

  return {
    pick(usable, context) {
      const need = reservation(context)
      const shareUsed = (target: Target): number => {
        const { tokens, requests } = minuteOf(target, context.nowMs)
        const { tpm = UNSTATED_TPM, rpm = UNSTATED_RPM } = target.deployment
        return Math.max((tokens + need) / tpm, (requests + 1) / rpm)
      }
      const emptiest = lowest(usable, shareUsed)
      return pickWeighted(emptiest, shareIn(emptiest), context.random)
    },
    started(target, context) {
      const minute = minuteOf(target, context.nowMs)
      const reserved = reservation(context)
      minute.tokens += reserved
      minute.requests++
      return reserved
    },
    failed(target, reserved, nowMs) {
      const minute = minuteOf(target, nowMs)
      minute.tokens = Math.max(0, minute.tokens - reserved)
    },
    finished(target, reserved, { inputTokens, outputTokens, cacheWriteInputTokens = 0 }, nowMs) {
      const minute = minuteOf(target, nowMs)
      const used = inputTokens + cacheWriteInputTokens + outputTokens * burndownRate(target.deployment)
      // A reservation of the minute before is taken off this one, so behind long answers the count is a little low.
      minute.tokens = Math.max(0, minute.tokens + used - reserved)
    },
  }
}

function reservation({ estimatedInputTokens, bodyBytes, maxTokens = 0 }: PickContext): number {
  return (estimatedInputTokens ?? Math.ceil((bodyBytes?.byteLength ?? 0) / BYTES_PER_TOKEN)) + maxTokens
}

/** Tokens of quota that one token of this deployment's output takes. */
export function burndownRate({ model, baseModel = model }: Pick<Deployment, 'model' | 'baseModel'>): number {
  return familyOfReference(baseModel).quotaPerOutputToken
}
