/**
 * The forms of InvokeModel's bodies, each with what differs between them: how a request bounds its output, how it marks what a
 * prompt cache shall hold, and how a stream says in its own chunks that the answer is whole. Two models whose bodies have the
 * same form read each other's requests.
 *
 * Source: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html, one page for each form.
 */
import { member } from '../../../base/json.ts'

export type BodyForm = {
  /** Members of a request that bound the output. */
  outputBounds: readonly string[]
  /** Member of a request that marks the end of what the prompt cache holds; null where the form has none. */
  cacheMark: string | null
  /** Chunks of a streamed answer; null where no chunk of this form is known. */
  chunks: ChunkRule | null
}

export type ChunkRule = {
  /** The chunk is of this form. */
  is(chunk: unknown): boolean
  /** The chunk says that the answer is whole. */
  ended(chunk: unknown): boolean
}

export type BodyName =
  | 'anthropic-messages'
  | 'anthropic-text'
  | 'nova-messages'
  | 'titan-text'
  | 'llama-2-prompt'
  | 'llama-3-prompt'
  | 'llama-4-prompt'
  | 'mistral-prompt'
  | 'mistral-chat'
  | 'cohere-prompt'
  | 'cohere-chat'
  | 'jurassic-prompt'
  | 'jamba-chat'
  | 'deepseek-prompt'
  | 'openai-chat'

const GENERATION: ChunkRule = {
  is: (chunk) => has(chunk, 'generation'),
  ended: (chunk) => isGiven(member(chunk, 'stop_reason')),
}

const CHOICES: ChunkRule = {
  is: (chunk) => Array.isArray(member(chunk, 'choices')),
  ended: (chunk) => list(chunk, 'choices').some(isFinished),
}

const COHERE: ChunkRule = {
  is: (chunk) => has(chunk, 'is_finished') || has(chunk, 'event_type'),
  ended: (chunk) => member(chunk, 'is_finished') === true || isGiven(member(chunk, 'finish_reason')),
}

export const BODY_FORMS: Readonly<Record<BodyName, BodyForm>> = {
  'anthropic-messages': {
    outputBounds: ['max_tokens'],
    cacheMark: 'cache_control',
    chunks: {
      is: (chunk) => /^(message|content_block)_|^ping$|^error$/.test(String(member(chunk, 'type'))),
      ended: (chunk) => member(chunk, 'type') === 'message_stop',
    },
  },
  'anthropic-text': {
    outputBounds: ['max_tokens_to_sample'],
    cacheMark: null,
    chunks: { is: (chunk) => has(chunk, 'completion'), ended: (chunk) => isGiven(member(chunk, 'stop_reason')) },
  },
  // Converse's own members; the chunks are the events of ConverseStream as JSON.
  'nova-messages': {
    outputBounds: ['maxTokens', 'max_new_tokens'],
    cacheMark: 'cachePoint',
    chunks: {
      is: (chunk) => /^(messageSt|contentBlock|metadata$)/.test(Object.keys(Object(chunk))[0] ?? ''),
      ended: (chunk) => isGiven(member(member(chunk, 'messageStop'), 'stopReason')) || has(chunk, 'metadata'),
    },
  },
  'titan-text': {
    outputBounds: ['maxTokenCount'],
    cacheMark: null,
    chunks: { is: (chunk) => has(chunk, 'outputText'), ended: (chunk) => isGiven(member(chunk, 'completionReason')) },
  },
  // The generations of Llama share all members, but the prompt holds the special tokens of one generation.
  'llama-2-prompt': { outputBounds: ['max_gen_len'], cacheMark: null, chunks: GENERATION },
  'llama-3-prompt': { outputBounds: ['max_gen_len'], cacheMark: null, chunks: GENERATION },
  'llama-4-prompt': { outputBounds: ['max_gen_len'], cacheMark: null, chunks: GENERATION },
  'mistral-prompt': {
    outputBounds: ['max_tokens'],
    cacheMark: null,
    chunks: {
      is: (chunk) => Array.isArray(member(chunk, 'outputs')),
      ended: (chunk) => list(chunk, 'outputs').some(isFinished),
    },
  },
  'mistral-chat': { outputBounds: ['max_tokens'], cacheMark: null, chunks: CHOICES },
  'cohere-prompt': { outputBounds: ['max_tokens'], cacheMark: null, chunks: COHERE },
  'cohere-chat': { outputBounds: ['max_tokens'], cacheMark: null, chunks: COHERE },
  'jurassic-prompt': { outputBounds: ['maxTokens'], cacheMark: null, chunks: null },
  'jamba-chat': { outputBounds: ['max_tokens'], cacheMark: null, chunks: CHOICES },
  'deepseek-prompt': { outputBounds: ['max_tokens'], cacheMark: null, chunks: CHOICES },
  'openai-chat': { outputBounds: ['max_tokens', 'max_completion_tokens'], cacheMark: null, chunks: CHOICES },
}

const ALL_FORMS: readonly BodyForm[] = Object.values(BODY_FORMS)

/** Every member under which a request of Converse or InvokeModel may bound its output. */
export const OUTPUT_BOUNDS: readonly string[] = [...new Set(ALL_FORMS.flatMap((form) => form.outputBounds))]

/** Every member that marks a cache point in a request of Converse or InvokeModel. */
export const CACHE_MARKS: readonly string[] = [
  ...new Set(ALL_FORMS.flatMap(({ cacheMark }) => (cacheMark === null ? [] : [cacheMark]))),
]

/** The different rules by which chunks say that an answer is whole. */
export const CHUNK_RULES: readonly ChunkRule[] = [
  ...new Set(ALL_FORMS.flatMap(({ chunks }) => (chunks === null ? [] : [chunks]))),
]

function has(chunk: unknown, name: string): boolean {
  return member(chunk, name) !== undefined
}

/** A reason that is there: null and the empty string stand in chunks before the last. */
function isGiven(reason: unknown): boolean {
  return typeof reason === 'string' && reason !== ''
}

function list(chunk: unknown, name: string): readonly unknown[] {
  return [member(chunk, name)].flat()
}

function isFinished(choice: unknown): boolean {
  return isGiven(member(choice, 'finish_reason')) || isGiven(member(choice, 'stop_reason'))
}
