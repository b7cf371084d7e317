/** Whether a decoded chunk of InvokeModelWithResponseStream says that the answer is whole, by the rules of all body forms. */
import { member } from '../../base/json.ts'
import { CHUNK_RULES, type ChunkRule } from '../model/families/bodies.ts'

/** `unknown` for a chunk of no form known here. */
export type FamilyEnding = 'ended' | 'open' | 'unknown'

/** Any model: Bedrock adds its invocation metrics to the last chunk of most. */
const METRICS: ChunkRule = {
  is: (chunk) => member(chunk, 'amazon-bedrock-invocationMetrics') !== undefined,
  ended: () => true,
}

/** What one decoded chunk says of the end of the answer. The chunk's own form decides, so that new models need no entry. */
export function familyEnding(chunk: unknown): FamilyEnding {
  const rules = [METRICS, ...CHUNK_RULES].filter((rule) => rule.is(chunk))
  if (rules.length === 0) return 'unknown'
  return rules.some((rule) => rule.ended(chunk)) ? 'ended' : 'open'
}
