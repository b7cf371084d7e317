/** Token counters of InvokeModel answers: the family's own body, headers, or the chunks of a stream. */
import { child, isObject, type JsonObject } from '../../base/json.ts'
import type { Counters } from './counters.ts'
import { iterationsOf } from './iterations.ts'
import type { OtherMeters, TokenUsage } from './reading.ts'
import {
  anthropicTokens,
  converseTokens,
  firstOf,
  headerTokens,
  llamaTokens,
  metricsTokens,
  openAiTokens,
  rawTokenHeaders,
  sumOf,
  titanTokens,
  unknownHeaders,
} from './token-shapes.ts'
import { countsSomething, type UsageForm, unknownMembers } from './unknown-members.ts'

export type InvokeTokens = {
  usage: TokenUsage | null
  /** The runs of the model that `usage` sums up, where the answer tells them apart. */
  runs: readonly TokenUsage[] | null
  other: OtherMeters
  /** Members that count something nobody here knows. */
  unknown: readonly string[]
  raw: unknown
}

/** The forms are told apart by the names of their counters, not by the model: new models bring old forms. */
function formOf(usage: JsonObject): UsageForm {
  if ('prompt_tokens' in usage || 'completion_tokens' in usage) return 'openai-chat'
  if ('input_tokens_details' in usage || 'output_tokens_details' in usage) {
    return 'cache_read_input_tokens' in usage ? 'anthropic' : 'openai-responses'
  }
  if ('input_tokens' in usage || 'output_tokens' in usage) return 'anthropic'
  return 'converse'
}

/** Web searches and other tools that ran at the vendor's side; uses that are counted in a form of their own are no number here. */
function toolUses(usage: JsonObject, counters: Counters): OtherMeters {
  const tools = { ...child(usage, 'serverToolUsage'), ...child(usage, 'server_tool_use') }
  let uses = 0
  for (const [name, value] of Object.entries(tools)) {
    if (typeof value !== 'object') uses += counters.json(tools, name) ?? 0
    else if (countsSomething(value)) return { serverToolUses: null }
  }
  return uses === 0 ? {} : { serverToolUses: uses }
}

/** `usage` of a Converse answer or `metadata` event. */
export function converseUsage(usage: JsonObject, counters: Counters): InvokeTokens {
  return {
    usage: converseTokens(usage, counters),
    runs: null,
    other: toolUses(usage, counters),
    unknown: unknownMembers(usage, 'converse'),
    raw: usage,
  }
}

/** Anthropic's counters: those of the top level, or the sum of the runs where they are told. */
function anthropicRuns(
  usage: JsonObject,
  top: TokenUsage | null,
  counters: Counters,
): Pick<InvokeTokens, 'usage' | 'runs' | 'unknown'> {
  const { parts, unknown } = iterationsOf(usage, top, counters)
  const all = [...unknownMembers(usage, 'anthropic'), ...unknown]
  return { usage: parts === null ? top : sumOf(parts), runs: parts, unknown: all }
}

/**
 * Non-streaming. Anthropic- and OpenAI-shaped bodies come before the headers, because only they have the TTL split and the
 * cached share; elsewhere the headers come first and the body completes them.
 */
export function invokeTokens(
  body: unknown,
  headers: Readonly<Record<string, string>>,
  counters: Counters,
): InvokeTokens {
  const object = isObject(body) ? body : {}
  const usage = child(object, 'usage')
  const form = formOf(usage)
  const rawHeaders = rawTokenHeaders(headers)
  const raw = rawOf({ ...rawHeaders, ...pickCounters(object) })
  const unknown = [...unknownMembers(usage, form), ...unknownHeaders(headers)]
  if (form === 'openai-chat' || form === 'openai-responses') {
    const { usage: tokens, ...audio } = openAiTokens(usage, form === 'openai-chat' ? 'chat' : 'responses', counters)
    const other = { ...audio, ...toolUses(usage, counters) }
    return { usage: tokens ?? headerTokens(headers, counters), runs: null, other, unknown, raw }
  }
  const other = toolUses(usage, counters)
  const fromHeaders = headerTokens(headers, counters)
  if (form === 'anthropic') {
    const read = anthropicRuns(usage, firstOf(anthropicTokens(usage, counters), fromHeaders), counters)
    return { ...read, other, unknown: [...read.unknown, ...unknownHeaders(headers)], raw }
  }
  return {
    usage: firstOf(fromHeaders, plainTokens(object, usage, counters), metricsOf([object], counters)),
    runs: null,
    other,
    unknown: [...unknown, ...unknownMembers(lastMetrics([object]), 'metrics')],
    raw,
  }
}

function plainTokens(object: JsonObject, usage: JsonObject, counters: Counters): TokenUsage | null {
  return firstOf(
    converseTokens(usage, counters),
    titanTokens(object, counters),
    llamaTokens(object, counters),
    metricsTokens(object, counters),
  )
}

/** Top-level body fields that are counters or hold them. */
const COUNTER_FIELDS = [
  'usage',
  'inputTextTokenCount',
  'totalOutputTextTokenCount',
  'prompt_token_count',
  'generation_token_count',
  'inputTokenCount',
  'amazon-bedrock-invocationMetrics',
]

const pickCounters = (object: JsonObject): JsonObject =>
  Object.fromEntries(COUNTER_FIELDS.flatMap((key) => (object[key] == null ? [] : [[key, object[key]]])))

const rawOf = (fields: JsonObject): unknown => (Object.keys(fields).length === 0 ? null : fields)

