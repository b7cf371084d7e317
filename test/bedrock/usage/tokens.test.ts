import { describe, expect, it } from 'vitest'
import { accountingOf } from '../../../src/bedrock/usage/priced-operations.ts'
import { readUsage } from '../../../src/bedrock/usage/read-usage.ts'

const CLAUDE = 'us.anthropic.claude-opus-4-7'

describe('Converse', () => {
  it('takes the documented counters once, although the wire repeats them under …TokenCount', () => {
    const usage = {
      inputTokens: 3,
      outputTokens: 227,
      totalTokens: 1942,
      cacheReadInputTokens: 0,
      cacheWriteInputTokens: 1712,
      cacheDetails: [{ ttl: '5m', inputTokens: 1712 }],
      cacheReadInputTokenCount: 0,
      cacheWriteInputTokenCount: 1712,
      serverToolUsage: {},
    }
    const reading = readUsage(accountingOf('Converse'), CLAUDE, { body: { usage } })
    expect(reading.usage).toEqual({
      inputTokens: 3,
      outputTokens: 227,
      totalTokens: 1942,
      cacheReadInputTokens: 0,
      cacheWriteInputTokens: 1712,
      cacheDetails: [{ ttl: '5m', inputTokens: 1712 }],
    })
    expect(reading.raw).toBe(usage)
    expect(reading.other).toEqual({})
    expect(reading.problem).toBeNull()
  })

  it('takes the repeated counters where the documented ones are absent', () => {
    const body = { usage: { inputTokens: 1, outputTokens: 2, cacheReadInputTokenCount: 5 } }
    expect(readUsage(accountingOf('Converse'), CLAUDE, { body }).usage).toMatchObject({ cacheReadInputTokens: 5 })
  })

  it('bounds the times to live that it keeps, and counts what is beyond as one that nobody knows', () => {
    const cacheDetails = [
      { ttl: 'x'.repeat(33_000), inputTokens: 5 },
      ...Array.from({ length: 100 }, (_, index) => ({ ttl: `${index}m`, inputTokens: 1 })),
    ]
    const body = { usage: { inputTokens: 1, outputTokens: 2, cacheWriteInputTokens: 105, cacheDetails } }
    const details = readUsage(accountingOf('Converse'), CLAUDE, { body }).usage?.cacheDetails ?? []
    expect(details).toHaveLength(8)
    expect(details.at(-1)).toEqual({ ttl: 'unknown', inputTokens: 5 + 93 })
  })

  it('leaves counters absent that were not reported', () => {
    const body = { usage: { inputTokens: 1, outputTokens: 2 } }
    expect(readUsage(accountingOf('Converse'), CLAUDE, { body }).usage).toEqual({ inputTokens: 1, outputTokens: 2 })
  })

  it('reads served tier, latency and the model a router chose', () => {
    const body = {
      usage: { inputTokens: 1, outputTokens: 2 },
      serviceTier: { type: 'flex' },
      performanceConfig: { latency: 'optimized' },
      trace: { promptRouter: { invokedModelId: 'arn:aws:bedrock:us-east-1::foundation-model/a.b' } },
    }
    expect(readUsage(accountingOf('Converse'), CLAUDE, { body })).toMatchObject({
      servedTier: 'flex',
      latency: 'optimized',
      routedModel: 'arn:aws:bedrock:us-east-1::foundation-model/a.b',
    })
  })

  it('counts uses of server tools', () => {
    const body = { usage: { inputTokens: 1, outputTokens: 2, serverToolUsage: { webSearchRequests: 3 } } }
    expect(readUsage(accountingOf('Converse'), CLAUDE, { body }).other).toEqual({ serverToolUses: 3 })
  })

  it.each([undefined, null, 'text', 7, [], {}, { usage: null }, { usage: {} }, { Output: { __type: 'x' } }])(
    'says that there is no usage for the body %j',
    (body) => {
      expect(readUsage(accountingOf('Converse'), CLAUDE, { body })).toMatchObject({ usage: null, problem: null })
    },
  )
})

