/**
 * Members of a usage object that count something and that nobody here knows. They may be billed, so their call is not priced as
 * if they were not there; empty ones and zeros say nothing and change nothing.
 */
import { isObject, type JsonObject } from '../../base/json.ts'

/** The forms of `usage`, told apart by the names of their counters. */
export type UsageForm = 'converse' | 'anthropic' | 'openai-chat' | 'openai-responses' | 'metrics' | 'speech'

/** Parts of OpenAI's counters that are inside the whole and cost what the whole costs, or have a counter of their own here. */
const PROMPT_DETAILS = new Set(['cached_tokens', 'cache_write_tokens', 'audio_tokens', 'text_tokens'])
const OUTPUT_DETAILS = new Set([
  'reasoning_tokens',
  'thinking_tokens',
  'audio_tokens',
  'text_tokens',
  'accepted_prediction_tokens',
  'rejected_prediction_tokens',
])

/** Members that are read, or that repeat or split what is read; of an object with a set of its own, the members of that. */
const KNOWN: Readonly<Record<UsageForm, ReadonlyMap<string, ReadonlySet<string> | null>>> = {
  converse: members(
    [
      'inputTokens',
      'outputTokens',
      'totalTokens',
      'cacheReadInputTokens',
      'cacheWriteInputTokens',
      'cacheReadInputTokenCount',
      'cacheWriteInputTokenCount',
      'cacheDetails',
      'serverToolUsage',
    ],
    {},
  ),
  anthropic: members(
    [
      'input_tokens',
      'output_tokens',
      'total_tokens',
      'cache_read_input_tokens',
      'cache_creation_input_tokens',
      'cache_creation',
      'server_tool_use',
      'iterations',
    ],
    { input_tokens_details: PROMPT_DETAILS, output_tokens_details: OUTPUT_DETAILS },
  ),
  'openai-chat': members(['prompt_tokens', 'completion_tokens', 'total_tokens'], {
    prompt_tokens_details: PROMPT_DETAILS,
    completion_tokens_details: OUTPUT_DETAILS,
  }),
  // `amazon-bedrock-invocationMetrics`, whose times are no amounts.
  metrics: members(
    [
      'inputTokenCount',
      'outputTokenCount',
      'cacheReadInputTokenCount',
      'cacheWriteInputTokenCount',
      'invocationLatency',
      'firstByteLatency',
    ],
    {},
  ),
  // One direction of Nova Sonic's `usageEvent`.
  speech: members(['textTokens', 'speechTokens'], {}),
  'openai-responses': members(['input_tokens', 'output_tokens', 'total_tokens'], {
    input_tokens_details: PROMPT_DETAILS,
    output_tokens_details: OUTPUT_DETAILS,
  }),
}

function members(
  plain: readonly string[],
  nested: Readonly<Record<string, ReadonlySet<string>>>,
): ReadonlyMap<string, ReadonlySet<string> | null> {
  return new Map([...plain.map((name) => [name, null] as const), ...Object.entries(nested)])
}

/** What is kept of the names, which an upstream chooses. */
const NAMES_MAX = 8
const NAME_MAX_CHARS = 40

/** Names of the members that count something and are not known, as `usage.name`. */
export function unknownMembers(usage: JsonObject, form: UsageForm): readonly string[] {
  const known = KNOWN[form]
  const found = Object.entries(usage).flatMap(([name, value]) => {
    const inner = known.get(name)
    if (inner === null) return []
    if (inner === undefined || !isObject(value)) return countsSomething(value) ? [name] : []
    return Object.entries(value).flatMap(([part, amount]) =>
      inner.has(part) || !countsSomething(amount) ? [] : [`${name}.${part}`],
    )
  })
  return boundedNames(found)
}

export function boundedNames(names: readonly string[]): readonly string[] {
  return [...new Set(names)].slice(0, NAMES_MAX).map((name) => `usage.${name.slice(0, NAME_MAX_CHARS)}`)
}

/** AWS nests usage three levels deep; what is deeper is not known to be empty. */
const DEPTH_MAX = 8

/** A number above 0 stands anywhere in it. */
export function countsSomething(value: unknown, depth = 0): boolean {
  if (typeof value === 'number') return value > 0
  if (typeof value !== 'object' || value === null) return false
  return depth >= DEPTH_MAX || Object.values(value).some((part) => countsSomething(part, depth + 1))
}
