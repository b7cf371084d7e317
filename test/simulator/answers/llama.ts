/** Meta Llama: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-meta.html */
import { textOf } from './draft.ts'
import type { Family } from './family.ts'

const STOP_REASON = { end: 'stop', length: 'length', 'stop-sequence': 'stop' } as const

export const llama: Family = {
  body: (draft) => ({
    generation: textOf(draft),
    ...(draft.usage === null
      ? {}
      : { prompt_token_count: draft.usage.inputTokens, generation_token_count: draft.usage.outputTokens }),
    stop_reason: STOP_REASON[draft.stop],
  }),

  // The prompt is counted in the first chunk only, the generation grows by the chunk.
  *chunks(draft) {
    let generated = 0
    for (const generation of draft.pieces()) {
      yield {
        generation,
        prompt_token_count: generated === 0 ? (draft.usage?.inputTokens ?? null) : null,
        generation_token_count: draft.usage === null ? null : Math.min(++generated, draft.usage.outputTokens),
        stop_reason: null,
      }
    }
    yield {
      generation: '',
      prompt_token_count: null,
      generation_token_count: draft.usage?.outputTokens ?? null,
      stop_reason: STOP_REASON[draft.stop],
    }
  },
}
