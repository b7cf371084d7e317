/** Mistral's text completion, which counts no tokens: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-mistral-text-completion.html */
import { textOf } from './draft.ts'
import type { Family } from './family.ts'

const STOP_REASON = { end: 'stop', length: 'length', 'stop-sequence': 'stop' } as const

export const mistral: Family = {
  body: (draft) => ({ outputs: [{ text: textOf(draft), stop_reason: STOP_REASON[draft.stop] }] }),

  *chunks(draft) {
    for (const text of draft.pieces()) yield { outputs: [{ text, stop_reason: null }] }
    yield { outputs: [{ text: '', stop_reason: STOP_REASON[draft.stop] }] }
  },
}
