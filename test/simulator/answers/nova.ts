/** Amazon Nova's form, close to Converse: https://docs.aws.amazon.com/nova/latest/userguide/complete-request-schema.html */
import { textOf, totalTokens } from './draft.ts'
import type { Family } from './family.ts'

const STOP_REASON = { end: 'end_turn', length: 'max_tokens', 'stop-sequence': 'stop_sequence' } as const

export const nova: Family = {
  body: (draft) => ({
    output: { message: { content: [{ text: textOf(draft) }], role: 'assistant' } },
    stopReason: STOP_REASON[draft.stop],
    ...(draft.usage === null
      ? {}
      : {
          usage: {
            inputTokens: draft.usage.inputTokens,
            outputTokens: draft.usage.outputTokens,
            ...(draft.omitTotals ? {} : { totalTokens: totalTokens(draft.usage) }),
            cacheReadInputTokenCount: draft.usage.cacheReadInputTokens ?? 0,
            cacheWriteInputTokenCount: draft.usage.cacheWriteInputTokens ?? 0,
          },
        }),
  }),

  // Nova closes a content block after every piece, as recorded traffic shows.
  *chunks(draft) {
    yield { messageStart: { role: 'assistant' } }
    let contentBlockIndex = 0
    for (const text of draft.pieces()) {
      yield { contentBlockDelta: { delta: { text }, contentBlockIndex } }
      yield { contentBlockStop: { contentBlockIndex } }
      contentBlockIndex += 1
    }
    yield { messageStop: { stopReason: STOP_REASON[draft.stop] } }
    if (draft.usage === null) return
    yield {
      metadata: {
        usage: {
          inputTokens: draft.usage.inputTokens,
          outputTokens: draft.usage.outputTokens,
          cacheReadInputTokenCount: draft.usage.cacheReadInputTokens ?? 0,
          cacheWriteInputTokenCount: draft.usage.cacheWriteInputTokens ?? 0,
        },
        metrics: {},
        trace: {},
      },
    }
  },
}
