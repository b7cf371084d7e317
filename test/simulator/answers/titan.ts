/** Amazon Titan Text: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-text.html */
import { textOf } from './draft.ts'
import type { Family } from './family.ts'

const COMPLETION_REASON = { end: 'FINISH', length: 'LENGTH', 'stop-sequence': 'STOP_CRITERIA_MET' } as const

export const titan: Family = {
  body: (draft) => ({
    ...(draft.usage === null ? {} : { inputTextTokenCount: draft.usage.inputTokens }),
    results: [
      {
        ...(draft.usage === null ? {} : { tokenCount: draft.usage.outputTokens }),
        outputText: textOf(draft),
        completionReason: COMPLETION_REASON[draft.stop],
      },
    ],
  }),

  // The reason and the counts come in a chunk of their own, whose text is empty.
  *chunks(draft) {
    let index = 0
    for (const outputText of draft.pieces()) {
      yield { outputText, index, totalOutputTextTokenCount: null, completionReason: null, inputTextTokenCount: null }
      index += 1
    }
    yield {
      outputText: '',
      index,
      totalOutputTextTokenCount: draft.usage?.outputTokens ?? null,
      completionReason: COMPLETION_REASON[draft.stop],
      inputTextTokenCount: draft.usage?.inputTokens ?? null,
    }
  },
}
