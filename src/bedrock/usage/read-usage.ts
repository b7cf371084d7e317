/** One reader of usage for live calls, recorded cases and calculations. */
import { child } from '../../base/json.ts'
import { familyOf } from '../model/families/families.ts'
import { parseModelId } from '../model/model-id.ts'
import type { Accounting } from './accounting.ts'
import { createCounters, textOf } from './counters.ts'
import { tracedGuardrailUnits } from './guardrail.ts'
import { imageRequest } from './media.ts'
import type { OtherMeters, UsageReading } from './reading.ts'
import type { WireParts } from './wire-parts.ts'

const HEADER_TIER = 'x-amzn-bedrock-service-tier'
const HEADER_LATENCY = 'x-amzn-bedrock-performanceconfig-latency'

/**
 * What an exchange consumed. Never throws: nonsense is named in `problem`, absence is null.
 *
 * @param accounting entry of the operation
 * @param modelId what was called; for an ARN that hides its model, the model it stands for where that is known
 */
export function readUsage(accounting: Accounting, modelId: string, parts: WireParts): UsageReading {
  const counters = createCounters()
  const reference = parseModelId(modelId)
  const family = familyOf('id' in reference ? reference.id : '')
  const { usage, runs = null, other, unknown = [], raw, answer } = accounting.usage({ family, parts, counters })
  // A guardrail that is called by itself reports its units in its own answer, not in a trace.
  const traced = accounting.bills === 'guardrail' ? undefined : tracedGuardrailUnits(answer, parts.request, counters)
  const allMeters: OtherMeters = traced === undefined ? other : { ...other, guardrailUnits: traced }
  const headers = parts.headers ?? {}
  return {
    usage,
    runs,
    other: allMeters,
    unknown,
    imageRequest: other.images === undefined ? null : imageRequest(parts.request, counters),
    raw,
    servedTier: textOf(child(answer, 'serviceTier').type) ?? headers[HEADER_TIER] ?? textOf(answer.service_tier),
    latency: textOf(child(answer, 'performanceConfig').latency) ?? headers[HEADER_LATENCY] ?? null,
    routedModel: textOf(child(child(answer, 'trace'), 'promptRouter').invokedModelId),
    problem: counters.problem(),
  }
}
