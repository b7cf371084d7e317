/** Three operations that AWS does not have, each by one entry of the table. Web standards only: the Worker and the tests read this file. */
import type { Operation } from '../../src/bedrock/operations/operation.ts'
import { pathTemplate } from '../../src/bedrock/operations/path-template.ts'
import { type Consumption, converseMetadata, type Exchange, nothing } from '../../src/bedrock/usage/accounting.ts'

/** A JSON answer under status 201, whose usage stands in the body under names of its own. */
const PAINT_WORDS: Operation = {
  name: 'PaintWords',
  service: 'bedrock-runtime',
  method: 'PUT',
  path: pathTemplate('/easels/{modelId}/words/'),
  resource: { kind: 'model', at: { in: 'path', label: 'modelId' } },
  answer: { kind: 'json' },
  successStatuses: [201],
  bills: 'model',
  usage: paintedWords,
  pricedByRequest: 'never',
  fallback: 'any-group',
  repeat: 'always',
  credentials: ['keys', 'api-key'],
  health: 'deployment',
  requestMetadata: { in: 'body', path: ['notes', 'client'] },
  guardrail: null,
  serviceTier: null,
  probe: null,
}

function paintedWords({ parts, counters }: Exchange): Consumption {
  const body = Object(parts.body) as Record<string, Record<string, unknown>>
  const painted = body.painted ?? {}
  const inputTokens = counters.json(painted, 'wordsIn')
  const outputTokens = counters.json(painted, 'wordsOut')
  const isCounted = typeof inputTokens === 'number' && typeof outputTokens === 'number'
  return { usage: isCounted ? { inputTokens, outputTokens } : null, other: {}, raw: painted, answer: body }
}

/** A stream with events, an end and an exception of its own. */
const HUM_ALONG: Operation = {
  name: 'HumAlong',
  service: 'bedrock-runtime',
  method: 'POST',
  path: pathTemplate('/choirs/{modelId}/hum'),
  resource: { kind: 'model', at: { in: 'path', label: 'modelId' } },
  answer: {
    kind: 'event-stream',
    content: ['tone', 'chord'],
    usageIn: { kind: 'event', event: 'toll' },
    end: { by: 'event', event: 'silence' },
    cut: 'choirBrokeUpException',
  },
  successStatuses: [200],
  bills: 'model',
  usage: converseMetadata,
  pricedByRequest: 'never',
  fallback: 'none',
  repeat: 'always',
  credentials: ['keys', 'api-key'],
  health: 'deployment',
  requestMetadata: null,
  guardrail: null,
  serviceTier: null,
  probe: null,
}

/** A look without a body, which costs nothing. */
const SHOW_EASEL: Operation = {
  ...PAINT_WORDS,
  name: 'ShowEasel',
  method: 'GET',
  path: pathTemplate('/easels/{modelId}'),
  successStatuses: [200],
  bills: 'nothing',
  usage: nothing,
  fallback: 'none',
  requestMetadata: null,
}

export const MADE_UP_OPERATIONS: readonly Operation[] = [PAINT_WORDS, HUM_ALONG, SHOW_EASEL]
