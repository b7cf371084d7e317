/** Sound answers of bedrock-runtime's operations, for any model id. */
import { errorReply } from '../errors.ts'
import { chunkFrame } from '../frames.ts'
import type { SimulatedRequest } from '../operations.ts'
import type { Reply } from '../reply.ts'
import { converseBody, converseFrames } from './converse.ts'
import { type Draft, draftAnswer } from './draft.ts'
import { familyOf } from './family.ts'
import { object, readCountTokensInput, readPrompt } from './prompt.ts'

const MALFORMED = 'Malformed input request, please reformat your input and try again.'

const EVENT_STREAM = 'application/vnd.amazon.eventstream'

export function converse(request: SimulatedRequest): Reply {
  return jsonReply(converseBody(draftOf(request)))
}

export function converseStream(request: SimulatedRequest): Reply {
  return streamReply(converseFrames(draftOf(request)))
}

export function invokeModel(request: SimulatedRequest): Reply {
  const draft = draftOf(request)
  const family = familyOf(request.model, request.body)
  return jsonReply(family.body(draft, request.body), {
    ...servedHeaders(draft),
    ...tokenHeaders(draft, family.chunks !== null),
  })
}

export function invokeModelStream(request: SimulatedRequest): Reply {
  const family = familyOf(request.model, request.body)
  if (family.chunks === null) {
    return errorReply('ValidationException', { message: 'The model is unsupported for streaming.' })
  }
  const draft = draftOf(request)
  const headers = { 'x-amzn-bedrock-content-type': 'application/json', ...servedHeaders(draft) }
  return streamReply(invokeFrames(family.chunks(draft), draft), headers)
}

export function countTokens({ body }: SimulatedRequest): Reply {
  const inputTokens = readCountTokensInput(body)
  return inputTokens === null ? malformed() : jsonReply({ inputTokens })
}

/** What AWS says of a body that is no JSON object. */
export function malformed(): Reply {
  return errorReply('ValidationException', { message: MALFORMED })
}

function draftOf({ model, headers, body, fault }: SimulatedRequest): Draft {
  const asked = {
    serviceTier: text(object(body.serviceTier).type) ?? headers['x-amzn-bedrock-service-tier'] ?? null,
    performanceLatency:
      text(object(body.performanceConfig).latency) ?? headers['x-amzn-bedrock-performanceconfig-latency'] ?? null,
  }
  return draftAnswer(model, readPrompt(body), asked, fault)
}

/** The last chunk of every family holds the metrics of the call. */
function* invokeFrames(chunks: Iterable<object>, draft: Draft): Generator<Uint8Array> {
  let index = 0
  let waiting: object | null = null
  for (const chunk of chunks) {
    if (waiting !== null) yield chunkFrame(waiting, index++)
    waiting = chunk
  }
  if (waiting !== null) yield chunkFrame({ ...waiting, ...invocationMetrics(draft) }, index)
}

function invocationMetrics(draft: Draft): object {
  const { usage } = draft
  if (usage === null) return {}
  return {
    'amazon-bedrock-invocationMetrics': {
      inputTokenCount: usage.inputTokens,
      outputTokenCount: usage.outputTokens,
      invocationLatency: draft.latencyMs,
      firstByteLatency: draft.firstByteMs,
      ...(usage.cacheReadInputTokens === undefined ? {} : { cacheReadInputTokenCount: usage.cacheReadInputTokens }),
      ...(usage.cacheWriteInputTokens === undefined ? {} : { cacheWriteInputTokenCount: usage.cacheWriteInputTokens }),
    },
  }
}

/** An embedding has no output tokens, and then no header for them. */
function tokenHeaders(draft: Draft, generates: boolean): Record<string, string> {
  const { usage } = draft
  const counts: readonly (readonly [string, number | undefined])[] = [
    ['x-amzn-bedrock-invocation-latency', draft.latencyMs],
    ['x-amzn-bedrock-input-token-count', usage?.inputTokens],
    ['x-amzn-bedrock-output-token-count', generates ? usage?.outputTokens : undefined],
    ['x-amzn-bedrock-cache-read-input-token-count', usage?.cacheReadInputTokens],
    ['x-amzn-bedrock-cache-write-input-token-count', usage?.cacheWriteInputTokens],
  ]
  return Object.fromEntries(counts.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])))
}

function servedHeaders(draft: Draft): Record<string, string> {
  return {
    ...(draft.serviceTier === null ? {} : { 'x-amzn-bedrock-service-tier': draft.serviceTier }),
    ...(draft.performanceLatency === null
      ? {}
      : { 'x-amzn-bedrock-performanceconfig-latency': draft.performanceLatency }),
  }
}

export function jsonReply(body: object, headers: Record<string, string> = {}): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(body)),
  }
}

export function streamReply(frames: Iterable<Uint8Array>, headers: Record<string, string> = {}): Reply {
  return { status: 200, headers: { 'content-type': EVENT_STREAM, ...headers }, body: frames }
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
