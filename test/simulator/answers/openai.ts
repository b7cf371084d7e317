/** OpenAI's chat completion form, spoken by all families that have none of their own on Bedrock. */
import { textOf, totalTokens } from './draft.ts'
import type { Family } from './family.ts'

const FINISH_REASON = { end: 'stop', length: 'length', 'stop-sequence': 'stop' } as const

const COMPLETION_ID = 'chatcmpl-simulator'

export const openai: Family = {
  body: (draft) => ({
    id: COMPLETION_ID,
    object: 'chat.completion',
    model: draft.model,
    choices: [
      { index: 0, message: { role: 'assistant', content: textOf(draft) }, finish_reason: FINISH_REASON[draft.stop] },
    ],
    ...(draft.usage === null
      ? {}
      : {
          usage: {
            prompt_tokens: draft.usage.inputTokens,
            completion_tokens: draft.usage.outputTokens,
            ...(draft.omitTotals ? {} : { total_tokens: totalTokens(draft.usage) }),
          },
        }),
  }),

  *chunks(draft) {
    const chunk = (delta: object, finishReason: string | null) => ({
      id: COMPLETION_ID,
      object: 'chat.completion.chunk',
      model: draft.model,
      choices: [{ index: 0, delta, finish_reason: finishReason }],
    })
    yield chunk({ role: 'assistant', content: '' }, null)
    for (const content of draft.pieces()) yield chunk({ content }, null)
    yield chunk({}, FINISH_REASON[draft.stop])
  },
}
