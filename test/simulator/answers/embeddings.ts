/**
 * Embedding models: a vector made from the characters of the text, no output tokens, no stream.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html and `…-embed.html` of Cohere.
 */
import type { Draft } from './draft.ts'
import type { Family } from './family.ts'
import { object } from './prompt.ts'

/** Length of a vector where the request asks for none. */
const DIMENSIONS = 256

export const titanEmbed: Family = {
  body: (draft, request) => ({
    embedding: vector(String(request.inputText ?? ''), request.dimensions),
    ...(draft.usage === null ? {} : { inputTextTokenCount: draft.usage.inputTokens }),
  }),
  chunks: null,
}

export const novaEmbed: Family = {
  body: (draft, request) => {
    const { text, embeddingDimension } = object(request.singleEmbeddingParams)
    return {
      embeddings: [{ embeddingType: 'TEXT', embedding: vector(String(object(text).value ?? ''), embeddingDimension) }],
      ...(draft.usage === null ? {} : { inputTokenCount: draft.usage.inputTokens }),
    }
  },
  chunks: null,
}

export const cohereEmbed: Family = {
  body: (_draft: Draft, request) => {
    const texts = Array.isArray(request.texts) ? request.texts : []
    return {
      id: '00000000-0000-4000-8000-000000000000',
      embeddings: texts.map((text) => vector(String(text), request.output_dimension)),
      response_type: 'embeddings_floats',
      texts,
    }
  },
  chunks: null,
}

/** Every text has its own direction; the numbers mean nothing. */
function vector(text: string, dimensions: unknown): number[] {
  const length = typeof dimensions === 'number' && dimensions > 0 ? Math.floor(dimensions) : DIMENSIONS
  let state = 1
  for (const character of text) state = (state * 31 + (character.codePointAt(0) ?? 0)) % 65_521
  return Array.from({ length }, (_, index) => {
    state = (state * 75 + 74 + index) % 65_537
    return Number((state / 32_768 - 1).toFixed(6))
  })
}
