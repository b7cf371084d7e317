/** Converse and ConverseStream: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
import { eventFrame, padded } from '../frames.ts'
import { type Draft, textOf, totalTokens, type Usage } from './draft.ts'

const STOP_REASON = { end: 'end_turn', length: 'max_tokens', 'stop-sequence': 'stop_sequence' } as const

export function converseBody(draft: Draft): object {
  return {
    metrics: { latencyMs: draft.latencyMs },
    output: { message: { content: [{ text: textOf(draft) }], role: 'assistant' } },
    ...served(draft),
    stopReason: STOP_REASON[draft.stop],
    ...usageOf(draft),
  }
}

/** messageStart, one contentBlockDelta a piece, contentBlockStop, messageStop, metadata. Text blocks have no contentBlockStart. */
export function* converseFrames(draft: Draft): Generator<Uint8Array> {
  let index = 0
  const frame = (type: string, payload: Record<string, unknown>) => eventFrame(type, padded(payload, index++))
  yield frame('messageStart', { role: 'assistant' })
  for (const text of draft.pieces()) {
    yield frame('contentBlockDelta', { contentBlockIndex: 0, delta: { text } })
  }
  yield frame('contentBlockStop', { contentBlockIndex: 0 })
  yield frame('messageStop', { stopReason: STOP_REASON[draft.stop] })
  if (draft.usage === null) return
  yield frame('metadata', { metrics: { latencyMs: draft.latencyMs }, ...served(draft), ...usageOf(draft) })
}

function served(draft: Draft): object {
  return {
    ...(draft.performanceLatency === null ? {} : { performanceConfig: { latency: draft.performanceLatency } }),
    ...(draft.serviceTier === null ? {} : { serviceTier: { type: draft.serviceTier } }),
  }
}

/** Where a cache took part, AWS repeats the two numbers under undocumented names; so does this. */
export function cacheCounts(usage: Usage): object {
  const { cacheReadInputTokens, cacheWriteInputTokens } = usage
  return {
    ...(cacheReadInputTokens === undefined
      ? {}
      : { cacheReadInputTokenCount: cacheReadInputTokens, cacheReadInputTokens }),
    ...(cacheWriteInputTokens === undefined
      ? {}
      : { cacheWriteInputTokenCount: cacheWriteInputTokens, cacheWriteInputTokens }),
  }
}

function usageOf(draft: Draft): object {
  const { usage } = draft
  if (usage === null) return {}
  return {
    usage: {
      ...(usage.cacheDetails === undefined ? {} : { cacheDetails: usage.cacheDetails }),
      ...cacheCounts(usage),
      inputTokens: usage.inputTokens,
      outputTokens: usage.outputTokens,
      ...(draft.omitTotals ? {} : { totalTokens: totalTokens(usage) }),
    },
  }
}
