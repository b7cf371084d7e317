/**
 * The forms in which token counters appear, one function each. Every function returns null when the object has none of its
 * counters.
 *
 * Sources: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html (Converse),
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html (the families' own bodies)
 */
import { child, isObject, type JsonObject } from '../../base/json.ts'
import { type Counters, defined } from './counters.ts'
import type { Amount, TokenUsage } from './reading.ts'
import { boundedNames } from './unknown-members.ts'

/** Tokens of cache writes with one time to live. */
type CacheDetail = { ttl: string; inputTokens: number }

const hasCounter = (usage: TokenUsage): boolean =>
  usage.inputTokens !== undefined ||
  usage.outputTokens !== undefined ||
  usage.cacheReadInputTokens !== undefined ||
  usage.cacheWriteInputTokens !== undefined

const orNull = (usage: TokenUsage): TokenUsage | null => (hasCounter(usage) ? usage : null)

/**
 * Converse, and Nova's own bodies. The undocumented `…TokenCount` keys repeat the documented counters, so they are read only
 * where those are absent and never added.
 */
export function converseTokens(usage: JsonObject, counters: Counters): TokenUsage | null {
  const cacheDetails = readCacheDetails(usage.cacheDetails, counters)
  const total = counters.json(usage, 'cacheWriteInputTokens') ?? counters.json(usage, 'cacheWriteInputTokenCount')
  const written = writtenTokens(total, cacheDetails, counters)
  return orNull(
    defined<TokenUsage>({
      inputTokens: counters.json(usage, 'inputTokens'),
      outputTokens: counters.json(usage, 'outputTokens'),
      totalTokens: counters.json(usage, 'totalTokens'),
      cacheReadInputTokens:
        counters.json(usage, 'cacheReadInputTokens') ?? counters.json(usage, 'cacheReadInputTokenCount'),
      cacheWriteInputTokens: written,
      cacheDetails,
    }),
  )
}

/** The total of cache writes; where it is absent, or smaller than its parts and so nonsense, the sum of the parts. */
function writtenTokens(
  total: number | undefined,
  details: CacheDetail[] | undefined,
  counters: Counters,
): number | undefined {
  if (details === undefined) return total
  const sum = details.reduce((tokens, one) => tokens + one.inputTokens, 0)
  if (total !== undefined && total < sum) counters.note(`${total} cache write tokens are less than their parts, ${sum}`)
  return Math.max(total ?? 0, sum)
}

function readCacheDetails(value: unknown, counters: Counters): CacheDetail[] | undefined {
  if (!Array.isArray(value)) return undefined
  const details: CacheDetail[] = []
  for (const entry of value) {
    if (!isObject(entry)) continue
    const inputTokens = counters.json(entry, 'inputTokens')
    const ttl = typeof entry.ttl === 'string' ? entry.ttl : UNKNOWN_TTL
    if (inputTokens !== undefined) details.push({ ttl, inputTokens })
  }
  return boundedDetails(details)
}

/** Writes whose time to live is not told although others are; nothing prices them. */
const UNKNOWN_TTL = 'unknown'

/** AWS names two times to live in one answer. More than this, or a longer name, is not AWS's. */
const DETAILS_MAX = 8
const TTL_MAX_CHARS = 16

/** What goes beyond the bounds is counted in one entry, whose time to live nothing can price. */
function boundedDetails(details: CacheDetail[]): CacheDetail[] | undefined {
  if (details.length === 0) return undefined
  const isKept = ({ ttl }: CacheDetail, index: number): boolean => index < DETAILS_MAX && ttl.length <= TTL_MAX_CHARS
  const rest = details.filter((detail, index) => !isKept(detail, index))
  if (rest.length === 0) return details
  const inputTokens = rest.reduce((sum, detail) => sum + detail.inputTokens, 0)
  return [...details.filter(isKept), { ttl: UNKNOWN_TTL, inputTokens }]
}

/**
 * openai.* on ConverseStream counts cached tokens inside `inputTokens`, against the documented rule that Converse follows
 * (measured: https://github.com/maximhq/bifrost/issues/6942). `totalTokens` cannot tell the two apart: it is the sum either way.
 */