describe('ConverseStream', () => {
  const usage = { inputTokens: 4995, outputTokens: 19, totalTokens: 10007, cacheWriteInputTokens: 4993 }

  it('takes cached tokens out of the input of openai models, which count them inside', () => {
    const reading = readUsage(accountingOf('ConverseStream'), 'us.openai.gpt-5.6-sol', { metadata: { usage } })
    expect(reading.usage).toMatchObject({ inputTokens: 2, cacheWriteInputTokens: 4993 })
    expect(reading.raw).toEqual(usage)
  })

  it('takes nothing out for other vendors, nor for Converse', () => {
    expect(readUsage(accountingOf('ConverseStream'), CLAUDE, { metadata: { usage } }).usage).toMatchObject({
      inputTokens: 4995,
    })
    expect(readUsage(accountingOf('Converse'), 'openai.gpt-5.6-sol', { body: { usage } }).usage).toMatchObject({
      inputTokens: 4995,
    })
  })

  it('takes nothing out where the input is smaller than the cached tokens, so that it cannot hold them', () => {
    const exclusive = { inputTokens: 2, outputTokens: 1, cacheReadInputTokens: 3 }
    const reading = readUsage(accountingOf('ConverseStream'), 'openai.gpt-5.6-sol', { metadata: { usage: exclusive } })
    expect(reading.usage).toMatchObject({ inputTokens: 2 })
  })

  it('has no usage when the stream ended without metadata', () => {
    expect(readUsage(accountingOf('ConverseStream'), CLAUDE, { metadata: null }).usage).toBeNull()
  })
})

