/** Anthropic's Messages form: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html */
import { type Draft, textOf, type Usage } from './draft.ts'
import type { Family } from './family.ts'

const STOP_REASON = { end: 'end_turn', length: 'max_tokens', 'stop-sequence': 'stop_sequence' } as const

const MESSAGE_ID = 'msg_bdrk_simulator'

export const anthropic: Family = {
  body: (draft) => ({
    id: MESSAGE_ID,
    type: 'message',
    role: 'assistant',
    model: draft.model,
    content: [{ type: 'text', text: textOf(draft) }],
    stop_reason: STOP_REASON[draft.stop],
    stop_sequence: draft.stopSequence,
    ...(draft.usage === null
      ? {}
      : { usage: { ...inputUsage(draft.usage, draft), output_tokens: draft.usage.outputTokens } }),
  }),

  *chunks(draft) {
    yield {
      type: 'message_start',
      message: {
        id: MESSAGE_ID,
        type: 'message',
        role: 'assistant',
        model: draft.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        ...(draft.usage === null ? {} : { usage: { ...inputUsage(draft.usage, draft), output_tokens: 1 } }),
      },
    }
    yield { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
    for (const text of draft.pieces()) {
      yield { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }
    }
    yield { type: 'content_block_stop', index: 0 }
    yield {
      type: 'message_delta',
      delta: { stop_reason: STOP_REASON[draft.stop], stop_sequence: draft.stopSequence },
      ...(draft.usage === null ? {} : { usage: { output_tokens: draft.usage.outputTokens } }),
    }
    yield { type: 'message_stop' }
  },
}

function inputUsage(usage: Usage, draft: Draft): object {
  const written = (ttl: string) =>
    (usage.cacheDetails ?? [])
      .filter((detail) => detail.ttl === ttl)
      .reduce((sum, detail) => sum + detail.inputTokens, 0)
  return {
    input_tokens: usage.inputTokens,
    cache_creation_input_tokens: usage.cacheWriteInputTokens ?? 0,
    cache_read_input_tokens: usage.cacheReadInputTokens ?? 0,
    ...(usage.cacheDetails === undefined
      ? {}
      : { cache_creation: { ephemeral_5m_input_tokens: written('5m'), ephemeral_1h_input_tokens: written('1h') } }),
    ...(draft.serviceTier === null ? {} : { service_tier: draft.serviceTier }),
  }
}
