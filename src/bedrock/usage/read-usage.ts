/** One reader of usage for live calls, recorded cases and calculations. */
import { parseModelId, vendorOf } from '../model/model-id.ts'
import { type Counters, child, createCounters, isObject, type Json, textOf } from './counters.ts'
import { checkUnits, guardrailUnits, tracedGuardrailUnits } from './guardrail.ts'
import { imageRequest, mediaMeters, rerankQueries, videoMeters } from './media.ts'
import { converseUsage, type InvokeTokens, invokeTokens, streamTokens } from './model-bodies.ts'
import type { OtherMeters, UsageReading } from './reading.ts'
import { withoutCachedInput } from './token-shapes.ts'
import type { WireParts } from './wire-parts.ts'

const HEADER_TIER = 'x-amzn-bedrock-service-tier'
const HEADER_LATENCY = 'x-amzn-bedrock-performanceconfig-latency'

/**
 * What an exchange consumed. Never throws: nonsense is named in `problem`, absence is null.
 *
 * @param operation AWS's name of the operation; the OpenAI- and Anthropic-shaped paths are `ChatCompletions`, `Responses`, `Messages`
 * @param modelId what was called; for an ARN that hides its model, the model it stands for where that is known
 */
export function readUsage(operation: string, modelId: string, parts: WireParts): UsageReading {
  const counters = createCounters()
  const answer = answerOf(operation, parts)
  const { usage, other, raw } = consumption(operation, modelId, parts, counters)
  const headers = parts.headers ?? {}
  return {
    usage,
    other: operation === 'ApplyGuardrail' ? other : { ...other, ...tracedUnits(answer, parts.request, counters) },
    imageRequest: other.images === undefined ? null : imageRequest(parts.request, counters),
    raw,
    servedTier: textOf(child(answer, 'serviceTier').type) ?? headers[HEADER_TIER] ?? textOf(answer.service_tier),
    latency: textOf(child(answer, 'performanceConfig').latency) ?? headers[HEADER_LATENCY] ?? null,
    routedModel: textOf(child(child(answer, 'trace'), 'promptRouter').invokedModelId),
    problem: counters.problem(),
  }
}

/** The object that carries tier, latency and trace: the body, `metadata`, or the last chunk of a stream. */
function answerOf(operation: string, parts: WireParts): Json {
  const answer = operation === 'ConverseStream' ? parts.metadata : (parts.body ?? mergedChunks(parts.chunks))
  return isObject(answer) ? answer : {}
}

/** Top-level fields of all chunks, later ones first: the trace and the tier of a stream stand in one of the last. */
const mergedChunks = (chunks: readonly unknown[] | undefined): Json =>
  Object.assign({}, ...(chunks ?? []).filter(isObject))

function tracedUnits(answer: Json, request: unknown, counters: Counters): OtherMeters {
  const units = tracedGuardrailUnits(answer, request, counters)
  return units === undefined ? {} : { guardrailUnits: units }
}

function consumption(operation: string, modelId: string, parts: WireParts, counters: Counters): InvokeTokens {
  const reference = parseModelId(modelId)
  const id = 'id' in reference ? reference.id : ''
  const withVideo = (read: InvokeTokens): InvokeTokens => ({ ...read, other: { ...read.other, ...videoMeters(id) } })
  switch (operation) {
    case 'Converse':
      return withVideo(converseUsage(child(parts.body, 'usage'), counters))
    case 'ConverseStream': {
      const read = withVideo(converseUsage(child(parts.metadata, 'usage'), counters))
      if (read.usage === null || vendorOf(id) !== 'openai') return read
      return { ...read, usage: withoutCachedInput(read.usage) }
    }
    case 'InvokeModelWithResponseStream':
    case 'InvokeModelWithBidirectionalStream':
      return withVideo(streamTokens(parts.chunks ?? [], counters))
    case 'InvokeModel':
    case 'ChatCompletions':
    case 'Responses':
    case 'Messages': {
      if (parts.body === undefined && parts.chunks !== undefined) return withVideo(streamTokens(parts.chunks, counters))
      const read = invokeTokens(parts.body, parts.headers ?? {}, counters)
      const other = { ...read.other, ...mediaMeters(id, parts.request, parts.body, counters) }
      return { ...read, other, raw: rawWithMedia(read.raw, other) }
    }
    case 'Rerank': {
      const other = { queries: rerankQueries(parts.request, counters) }
      return { usage: null, other, raw: rawWithMedia(null, other) }
    }
    case 'ApplyGuardrail':
      return guardrailUsage(parts.body, guardrailUnits, counters)
    case 'InvokeGuardrailChecks':
      return guardrailUsage(parts.body, checkUnits, counters)
    default:
      return { usage: null, other: {}, raw: null }
  }
}

function guardrailUsage(body: unknown, read: typeof guardrailUnits, counters: Counters): InvokeTokens {
  const usage = child(body, 'usage')
  const units = read(usage, counters)
  const reported = Object.keys(units).length > 0
  return { usage: null, other: { guardrailUnits: reported ? units : null }, raw: reported ? usage : null }
}

/** Counted images and queries have no counter on the wire, so the count itself is kept beside the wire's own counters. */
function rawWithMedia(raw: unknown, other: OtherMeters): unknown {
  const counted = Object.entries(other).filter(([key, amount]) => amount !== null && MEDIA_METERS.has(key))
  if (counted.length === 0) return raw
  return { ...(isObject(raw) ? raw : {}), ...Object.fromEntries(counted) }
}

const MEDIA_METERS: ReadonlySet<string> = new Set(['images', 'inputImages', 'queries'])
