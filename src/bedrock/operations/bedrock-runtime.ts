/**
 * The operations of `bedrock-runtime`.
 * Source: AWS's service model, https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html
 */
import { converseBody, converseMetadata, modelBody, modelChunks, nothing } from '../usage/accounting.ts'
import type { Operation } from './operation.ts'
import { pathTemplate } from './path-template.ts'

const MODEL = { kind: 'model', at: { in: 'path', label: 'modelId' } } as const

/** What all operations have in common that ask a model for an answer. */
const MODEL_CALL = {
  service: 'bedrock-runtime',
  method: 'POST',
  resource: MODEL,
  successStatuses: [200],
  bills: 'model',
  repeat: 'always',
  credentials: ['keys', 'api-key'],
  health: 'deployment',
} as const satisfies Partial<Operation>

/** Converse and ConverseStream: one body for all models, in which everything stands. */
const CONVERSE_CALL = {
  ...MODEL_CALL,
  pricedByRequest: 'never',
  fallback: 'any-group',
  requestMetadata: { in: 'body', path: ['requestMetadata'] },
  guardrail: { in: 'body', path: ['guardrailConfig', 'guardrailIdentifier'] },
  serviceTier: { in: 'body', path: ['serviceTier', 'type'] },
} as const satisfies Partial<Operation>

/** InvokeModel and its stream: the model's own body, with Bedrock's parameters in headers. */
const INVOKE_CALL = {
  ...MODEL_CALL,
  pricedByRequest: 'by-model',
  fallback: 'same-body-family',
  requestMetadata: { in: 'header', name: 'x-amzn-bedrock-request-metadata' },
  guardrail: { in: 'header', name: 'x-amzn-bedrock-guardrailidentifier' },
  serviceTier: { in: 'header', name: 'x-amzn-bedrock-service-tier' },
  probe: null,
} as const satisfies Partial<Operation>

const PING = [{ role: 'user', content: [{ text: 'ping' }] }]

export const BEDROCK_RUNTIME: readonly Operation[] = [
  {
    ...CONVERSE_CALL,
    name: 'Converse',
    path: pathTemplate('/model/{modelId}/converse'),
    answer: { kind: 'json' },
    usage: converseBody,
    probe: { cost: 'paid', body: JSON.stringify({ messages: PING, inferenceConfig: { maxTokens: 1 } }) },
  },
  {
    ...CONVERSE_CALL,
    name: 'ConverseStream',
    path: pathTemplate('/model/{modelId}/converse-stream'),
    answer: {
      kind: 'event-stream',
      content: ['contentBlockDelta'],
      usageIn: { kind: 'event', event: 'metadata' },
      end: { by: 'event', event: 'messageStop' },
      cut: 'modelStreamErrorException',
    },
    usage: converseMetadata,
    probe: null,
  },
  {
    ...INVOKE_CALL,
    name: 'InvokeModel',
    path: pathTemplate('/model/{modelId}/invoke'),
    answer: { kind: 'blob' },
    usage: modelBody,
  },
  {
    ...INVOKE_CALL,
    name: 'InvokeModelWithResponseStream',
    path: pathTemplate('/model/{modelId}/invoke-with-response-stream'),
    answer: {
      kind: 'event-stream',
      content: ['chunk'],
      usageIn: { kind: 'model-chunks', event: 'chunk' },
      end: { by: 'model-chunks' },
      cut: 'modelStreamErrorException',
    },
    usage: modelChunks,
  },
  {
    ...MODEL_CALL,
    name: 'CountTokens',
    path: pathTemplate('/model/{modelId}/count-tokens'),
    answer: { kind: 'json' },
    // Not charged: https://docs.aws.amazon.com/bedrock/latest/userguide/count-tokens.html
    bills: 'nothing',
    usage: nothing,
    pricedByRequest: 'never',
    fallback: 'none',
    health: 'own',
    requestMetadata: null,
    guardrail: null,
    serviceTier: null,
    probe: { cost: 'free', body: JSON.stringify({ input: { converse: { messages: PING } } }) },
  },
]