const METRICS = 'amazon-bedrock-invocationMetrics'

function lastMetrics(chunks: readonly JsonObject[]): JsonObject {
  const last = chunks.findLast((chunk) => isObject(chunk[METRICS]))
  return child(last, METRICS)
}

function metricsOf(chunks: readonly JsonObject[], counters: Counters): TokenUsage | null {
  return metricsTokens(lastMetrics(chunks), counters)
}

/**
 * A stream's chunks. The family's own counters come first; `amazon-bedrock-invocationMetrics` of the last chunk, which
 * repeats them without the TTL split, completes them.
 */
export function streamTokens(chunks: readonly unknown[], counters: Counters): InvokeTokens {
  const objects = chunks.filter(isObject)
  const raw = objects.map(rawChunk).filter((chunk) => chunk !== null)
  const metrics = metricsOf(objects, counters)
  const read = streamFamily(objects, metrics, counters)
  const unknown = [...read.unknown, ...unknownMembers(lastMetrics(objects), 'metrics')]
  return { ...read, unknown, raw: raw.length === 0 ? null : raw }
}

function streamFamily(
  chunks: readonly JsonObject[],
  metrics: TokenUsage | null,
  counters: Counters,
): Omit<InvokeTokens, 'raw'> {
  const start = chunks.findLast((chunk) => chunk.type === 'message_start')
  const delta = chunks.findLast((chunk) => chunk.type === 'message_delta' && isObject(chunk.usage))
  if (start !== undefined || delta !== undefined) {
    const begun = child(child(start, 'message'), 'usage')
    const ended = child(delta, 'usage')
    // `output_tokens` of message_start counts what was ready at the start; it says nothing about the whole.
    const { outputTokens: _ready, ...input } = anthropicTokens(begun, counters) ?? {}
    const top = firstOf(Object.keys(input).length === 0 ? null : input, anthropicTokens(ended, counters), metrics)
    // An empty list at the end does not take back the runs that were told at the start.
    const told = countsSomething(ended.iterations) ? ended.iterations : begun.iterations
    const both = { ...begun, ...ended, iterations: told }
    return { ...anthropicRuns(both, top, counters), other: toolUses(both, counters) }
  }
  const withUsage = chunks.findLast((chunk) => formOf(child(chunk, 'usage')).startsWith('openai'))
  if (withUsage !== undefined) {
    const told = child(withUsage, 'usage')
    const { usage, ...audio } = openAiTokens(told, 'chat', counters)
    const other = { ...audio, ...toolUses(told, counters) }
    // Not completed by the metrics: the prompt counter here includes what the metrics would count again.
    return { usage: usage ?? metrics, runs: null, other, unknown: unknownMembers(told, 'openai-chat') }
  }
  const speech = speechTokens(chunks, counters)
  if (speech !== null) return speech
  const described = chunks.findLast((chunk) => isObject(chunk.metadata))
  const metadata = child(child(described, 'metadata'), 'usage')
  // Titan and Llama count on from chunk to chunk, and leave null what a chunk does not know.
  const merged: Record<string, unknown> = {}
  for (const chunk of chunks) {
    for (const [key, value] of Object.entries(chunk)) if (value !== null) merged[key] = value
  }
  return {
    usage: firstOf(
      converseTokens(metadata, counters),
      titanTokens(merged, counters),
      llamaTokens(merged, counters),
      metrics,
    ),
    runs: null,
    other: toolUses(metadata, counters),
    unknown: unknownMembers(metadata, 'converse'),
  }
}

/**
 * Nova Sonic's `usageEvent`, whose totals grow through the session, so the last one counts.
 * https://docs.aws.amazon.com/nova/latest/userguide/output-events.html
 */
function speechTokens(chunks: readonly JsonObject[], counters: Counters): Omit<InvokeTokens, 'raw'> | null {
  const details = chunks.map((chunk) => child(usageEventOf(chunk), 'details'))
  const last = details.findLast((one) => isObject(one.total))
  const total = child(last, 'total')
  const input = child(total, 'input')
  const output = child(total, 'output')
  if (Object.keys(input).length + Object.keys(output).length === 0) return null
  return {
    usage: {
      inputTokens: counters.json(input, 'textTokens') ?? 0,
      outputTokens: counters.json(output, 'textTokens') ?? 0,
    },
    other: {
      inputAudioTokens: counters.json(input, 'speechTokens') ?? 0,
      outputAudioTokens: counters.json(output, 'speechTokens') ?? 0,
    },
    runs: null,
    unknown: [...unknownMembers(input, 'speech'), ...unknownMembers(output, 'speech')],
  }
}

/** Some captures keep the `event` envelope, some do not. */
const usageEventOf = (chunk: JsonObject): JsonObject => child(isObject(chunk.event) ? chunk.event : chunk, 'usageEvent')

/** The part of a chunk that holds counters; null where there is none. Text of the answer is not kept. */
function rawChunk(chunk: JsonObject): unknown {
  const message = child(chunk, 'message')
  const metadata = child(chunk, 'metadata')
  const usageEvent = usageEventOf(chunk)
  return rawOf({
    ...pickCounters(chunk),
    ...(isObject(message.usage) ? { message: { usage: message.usage } } : {}),
    ...(isObject(metadata.usage) ? { metadata: { usage: metadata.usage } } : {}),
    ...(Object.keys(usageEvent).length === 0 ? {} : { usageEvent }),
  })
}