describe('InvokeModel', () => {
  const headers = {
    'x-amzn-bedrock-input-token-count': '700',
    'x-amzn-bedrock-output-token-count': '1500',
    'x-amzn-bedrock-cache-read-input-token-count': '24000',
    'x-amzn-bedrock-cache-write-input-token-count': '9000',
  }

  it('prefers the Anthropic body, because only it splits a cache write by time to live', () => {
    const body = {
      usage: {
        input_tokens: 701,
        output_tokens: 1501,
        cache_read_input_tokens: 24000,
        cache_creation_input_tokens: 9000,
        cache_creation: { ephemeral_5m_input_tokens: 6000, ephemeral_1h_input_tokens: 3000 },
        service_tier: 'standard',
      },
    }
    const reading = readUsage(accountingOf('InvokeModel'), CLAUDE, { body, headers })
    expect(reading.usage).toEqual({
      inputTokens: 701,
      outputTokens: 1501,
      cacheReadInputTokens: 24000,
      cacheWriteInputTokens: 9000,
      cacheDetails: [
        { ttl: '5m', inputTokens: 6000 },
        { ttl: '1h', inputTokens: 3000 },
      ],
    })
    // Anthropic's own word for its platform is not a Bedrock tier.
    expect(reading.servedTier).toBeNull()
    expect(reading.raw).toEqual({ ...headers, ...body })
  })

  it('keeps a time to live that Anthropic adds under its own name', () => {
    const cache_creation = { ephemeral_5m_input_tokens: 1, ephemeral_24h_input_tokens: 7, other_tokens: 2 }
    const body = { usage: { input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 10, cache_creation } }
    expect(readUsage(accountingOf('InvokeModel'), CLAUDE, { body }).usage?.cacheDetails).toEqual([
      { ttl: '5m', inputTokens: 1 },
      { ttl: '24h', inputTokens: 7 },
      { ttl: 'other_tokens', inputTokens: 2 },
    ])
  })

  it('takes all four headers where the body counts nothing', () => {
    const body = { outputs: [{ text: 'x' }] }
    const reading = readUsage(accountingOf('InvokeModel'), 'mistral.mistral-large-2402-v1:0', { body, headers })
    expect(reading.usage).toEqual({
      inputTokens: 700,
      outputTokens: 1500,
      cacheReadInputTokens: 24000,
      cacheWriteInputTokens: 9000,
    })
    expect(reading.raw).toEqual(headers)
  })

  it.each([
    ['amazon.nova-lite-v1:0', { usage: { inputTokens: 5, outputTokens: 10, cacheReadInputTokenCount: 2 } }, 5, 10],
    ['amazon.titan-text-lite-v1', { inputTextTokenCount: 5, results: [{ tokenCount: 4 }, { tokenCount: 6 }] }, 5, 10],
    ['meta.llama3-8b-instruct-v1:0', { prompt_token_count: 5, generation_token_count: 10 }, 5, 10],
    ['ai21.jamba-1-5-mini-v1:0', { choices: [], usage: { prompt_tokens: 5, completion_tokens: 10 } }, 5, 10],
    ['amazon.titan-embed-text-v2:0', { embedding: [0.1], inputTextTokenCount: 5 }, 5, undefined],
    ['amazon.nova-2-multimodal-embeddings-v1:0', { embeddings: [], inputTokenCount: 5 }, 5, undefined],
  ])('reads the body of %s where there are no headers', (model, body, inputTokens, outputTokens) => {
    const { usage } = readUsage(accountingOf('InvokeModel'), model, { body })
    expect(usage?.inputTokens).toBe(inputTokens)
    expect(usage?.outputTokens).toBe(outputTokens)
  })

  it('completes headers by counters that only the body has', () => {
    const partial = { 'x-amzn-bedrock-input-token-count': '40', 'x-amzn-bedrock-output-token-count': '200' }
    const body = { usage: { inputTokens: 40, outputTokens: 200, cacheReadInputTokenCount: 3500 } }
    expect(
      readUsage(accountingOf('InvokeModel'), 'us.amazon.nova-lite-v1:0', { body, headers: partial }).usage,
    ).toMatchObject({
      inputTokens: 40,
      cacheReadInputTokens: 3500,
    })
  })

  it('reads served tier and latency from the headers', () => {
    const served = {
      'x-amzn-bedrock-service-tier': 'priority',
      'x-amzn-bedrock-performanceconfig-latency': 'optimized',
    }
    expect(readUsage(accountingOf('InvokeModel'), CLAUDE, { body: {}, headers: served })).toMatchObject({
      servedTier: 'priority',
      latency: 'optimized',
    })
  })

  it('takes cached, written and audio tokens out of an OpenAI-shaped prompt and never completes it from headers', () => {
    const body = {
      service_tier: 'flex',
      usage: {
        prompt_tokens: 10240,
        completion_tokens: 512,
        total_tokens: 10752,
        prompt_tokens_details: { cached_tokens: 8192, cache_write_tokens: 1000, audio_tokens: 24 },
        completion_tokens_details: { audio_tokens: 12, reasoning_tokens: 99 },
      },
    }
    const reading = readUsage(accountingOf('InvokeModel'), 'us.openai.gpt-5.6-luna', { body, headers })
    expect(reading.usage).toEqual({
      inputTokens: 1024,
      outputTokens: 500,
      totalTokens: 10752,
      cacheReadInputTokens: 8192,
      cacheWriteInputTokens: 1000,
    })
    expect(reading.other).toEqual({ inputAudioTokens: 24, outputAudioTokens: 12 })
    expect(reading.servedTier).toBe('flex')
  })

  it('reads the Responses form, whose counters bear Anthropic’s names and OpenAI’s meaning', () => {
    const body = {
      usage: {
        input_tokens: 100,
        output_tokens: 7,
        input_tokens_details: { cached_tokens: 60 },
        output_tokens_details: {},
      },
    }
    expect(readUsage(accountingOf('Responses'), 'openai.gpt-5.4', { body }).usage).toEqual({
      inputTokens: 40,
      outputTokens: 7,
      cacheReadInputTokens: 60,
    })
  })
})

