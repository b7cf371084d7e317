import { describe, expect, it } from 'vitest'
import { accountingOf } from '../../../src/bedrock/usage/priced-operations.ts'
import { readUsage } from '../../../src/bedrock/usage/read-usage.ts'

const invoke = (model: string, request: unknown, body: unknown) =>
  readUsage(accountingOf('InvokeModel'), model, { request, body })

describe('images', () => {
  it('are counted in the answer', () => {
    const request = { imageGenerationConfig: { numberOfImages: 4, width: 1024, height: 512 } }
    const reading = invoke('amazon.nova-canvas-v1:0', request, { images: ['a', 'b', 'c', null] })
    expect(reading.other).toEqual({ images: 3 })
    expect(reading.imageRequest).toEqual({ pixels: 524288, steps: null, longerSide: 1024, quality: 'standard' })
    expect(reading.raw).toEqual({ images: 3 })
  })

  it('of Stable Diffusion XL are its artifacts, and size and steps are what was asked', () => {
    const reading = invoke(
      'stability.stable-diffusion-xl-v1',
      { width: 512, height: 512, steps: 70 },
      { artifacts: [{}, {}] },
    )
    expect(reading.other).toEqual({ images: 2 })
    expect(reading.imageRequest).toEqual({ pixels: 262144, steps: 70, longerSide: 512, quality: 'standard' })
  })

  it('that the answer does not show are not known', () => {
    expect(invoke('us.stability.sd3-5-large-v1:0', {}, { error: 'filtered' }).other).toEqual({ images: null })
  })
})

describe('rerank queries', () => {
  const documents = (count: number) => ({ query: 'q', documents: new Array(count).fill('d') })

  it.each([
    [1, 1],
    [100, 1],
    [101, 2],
    [250, 3],
  ])('%i documents are %i queries', (count, queries) => {
    expect(invoke('cohere.rerank-v3-5:0', documents(count), { results: [] }).other).toEqual({ queries })
  })

  it('are not known without the request', () => {
    expect(invoke('amazon.rerank-v1:0', undefined, { results: [{}] }).other).toEqual({ queries: null })
  })

  it('of the Rerank operation come from its sources', () => {
    const request = { queries: [{ type: 'TEXT' }], sources: new Array(150).fill({}) }
    expect(
      readUsage(accountingOf('Rerank'), 'arn:aws:bedrock:us-west-2::foundation-model/amazon.rerank-v1:0', { request })
        .other,
    ).toEqual({
      queries: 2,
    })
  })
})

describe('embeddings of more than text', () => {
  it('count an image that was given', () => {
    expect(
      invoke('amazon.titan-embed-image-v1', { inputImage: 'b64', inputText: 'x' }, { inputTextTokenCount: 3 }).other,
    ).toEqual({
      inputImages: 1,
    })
    expect(invoke('amazon.titan-embed-image-v1', { inputText: 'x' }, { inputTextTokenCount: 3 }).other).toEqual({})
  })

  it.each([
    [{ image: { source: {} } }, { inputImages: 1 }],
    [{ image: { detailLevel: 'STANDARD_IMAGE' } }, { inputImages: 1 }],
    [{ image: { detailLevel: 'DOCUMENT_IMAGE' } }, { inputImages: null }],
    [{ video: {} }, { videoSeconds: null }],
    [{ audio: {} }, { audioSeconds: null }],
    [{ text: {} }, {}],
  ])('Nova with %j has the meters %j', (singleEmbeddingParams, other) => {
    expect(invoke('amazon.nova-2-multimodal-embeddings-v1:0', { singleEmbeddingParams }, {}).other).toEqual(other)
  })

  it.each([
    ['text', { queries: 1 }],
    ['image', { inputImages: 1 }],
    ['audio', { audioSeconds: null }],
    ['VIDEO', { videoSeconds: null }],
    ['text_image', { queries: null }],
    [undefined, { queries: null }],
  ])('Marengo asked for %s has the meters %j', (inputType, other) => {
    expect(invoke('us.twelvelabs.marengo-embed-3-0-v1:0', { inputType }, {}).other).toEqual(other)
  })
})

it.each(['InvokeModel', 'Converse', 'ConverseStream', 'InvokeModelWithResponseStream'])(
  'a model that watches a video has seconds that %s does not report',
  (operation) => {
    const parts = { body: {}, metadata: {}, chunks: [] }
    expect(readUsage(accountingOf(operation), 'us.twelvelabs.pegasus-1-2-v1:0', parts).other).toEqual({
      videoSeconds: null,
    })
  },
)