export function withoutCachedInput(usage: TokenUsage): TokenUsage {
  const cached = (usage.cacheReadInputTokens ?? 0) + (usage.cacheWriteInputTokens ?? 0)
  const input = usage.inputTokens ?? 0
  return cached > 0 && input >= cached ? { ...usage, inputTokens: input - cached } : usage
}

/** Names of the members of Anthropic's `cache_creation`, which hold the time to live. */
const CACHE_CREATION = /^ephemeral_(\w+)_input_tokens$/

/** Anthropic's `usage` of a body, `message_start` or `message_delta`: cached tokens are extra; only here is the TTL split of a write. */
export function anthropicTokens(usage: JsonObject, counters: Counters): TokenUsage | null {
  const split = child(usage, 'cache_creation')
  const parts = Object.keys(split).flatMap((key) => {
    const inputTokens = counters.json(split, key) ?? 0
    return inputTokens === 0 ? [] : [{ ttl: CACHE_CREATION.exec(key)?.[1] ?? key, inputTokens }]
  })
  const cacheDetails = boundedDetails(parts)
  return orNull(
    defined<TokenUsage>({
      inputTokens: counters.json(usage, 'input_tokens'),
      outputTokens: counters.json(usage, 'output_tokens'),
      cacheReadInputTokens: counters.json(usage, 'cache_read_input_tokens'),
      cacheWriteInputTokens: writtenTokens(counters.json(usage, 'cache_creation_input_tokens'), cacheDetails, counters),
      cacheDetails,
    }),
  )
}

export type SplitTokens = { usage: TokenUsage | null; inputAudioTokens?: Amount; outputAudioTokens?: Amount }

/** Names of the counters in OpenAI's two body forms. */
const OPENAI_NAMES = {
  chat: ['prompt_tokens', 'completion_tokens', 'prompt_tokens_details', 'completion_tokens_details'],
  responses: ['input_tokens', 'output_tokens', 'input_tokens_details', 'output_tokens_details'],
} as const

/** OpenAI-shaped `usage`: the prompt counter holds cached, written and audio tokens, which are counted apart here. */
export function openAiTokens(usage: JsonObject, form: keyof typeof OPENAI_NAMES, counters: Counters): SplitTokens {
  const [promptKey, outputKey, promptDetailsKey, outputDetailsKey] = OPENAI_NAMES[form]
  const promptDetails = child(usage, promptDetailsKey)
  const read = counters.json(promptDetails, 'cached_tokens')
  const written = counters.json(promptDetails, 'cache_write_tokens')
  const inputAudio = counters.json(promptDetails, 'audio_tokens')
  const outputAudio = counters.json(child(usage, outputDetailsKey), 'audio_tokens')
  const less = (total: number | undefined, key: string, parts: (number | undefined)[]): number | undefined => {
    if (total === undefined) return undefined
    const rest = total - parts.reduce<number>((sum, part) => sum + (part ?? 0), 0)
    if (rest < 0) counters.note(`${key} ${total} is less than the parts it includes`)
    return Math.max(0, rest)
  }
  const prompt = counters.json(usage, promptKey)
  const output = counters.json(usage, outputKey)
  return {
    usage: orNull(
      defined<TokenUsage>({
        inputTokens: less(prompt, promptKey, [read, written, inputAudio]),
        outputTokens: less(output, outputKey, [outputAudio]),
        totalTokens: counters.json(usage, 'total_tokens'),
        cacheReadInputTokens: read,
        cacheWriteInputTokens: written,
      }),
    ),
    ...(inputAudio ? { inputAudioTokens: inputAudio } : {}),
    ...(outputAudio ? { outputAudioTokens: outputAudio } : {}),
  }
}

/** Titan text and embeddings. A reply may hold several results, each with its own counter. */
export function titanTokens(body: JsonObject, counters: Counters): TokenUsage | null {
  const results = Array.isArray(body.results) ? body.results.filter(isObject) : []
  const counted = results.map((result) => counters.json(result, 'tokenCount')).filter((count) => count !== undefined)
  const total = counters.json(body, 'totalOutputTextTokenCount')
  return orNull(
    defined<TokenUsage>({
      inputTokens: counters.json(body, 'inputTextTokenCount'),
      outputTokens: total ?? (counted.length === 0 ? undefined : counted.reduce((sum, count) => sum + count, 0)),
    }),
  )
}