describe('InvokeModelWithResponseStream', () => {
  const start = {
    type: 'message_start',
    message: {
      usage: {
        input_tokens: 2048,
        cache_creation_input_tokens: 4096,
        cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 4096 },
        output_tokens: 3,
      },
    },
  }
  const metrics = {
    inputTokenCount: 2048,
    outputTokenCount: 913,
    cacheReadInputTokenCount: 0,
    cacheWriteInputTokenCount: 4096,
  }
  const stop = { type: 'message_stop', 'amazon-bedrock-invocationMetrics': metrics }
  const delta = (output: number) => ({ type: 'message_delta', usage: { output_tokens: output } })
  const read = (chunks: unknown[], model = CLAUDE) =>
    readUsage(accountingOf('InvokeModelWithResponseStream'), model, { chunks })

  it('takes input and TTL split from message_start and the output of the last message_delta', () => {
    expect(read([start, delta(500), delta(913), stop]).usage).toEqual({
      inputTokens: 2048,
      outputTokens: 913,
      cacheReadInputTokens: 0,
      cacheWriteInputTokens: 4096,
      cacheDetails: [{ ttl: '1h', inputTokens: 4096 }],
    })
  })

  it('falls back to the metrics where message_delta never came', () => {
    expect(read([start, stop]).usage).toMatchObject({ outputTokens: 913 })
  })

  it('does not take the output of message_start for the whole', () => {
    expect(read([start]).usage?.outputTokens).toBeUndefined()
  })

  it('falls back to the metrics alone for families without counters of their own', () => {
    expect(read([{ completion: 'x', 'amazon-bedrock-invocationMetrics': metrics }]).usage).toMatchObject({
      inputTokens: 2048,
      outputTokens: 913,
    })
  })

  it('counts Nova’s last chunk once, although it carries the usage twice', () => {
    const chunks = [
      { metadata: { usage: { inputTokens: 2048, outputTokens: 913 } }, 'amazon-bedrock-invocationMetrics': metrics },
    ]
    expect(read(chunks, 'us.amazon.nova-pro-v1:0').usage).toMatchObject({ inputTokens: 2048, outputTokens: 913 })
  })

  it('reads Titan’s and Llama’s running counters', () => {
    const titan = [
      { inputTextTokenCount: 5, totalOutputTextTokenCount: null },
      { inputTextTokenCount: null, totalOutputTextTokenCount: 10 },
    ]
    expect(read(titan, 'amazon.titan-text-lite-v1').usage).toEqual({ inputTokens: 5, outputTokens: 10 })
    const llama = [
      { prompt_token_count: 5, generation_token_count: 1 },
      { prompt_token_count: null, generation_token_count: 9 },
    ]
    expect(read(llama, 'meta.llama3-8b-instruct-v1:0').usage).toEqual({ inputTokens: 5, outputTokens: 9 })
  })

  it('reads the usage of OpenAI chunks without adding the metrics’ cached tokens to it', () => {
    const chunks = [
      { choices: [], usage: null },
      { choices: [], usage: { prompt_tokens: 50, completion_tokens: 7 } },
      { 'amazon-bedrock-invocationMetrics': { ...metrics, cacheReadInputTokenCount: 20 } },
    ]
    expect(read(chunks, 'openai.gpt-oss-120b-1:0').usage).toEqual({ inputTokens: 50, outputTokens: 7 })
  })

  it('reads the totals of speech and text tokens from the last usage event', () => {
    const event = (n: number) => ({
      event: {
        usageEvent: {
          details: { total: { input: { speechTokens: n, textTokens: 2 }, output: { speechTokens: 3, textTokens: 4 } } },
        },
      },
    })
    const reading = readUsage(accountingOf('InvokeModelWithBidirectionalStream'), 'amazon.nova-2-sonic-v1:0', {
      chunks: [event(1), event(9)],
    })
    expect(reading.usage).toEqual({ inputTokens: 2, outputTokens: 4 })
    expect(reading.other).toEqual({ inputAudioTokens: 9, outputAudioTokens: 3 })
  })

  it('keeps the counters of the wire and not the text', () => {
    const raw = JSON.stringify(read([start, { type: 'content_block_delta', delta: { text: 'secret' } }, delta(1)]).raw)
    expect(raw).toContain('ephemeral_1h_input_tokens')
    expect(raw).not.toContain('secret')
  })

  it('has no usage for chunks that count nothing', () => {
    expect(read([{ type: 'content_block_delta' }, null, 'x', 3]).usage).toBeNull()
  })
})
