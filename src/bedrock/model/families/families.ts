/**
 * The table of model families. Nothing else in the code tells models apart by their ids.
 *
 * Sources, all under https://docs.aws.amazon.com/bedrock/latest/userguide/ : Converse by model
 * conversation-inference-supported-models-features.html; bodies model-parameters.html; quota quotas-token-burndown.html;
 * units of billing https://aws.amazon.com/bedrock/pricing/
 */
import { parseModelId } from '../model-id.ts'
import type { BodyName } from './bodies.ts'
import type { MeasuredBy, ModelFamily } from './family.ts'

/** A family that answers in text and is billed by token. */
function text(name: string, ids: RegExp, body: BodyName | null, more: Partial<ModelFamily> = {}): ModelFamily {
  const plain = { converse: true, measuredBy: 'tokens', quotaPerOutputToken: 1, streamInputHoldsCached: false } as const
  return { name, ids, body, ...plain, ...more }
}

/** A family that only InvokeModel and its siblings reach. */
function invokeOnly(name: string, ids: RegExp, measuredBy: MeasuredBy): ModelFamily {
  return { ...text(name, ids, null), converse: false, measuredBy }
}

/** Claude from 3.7 and 4 on: output counts five times against the quota. */
const CLAUDE_QUOTA_PER_OUTPUT_TOKEN = 5

export const FAMILIES: readonly ModelFamily[] = [
  text('Claude before 3.7', /^anthropic\.claude-(?:v\d|instant|3-(?!7-))/, 'anthropic-messages'),
  text('Claude', /^anthropic\./, 'anthropic-messages', { quotaPerOutputToken: CLAUDE_QUOTA_PER_OUTPUT_TOKEN }),

  invokeOnly('Nova Canvas', /^amazon\.nova-canvas-/, 'images'),
  invokeOnly('Nova Reel', /^amazon\.nova-reel-/, 'video-seconds'),
  invokeOnly('Nova Sonic', /^amazon\.nova-(?:[\d-]+-)?sonic-/, 'tokens'),
  invokeOnly('Nova embeddings', /^amazon\.nova-.*embed/, 'embedded-media'),
  text('Nova', /^amazon\.nova-/, 'nova-messages'),
  invokeOnly('Titan image generator', /^amazon\.titan-image-generator-/, 'images'),
  invokeOnly('Titan image embeddings', /^amazon\.titan-embed-image-/, 'input-image'),
  invokeOnly('Titan text embeddings', /^amazon\.titan-embed-/, 'tokens'),
  text('Titan text', /^amazon\.titan-t/, 'titan-text'),
  invokeOnly('Amazon Rerank', /^amazon\.rerank-/, 'queries'),

  text('Llama 2', /^meta\.llama2-/, 'llama-2-prompt'),
  text('Llama 3', /^meta\.llama3-/, 'llama-3-prompt'),
  text('Llama 4', /^meta\.llama4-/, 'llama-4-prompt'),

  text(
    'Mistral text completion',
    /^mistral\.(?:mistral-7b|mixtral-8x7b|mistral-(?:small|large)-2402)-/,
    'mistral-prompt',
  ),
  text('Mistral', /^mistral\./, 'mistral-chat'),

  invokeOnly('Cohere Rerank', /^cohere\.rerank-/, 'queries'),
  invokeOnly('Cohere Embed', /^cohere\.embed-/, 'embedded-images'),
  text('Command R', /^cohere\.command-r-/, 'cohere-chat'),
  text('Command', /^cohere\.command-(?:text|light)-/, 'cohere-prompt'),

  text('Jurassic-2', /^ai21\.j2-/, 'jurassic-prompt'),
  text('Jamba', /^ai21\.jamba-/, 'jamba-chat'),
  text('DeepSeek-R1', /^deepseek\.r1-/, 'deepseek-prompt'),
  text('OpenAI', /^openai\./, 'openai-chat', { streamInputHoldsCached: true }),
  text('OpenAI-shaped models', /^(?:deepseek|qwen|moonshotai?|minimax|zai|nvidia|google|writer|xai)\./, 'openai-chat'),

  invokeOnly('Stability', /^stability\./, 'images'),
  invokeOnly('Luma', /^luma\./, 'video-seconds'),
  invokeOnly('Pegasus', /^twelvelabs\.pegasus-/, 'video-seconds'),
  invokeOnly('Marengo', /^twelvelabs\.marengo-embed-/, 'input-kind'),
  invokeOnly('TwelveLabs', /^twelvelabs\./, 'tokens'),
]

/** What is taken for granted of a model of no family known here: a text model that Converse serves, with a body of its own. */
const UNKNOWN_FAMILY: ModelFamily = text('unknown', /^/, null)

/** The family of a foundation model's id, written without a geography prefix. */
export function familyOf(foundationId: string): ModelFamily {
  return FAMILIES.find(({ ids }) => ids.test(foundationId)) ?? UNKNOWN_FAMILY
}

/**
 * The family of what was called or named in the configuration: an id with or without its geography, an ARN of one, or either
 * behind LiteLLM's `bedrock/…/`. An ARN that hides its model is of no family known here.
 */
export function familyOfReference(reference: string): ModelFamily {
  const parsed = parseModelId(
    reference.startsWith('arn:') ? reference : reference.slice(reference.lastIndexOf('/') + 1),
  )
  return 'id' in parsed ? familyOf(parsed.id) : UNKNOWN_FAMILY
}

/** Whether two foundation models read the same InvokeModel request: the same model, or the same form of body. */
export function readSameBody(foundationId: string, otherId: string): boolean {
  if (foundationId === otherId) return true
  const { body } = familyOf(foundationId)
  return body !== null && body === familyOf(otherId).body
}
