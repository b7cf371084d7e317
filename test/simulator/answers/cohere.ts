/**
 * Cohere Command (generate) and Command R (chat), which count no tokens in their bodies:
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-cohere-command.html and `…-command-r-plus.html`.
 */
import { textOf } from './draft.ts'
import type { Family } from './family.ts'

const FINISH_REASON = { end: 'COMPLETE', length: 'MAX_TOKENS', 'stop-sequence': 'COMPLETE' } as const

const GENERATION_ID = '00000000-0000-4000-8000-000000000000'

export const cohereGenerate: Family = {
  body: (draft, request) => ({
    id: GENERATION_ID,
    generations: [{ id: GENERATION_ID, text: textOf(draft), finish_reason: FINISH_REASON[draft.stop] }],
    prompt: request.prompt,
  }),

  *chunks(draft) {
    for (const text of draft.pieces()) yield { text, is_finished: false }
    yield { finish_reason: FINISH_REASON[draft.stop], is_finished: true }
  },
}

export const cohereChat: Family = {
  body: (draft, request) => ({
    response_id: GENERATION_ID,
    text: textOf(draft),
    generation_id: GENERATION_ID,
    chat_history: [
      { role: 'USER', message: request.message },
      { role: 'CHATBOT', message: textOf(draft) },
    ],
    finish_reason: FINISH_REASON[draft.stop],
  }),

  *chunks(draft) {
    yield { event_type: 'stream-start', is_finished: false, generation_id: GENERATION_ID }
    for (const text of draft.pieces()) yield { event_type: 'text-generation', is_finished: false, text }
    yield { event_type: 'stream-end', is_finished: true, finish_reason: FINISH_REASON[draft.stop] }
  },
}
