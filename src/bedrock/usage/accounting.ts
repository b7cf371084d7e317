/**
 * How an operation is accounted for: what bills it, and the reader that finds its usage in an exchange. An entry of the table of
 * operations names one reader; a new way of reporting usage is a new reader here.
 */
import { child, isObject, type JsonObject } from '../../base/json.ts'
import type { ModelFamily } from '../model/families/family.ts'
import type { Counters } from './counters.ts'
import { checkUnits, guardrailUnits, unknownUnits } from './guardrail.ts'
import { imagesInMessage, mediaMeters, rerankQueries, videoMeters } from './media.ts'
import { converseUsage, type InvokeTokens, invokeTokens, streamTokens } from './model-bodies.ts'
import type { OtherMeters } from './reading.ts'
import { withoutCachedInput } from './token-shapes.ts'
import type { WireParts } from './wire-parts.ts'

export type Accounting = {
  /** AWS's name of the operation. */
  readonly name: string
  /** What the call is billed for: the model that answered, a guardrail and no model, or nothing. */
  readonly bills: 'model' | 'guardrail' | 'nothing'
  readonly usage: UsageReader
}

/** What a reader has to go by. */
export type Exchange = { family: ModelFamily; parts: WireParts; counters: Counters }

/**
 * Usage of one exchange, and the part of the answer that carries its tier, latency and trace. `runs` and `unknown` may be left
 * out where the form has neither.
 */
export type Consumption = Omit<InvokeTokens, 'runs' | 'unknown'> &
  Partial<Pick<InvokeTokens, 'runs' | 'unknown'>> & { answer: JsonObject }

/** Never throws: nonsense is noted in the counters, absence is null. */
export type UsageReader = (exchange: Exchange) => Consumption

/** `usage` of a Converse answer. */
export function converseBody({ family, parts, counters }: Exchange): Consumption {
  const answer = objectOf(parts.body)
  const read = withVideo(converseUsage(child(answer, 'usage'), counters), family)
  return { ...read, other: { ...read.other, ...imagesInMessage(answer) }, answer }
}

/** `usage` of ConverseStream's `metadata` event. */
export function converseMetadata({ family, parts, counters }: Exchange): Consumption {
  const answer = objectOf(parts.metadata)
  const read = withVideo(converseUsage(child(answer, 'usage'), counters), family)
  if (read.usage === null || !family.streamInputHoldsCached) return { ...read, answer }
  return { ...read, usage: withoutCachedInput(read.usage), answer }
}

/** The model's own body with Bedrock's headers; an answer that came as a stream on the same path is read from its chunks. */
export function modelBody(exchange: Exchange): Consumption {
  const { family, parts, counters } = exchange
  if (parts.body === undefined && parts.chunks !== undefined) return modelChunks(exchange)
  const read = invokeTokens(parts.body, parts.headers ?? {}, counters)
  const media = mediaMeters(family.measuredBy, parts.request, parts.body, counters)
  const other = { ...read.other, ...imagesInMessage(parts.body), ...media }
  return { ...read, other, raw: rawWithMedia(read.raw, other), answer: answerOf(parts) }
}

/** The chunks of InvokeModelWithResponseStream and of the bidirectional stream. */
export function modelChunks({ family, parts, counters }: Exchange): Consumption {
  return { ...withVideo(streamTokens(parts.chunks ?? [], counters), family), answer: answerOf(parts) }
}

/** Rerank of the agent runtime answers no counter: the request says how many documents were ranked. */
export function rerankRequest({ parts, counters }: Exchange): Consumption {
  const other = { queries: rerankQueries(parts.request, counters) }
  return { usage: null, other, raw: rawWithMedia(null, other), answer: answerOf(parts) }
}

/** `usage` of ApplyGuardrail. */
export function guardrailBody(exchange: Exchange): Consumption {
  const unknown = unknownUnits(child(exchange.parts.body, 'usage'))
  return { ...unitsOf(exchange, guardrailUnits), unknown }
}

/** `usage` of InvokeGuardrailChecks. */
export function guardrailChecks(exchange: Exchange): Consumption {
  return unitsOf(exchange, checkUnits)
}

/** No usage: a free operation, or one that is not known. */
export function nothing({ parts }: Exchange): Consumption {
  return { usage: null, other: {}, raw: null, answer: answerOf(parts) }
}

function unitsOf({ parts, counters }: Exchange, read: typeof guardrailUnits): Consumption {
  const usage = child(parts.body, 'usage')
  const units = read(usage, counters)
  const reported = Object.keys(units).length > 0
  const other = { guardrailUnits: reported ? units : null }
  return { usage: null, other, raw: reported ? usage : null, answer: answerOf(parts) }
}

/** The body, or the top-level fields of all chunks, later ones first: tier and trace of a stream stand in one of the last. */
function answerOf({ body, chunks = [] }: WireParts): JsonObject {
  return objectOf(body ?? Object.assign({}, ...chunks.filter(isObject)))
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

function withVideo(read: InvokeTokens, { measuredBy }: ModelFamily): InvokeTokens {
  return { ...read, other: { ...read.other, ...videoMeters(measuredBy) } }
}

const MEDIA_METERS: ReadonlySet<string> = new Set<keyof OtherMeters>(['images', 'inputImages', 'queries'])

/** Counted images and queries have no counter on the wire, so the count itself is kept beside the wire's own counters. */
function rawWithMedia(raw: unknown, other: OtherMeters): unknown {
  const counted = Object.entries(other).filter(([key, amount]) => amount !== null && MEDIA_METERS.has(key))
  if (counted.length === 0) return raw
  return { ...objectOf(raw), ...Object.fromEntries(counted) }
}
