/**
 * How the model families say in their own chunks that an answer is whole. Bedrock adds its invocation metrics to the
 * last chunk of most. Sources: the response formats under
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
 */
import { member } from '../../base/json.ts'

/** `unknown` for a chunk of no family known here. */
export type FamilyEnding = 'ended' | 'open' | 'unknown'

type Rule = {
  /** The chunk is of this family. */
  is(chunk: unknown): boolean
  ended(chunk: unknown): boolean
}

const RULES: readonly Rule[] = [
  // Any family: added by Bedrock to its last chunk.
  { is: (chunk) => has(chunk, 'amazon-bedrock-invocationMetrics'), ended: () => true },
  // Anthropic Messages.
  {
    is: (chunk) => /^(message|content_block)_|^ping$|^error$/.test(String(member(chunk, 'type'))),
    ended: (chunk) => member(chunk, 'type') === 'message_stop',
  },
  // Anthropic Text Completions, Meta Llama.
  {
    is: (chunk) => has(chunk, 'completion') || has(chunk, 'generation'),
    ended: (chunk) => isGiven(member(chunk, 'stop_reason')),
  },
  // Amazon Nova: the events of ConverseStream as JSON.
  {
    is: (chunk) => /^(messageSt|contentBlock|metadata$)/.test(Object.keys(Object(chunk))[0] ?? ''),
    ended: (chunk) => isGiven(member(member(chunk, 'messageStop'), 'stopReason')) || has(chunk, 'metadata'),
  },
  // Amazon Titan Text.
  { is: (chunk) => has(chunk, 'outputText'), ended: (chunk) => isGiven(member(chunk, 'completionReason')) },
  // Mistral's own form and the OpenAI-shaped ones: Mistral, DeepSeek, Qwen, gpt-oss, AI21 Jamba, Writer.
  {
    is: (chunk) => Array.isArray(member(chunk, 'outputs')) || Array.isArray(member(chunk, 'choices')),
    ended: (chunk) =>
      [member(chunk, 'outputs'), member(chunk, 'choices')]
        .flat()
        .some((choice) => isGiven(member(choice, 'finish_reason')) || isGiven(member(choice, 'stop_reason'))),
  },
  // Cohere Command and Command R.
  {
    is: (chunk) => has(chunk, 'is_finished') || has(chunk, 'event_type'),
    ended: (chunk) => member(chunk, 'is_finished') === true || isGiven(member(chunk, 'finish_reason')),
  },
]

/** What one decoded chunk says of the end of the answer. */
export function familyEnding(chunk: unknown): FamilyEnding {
  const families = RULES.filter((rule) => rule.is(chunk))
  if (families.length === 0) return 'unknown'
  return families.some((rule) => rule.ended(chunk)) ? 'ended' : 'open'
}

function has(chunk: unknown, name: string): boolean {
  return member(chunk, name) !== undefined
}

/** A reason that is there: null and the empty string stand in chunks before the last. */
function isGiven(reason: unknown): boolean {
  return typeof reason === 'string' && reason !== ''
}
