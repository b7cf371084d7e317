/** Model families of InvokeModel: who speaks which body form. */
import { anthropic } from './anthropic.ts'
import { cohereChat, cohereGenerate } from './cohere.ts'
import type { Draft } from './draft.ts'
import { cohereEmbed, novaEmbed, titanEmbed } from './embeddings.ts'
import { llama } from './llama.ts'
import { mistral } from './mistral.ts'
import { nova } from './nova.ts'
import { openai } from './openai.ts'
import type { Json } from './prompt.ts'
import { titan } from './titan.ts'

export type Family = {
  /** Answer of InvokeModel. */
  body: (draft: Draft, request: Json) => object
  /** Contents of the chunks of InvokeModelWithResponseStream; `null` where the family cannot stream. */
  chunks: ((draft: Draft) => Iterable<object>) | null
}

/** Start of a model id → family; the first that fits counts. */
const BY_MODEL: readonly (readonly [string, Family])[] = [
  ['anthropic.', anthropic],
  ['amazon.titan-embed', titanEmbed],
  ['amazon.titan', titan],
  ['amazon.nova-2-multimodal-embed', novaEmbed],
  ['amazon.nova', nova],
  ['meta.llama', llama],
  ['mistral.', mistral],
  ['cohere.embed', cohereEmbed],
  ['cohere.command-r', cohereChat],
  ['cohere.command', cohereGenerate],
]

/** A key that only one family has in its request, for ids that name no family (ARNs of application profiles). */
const BY_REQUEST_KEY: readonly (readonly [string, Family])[] = [
  ['anthropic_version', anthropic],
  ['textGenerationConfig', titan],
  ['inputText', titanEmbed],
  ['inferenceConfig', nova],
  ['max_gen_len', llama],
]

/** Newer Mistral models, and all families that have no form of their own, speak OpenAI's. */
export function familyOf(model: string, request: Json): Family {
  // An id may stand behind an ARN's path or a geography: `arn:…:inference-profile/us.anthropic.claude…`.
  const id = model.slice(model.lastIndexOf('/') + 1)
  const named = BY_MODEL.find(
    ([prefix]) => id.startsWith(prefix) || id.slice(id.indexOf('.') + 1).startsWith(prefix),
  )?.[1]
  if (named === mistral && request.messages !== undefined) return openai
  return named ?? BY_REQUEST_KEY.find(([key]) => request[key] !== undefined)?.[1] ?? openai
}
