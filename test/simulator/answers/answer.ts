/** A sound answer to any request of the operations known, for any model id. */
import { errorReply } from '../errors.ts'
import type { Fault } from '../faults.ts'
import { chunkFrame } from '../frames.ts'
import type { Reply } from '../reply.ts'
import type { Route } from '../route.ts'
import { converseBody, converseFrames } from './converse.ts'
import { type Draft, draftAnswer } from './draft.ts'
import { familyOf } from './family.ts'
import { object, parseObject, readCountTokensInput, readPrompt } from './prompt.ts'

const MALFORMED = 'Malformed input request, please reformat your input and try again.'

const EVENT_STREAM = 'application/vnd.amazon.eventstream'

/** Fields of `fault` that shape the content are honoured here; those of the transport are not looked at. */
export function answer(
  target: Route,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
  fault: Fault,
): Reply {
  const request = parseObject(body)
  if (request === null) return errorReply('ValidationException', { message: MALFORMED })
  if (target.operation === 'CountTokens') {
    const inputTokens = readCountTokensInput(request)
    return inputTokens === null ? errorReply('ValidationException', { message: MALFORMED }) : json({ inputTokens })
  }
  const asked = {
    serviceTier: text(object(request.serviceTier).type) ?? headers['x-amzn-bedrock-service-tier'] ?? null,
    performanceLatency:
      text(object(request.performanceConfig).latency) ?? headers['x-amzn-bedrock-performanceconfig-latency'] ?? null,
  }
  const draft = draftAnswer(target.model, readPrompt(request), asked, fault)
  if (target.operation === 'Converse') return json(converseBody(draft))
  if (target.operation === 'ConverseStream') return stream(converseFrames(draft), {})

  const family = familyOf(target.model, request)
  if (target.operation === 'InvokeModel') {
    return json(family.body(draft, request), {
      ...servedHeaders(draft),
      ...tokenHeaders(draft, family.chunks !== null),
    })
  }
  if (family.chunks === null) {
    return errorReply('ValidationException', { message: 'The model is unsupported for streaming.' })
  }
  const chunks = invokeFrames(family.chunks(draft), draft)
  return stream(chunks, { 'x-amzn-bedrock-content-type': 'application/json', ...servedHeaders(draft) })
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

function json(body: object, headers: Record<string, string> = {}): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(JSON.stringify(body)),
  }
}

function stream(frames: Iterable<Uint8Array>, headers: Record<string, string>): Reply {
  return { status: 200, headers: { 'content-type': EVENT_STREAM, ...headers }, body: frames }
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