/** Llama. */
export function llamaTokens(body: JsonObject, counters: Counters): TokenUsage | null {
  return orNull(
    defined<TokenUsage>({
      inputTokens: counters.json(body, 'prompt_token_count'),
      outputTokens: counters.json(body, 'generation_token_count'),
    }),
  )
}

/** `amazon-bedrock-invocationMetrics` of a stream's last chunk; Nova embeddings use the first counter alone. */
export function metricsTokens(metrics: JsonObject, counters: Counters): TokenUsage | null {
  return orNull(
    defined<TokenUsage>({
      inputTokens: counters.json(metrics, 'inputTokenCount'),
      outputTokens: counters.json(metrics, 'outputTokenCount'),
      cacheReadInputTokens: counters.json(metrics, 'cacheReadInputTokenCount'),
      cacheWriteInputTokens: counters.json(metrics, 'cacheWriteInputTokenCount'),
    }),
  )
}

const TOKEN_HEADERS = {
  inputTokens: 'x-amzn-bedrock-input-token-count',
  outputTokens: 'x-amzn-bedrock-output-token-count',
  cacheReadInputTokens: 'x-amzn-bedrock-cache-read-input-token-count',
  cacheWriteInputTokens: 'x-amzn-bedrock-cache-write-input-token-count',
} as const

/** Headers of a non-streaming InvokeModel answer; there is no TTL split in them. */
export function headerTokens(headers: Readonly<Record<string, string>>, counters: Counters): TokenUsage | null {
  return orNull(
    defined<TokenUsage>({
      inputTokens: counters.header(headers, TOKEN_HEADERS.inputTokens),
      outputTokens: counters.header(headers, TOKEN_HEADERS.outputTokens),
      cacheReadInputTokens: counters.header(headers, TOKEN_HEADERS.cacheReadInputTokens),
      cacheWriteInputTokens: counters.header(headers, TOKEN_HEADERS.cacheWriteInputTokens),
    }),
  )
}

const COUNT_HEADER = /^x-amzn-bedrock-.*-count$/

/** Counters among the headers that nobody here knows and that count something. */
export function unknownHeaders(headers: Readonly<Record<string, string>>): readonly string[] {
  const known: readonly string[] = Object.values(TOKEN_HEADERS)
  const found = Object.entries(headers).filter(
    ([name, value]) => COUNT_HEADER.test(name) && !known.includes(name) && Number(value) > 0,
  )
  return boundedNames(found.map(([name]) => name))
}

/** The token headers of an answer as they came. */
export function rawTokenHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.values(TOKEN_HEADERS).flatMap((name) =>
    headers[name] === undefined ? [] : [[name, headers[name]]],
  )
  return Object.fromEntries(kept) as Record<string, string>
}

/** The counters of several readings added up; a counter that none of them has stays absent. */
export function sumOf(readings: readonly TokenUsage[]): TokenUsage {
  const total = (name: 'inputTokens' | 'outputTokens' | 'cacheReadInputTokens' | 'cacheWriteInputTokens') => {
    const told = readings.flatMap((one) => one[name] ?? [])
    return told.length === 0 ? undefined : told.reduce((sum, tokens) => sum + tokens, 0)
  }
  const byTtl = new Map<string, number>()
  for (const { ttl, inputTokens } of readings.flatMap(({ cacheDetails = [] }) => cacheDetails)) {
    byTtl.set(ttl, (byTtl.get(ttl) ?? 0) + inputTokens)
  }
  return defined<TokenUsage>({
    inputTokens: total('inputTokens'),
    outputTokens: total('outputTokens'),
    cacheReadInputTokens: total('cacheReadInputTokens'),
    cacheWriteInputTokens: total('cacheWriteInputTokens'),
    cacheDetails: boundedDetails([...byTtl].map(([ttl, inputTokens]) => ({ ttl, inputTokens }))),
  })
}

/** The first reading, completed by counters that only later ones have. */
export function firstOf(...readings: (TokenUsage | null)[]): TokenUsage | null {
  const found = readings.filter((reading) => reading !== null)
  return found.length === 0 ? null : Object.assign({}, ...found.toReversed())
}