describe('guardrail units', () => {
  const usage = {
    topicPolicyUnits: 3,
    contentPolicyUnits: 2,
    automatedReasoningPolicies: 0,
    automatedReasoningPolicyUnits: 0,
  }

  it('of ApplyGuardrail stand in its usage', () => {
    const reading = readUsage(accountingOf('ApplyGuardrail'), 'gr-1', { body: { usage } })
    expect(reading.other.guardrailUnits).toEqual({
      topicPolicyUnits: 3,
      contentPolicyUnits: 2,
      automatedReasoningPolicyUnits: 0,
    })
    expect(reading.raw).toBe(usage)
  })

  it('of reasoning under two policies are open, because the product is not documented', () => {
    const body = { usage: { automatedReasoningPolicies: 2, automatedReasoningPolicyUnits: 4 } }
    expect(readUsage(accountingOf('ApplyGuardrail'), 'gr-1', { body }).other.guardrailUnits).toEqual({
      automatedReasoningPolicyUnits: null,
    })
  })

  it('of a traced Converse call are summed over input and outputs', () => {
    const one = { invocationMetrics: { guardrailProcessingLatency: 7, usage } }
    const body = {
      usage: { inputTokens: 1, outputTokens: 1 },
      trace: { guardrail: { inputAssessment: { gr: one }, outputAssessments: { gr: [one, one] } } },
    }
    expect(readUsage(accountingOf('Converse'), 'amazon.nova-lite-v1:0', { body }).other.guardrailUnits).toMatchObject({
      topicPolicyUnits: 9,
      contentPolicyUnits: 6,
    })
  })

  it('of a traced InvokeModel call are found in its own trace', () => {
    const body = {
      prompt_token_count: 1,
      generation_token_count: 1,
      'amazon-bedrock-guardrailAction': 'NONE',
      'amazon-bedrock-trace': { guardrail: { input: { gr: { invocationMetrics: { usage } } } } },
    }
    expect(
      readUsage(accountingOf('InvokeModel'), 'meta.llama3-8b-instruct-v1:0', { body }).other.guardrailUnits,
    ).toMatchObject({
      topicPolicyUnits: 3,
    })
  })

  it.each([
    ['the stop reason', { body: { usage: { inputTokens: 1, outputTokens: 1 }, stopReason: 'guardrail_intervened' } }],
    ['the action', { body: { usage: { inputTokens: 1, outputTokens: 1 }, 'amazon-bedrock-guardrailAction': 'NONE' } }],
    [
      'the request',
      {
        body: { usage: { inputTokens: 1, outputTokens: 1 } },
        request: { guardrailConfig: { guardrailIdentifier: 'g' } },
      },
    ],
  ])('are not known where %s shows that a guardrail ran and no trace says its units', (_, parts) => {
    expect(readUsage(accountingOf('Converse'), 'amazon.nova-lite-v1:0', parts).other.guardrailUnits).toBeNull()
  })

  it('of InvokeGuardrailChecks stand by check', () => {
    const body = { usage: { contentFilter: { textUnits: 2 }, promptAttack: { textUnits: 1 } } }
    expect(readUsage(accountingOf('InvokeGuardrailChecks'), '', { body }).other.guardrailUnits).toEqual({
      'contentFilter.textUnits': 2,
      'promptAttack.textUnits': 1,
    })
  })
})

describe('nonsense', () => {
  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '12', true, {}, []])(
    'in a counter (%j) is named and left out, and the rest is read',
    (bad) => {
      const reading = readUsage(accountingOf('Converse'), 'amazon.nova-lite-v1:0', {
        body: { usage: { inputTokens: bad, outputTokens: 7 } },
      })
      expect(reading.usage).toEqual({ outputTokens: 7 })
      expect(reading.problem).toContain('inputTokens is')
    },
  )

  it('in a header is named', () => {
    const headers = { 'x-amzn-bedrock-input-token-count': '-5', 'x-amzn-bedrock-output-token-count': '7' }
    const reading = readUsage(accountingOf('InvokeModel'), 'mistral.mistral-large-2402-v1:0', { headers })
    expect(reading.usage).toEqual({ outputTokens: 7 })
    expect(reading.problem).toContain('x-amzn-bedrock-input-token-count')
  })

  it('of a write that is smaller than its parts is named, and the parts are kept', () => {
    const usage = {
      inputTokens: 1,
      outputTokens: 1,
      cacheWriteInputTokens: 5,
      cacheDetails: [{ ttl: '1h', inputTokens: 9 }],
    }
    const reading = readUsage(accountingOf('Converse'), 'us.anthropic.claude-opus-5', { body: { usage } })
    expect(reading.usage?.cacheWriteInputTokens).toBe(9)
    expect(reading.problem).toContain('less than their parts')
  })

  it('of an OpenAI prompt that is smaller than what it includes is named', () => {
    const body = { usage: { prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 9 } } }
    const reading = readUsage(accountingOf('ChatCompletions'), 'openai.gpt-5.4', { body })
    expect(reading.usage?.inputTokens).toBe(0)
    expect(reading.problem).toContain('prompt_tokens 5')
  })

  it('of a long value is shown in part', () => {
    const reading = readUsage(accountingOf('Converse'), 'a.b', { body: { usage: { inputTokens: 'x'.repeat(9000) } } })
    expect(reading.problem?.length).toBeLessThan(80)
  })
})

it('an operation that is not known reads as nothing', () => {
  expect(readUsage(accountingOf('RetrieveAndGenerate'), 'a.b', { body: { usage: { inputTokens: 5 } } })).toMatchObject({
    usage: null,
    other: {},
  })
})
