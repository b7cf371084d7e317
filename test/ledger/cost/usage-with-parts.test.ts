/** Usage whose top level is not the whole bill: every part is in the cost, or the call is not priced. */
import { describe, expect, it } from 'vitest'
import { usdFromPico } from '../../../src/base/decimal.ts'
import { accountingOf } from '../../../src/bedrock/usage/priced-operations.ts'
import type { WireParts } from '../../../src/bedrock/usage/wire-parts.ts'
import { costOf } from '../../../src/ledger/cost/cost-of.ts'
import { BUNDLED_CATALOGUE } from '../../../src/ledger/prices/bundled.ts'
import { input, usage } from './cases.ts'

const SONNET_4_6 = 'us.anthropic.claude-sonnet-4-6'
const SONNET_4 = 'us.anthropic.claude-sonnet-4-20250514-v1:0'

const claude = (model: string, operation: string, parts: WireParts) =>
  costOf(input({ operation: accountingOf(operation), model, catalogue: BUNDLED_CATALOGUE, parts }))

const usdOf = ({ picoUsd, reason }: ReturnType<typeof claude>) => (picoUsd === null ? reason : usdFromPico(picoUsd))

const COMPACTION = { type: 'compaction', input_tokens: 180_000, output_tokens: 3_500 }
const MESSAGE = { type: 'message', input_tokens: 23_000, output_tokens: 1_000 }
const TOP = { input_tokens: 23_000, output_tokens: 1_000 }

/** The same usage where an answer of InvokeModel may have it. */
const PLACES: readonly (readonly [string, string, (usage: object) => WireParts])[] = [
  ['the body', 'InvokeModel', (told) => ({ body: { usage: told } })],
  [
    'message_delta',
    'InvokeModelWithResponseStream',
    (told) => ({
      chunks: [
        { type: 'message_start', message: { usage: { input_tokens: 23_000, output_tokens: 3 } } },
        { type: 'message_delta', usage: told },
      ],
    }),
  ],
  [
    'message_start, which knows nothing of the last output',
    'InvokeModelWithResponseStream',
    (told) => {
      const { iterations = [] } = told as { iterations?: { output_tokens: number }[] }
      const early = iterations.map((run, at) => (at === iterations.length - 1 ? { ...run, output_tokens: 3 } : run))
      return {
        chunks: [
          { type: 'message_start', message: { usage: { ...told, iterations: early, output_tokens: 3 } } },
          { type: 'message_delta', usage: { output_tokens: 1_000 } },
        ],
      }
    },
  ],
]

describe.each(PLACES)('iterations in %s', (_place, operation, partsOf) => {
  it('are billed with the compaction: 203,000 × 3.3 + 4,500 × 16.5 USD a million', () => {
    const cost = claude(SONNET_4_6, operation, partsOf({ ...TOP, iterations: [COMPACTION, MESSAGE] }))
    expect(cost.state).toBe('priced')
    expect(usdOf(cost)).toBe('0.74415')
    expect(cost.reading.usage).toMatchObject({ inputTokens: 203_000, outputTokens: 4_500 })
  })

  it('count against the step of 200,000 tokens run by run: 203,000 × 3 + 4,500 × 15', () => {
    expect(usdOf(claude(SONNET_4, operation, partsOf({ ...TOP, iterations: [COMPACTION, MESSAGE] })))).toBe('0.6765')
  })

  it('beyond that step cost its price for that run alone: 200,001 × 6 + 10 × 22.5 + 23,000 × 3 + 1,000 × 15', () => {
    const large = { type: 'compaction', input_tokens: 200_001, output_tokens: 10 }
    expect(usdOf(claude(SONNET_4, operation, partsOf({ ...TOP, iterations: [large, MESSAGE] })))).toBe('1.284231')
  })

  it('bring cache counters of their own: 1,000 × 0.33 + 2,000 × 4.125 + 500 × 6.6 more', () => {
    const cached = {
      ...COMPACTION,
      cache_read_input_tokens: 1_000,
      cache_creation_input_tokens: 2_500,
      cache_creation: { ephemeral_5m_input_tokens: 2_000, ephemeral_1h_input_tokens: 500 },
    }
    const cost = claude(SONNET_4_6, operation, partsOf({ ...TOP, iterations: [cached, MESSAGE] }))
    expect(usdOf(cost)).toBe('0.75603')
    expect(cost.reading.usage).toMatchObject({ cacheReadInputTokens: 1_000, cacheWriteInputTokens: 2_500 })
  })

  it('of another type leave the call unpriced, with what is known beside it', () => {
    const advisor = { type: 'advisor_message', model: 'claude-opus-5', input_tokens: 9, output_tokens: 9 }
    expect(claude(SONNET_4_6, operation, partsOf({ ...TOP, iterations: [advisor, MESSAGE] }))).toMatchObject({
      state: 'unpriced',
      nanoUsd: null,
      knownNanoUsd: 92_400_000n,
      missing: ['usage.iterations of type advisor_message'],
    })
  })
})

describe('iterations', () => {
  it('that the top level holds already are not billed twice', () => {
    const body = { usage: { input_tokens: 203_000, output_tokens: 4_500, iterations: [COMPACTION, MESSAGE] } }
    expect(usdOf(claude(SONNET_4_6, 'InvokeModel', { body }))).toBe('0.74415')
  })

  it('of several messages are the top level in parts, each with a prompt of its own', () => {
    const run = { type: 'message', input_tokens: 150_000, output_tokens: 10 }
    const body = { usage: { input_tokens: 300_000, output_tokens: 20, iterations: [run, run] } }
    expect(usdOf(claude(SONNET_4, 'InvokeModel', { body }))).toBe('0.9003')
  })

  it('that do not add up make the cost an estimate that says so', () => {
    const body = { usage: { input_tokens: 5, output_tokens: 5, iterations: [COMPACTION, MESSAGE] } }
    expect(claude(SONNET_4_6, 'InvokeModel', { body })).toMatchObject({
      state: 'estimated',
      reason: 'usage.iterations do not add up to the usage beside them',
    })
  })

  it('without any tokens, or none at all, change nothing', () => {
    for (const iterations of [[], null, [{ type: 'advisor_message', input_tokens: 0 }], [null], 0]) {
      const cost = claude(SONNET_4_6, 'InvokeModel', { body: { usage: { ...TOP, iterations } } })
      expect([cost.state, usdOf(cost)], JSON.stringify(iterations)).toEqual(['priced', '0.0924'])
    }
  })

  it('in any number and form never throw, and what cannot be read is not priced', () => {
    const many = new Array(10_000).fill(MESSAGE)
    for (const iterations of [many, [7], [[1]], { a: 1 }, [{ type: {}, input_tokens: 1 }]]) {
      const cost = claude(SONNET_4_6, 'InvokeModel', { body: { usage: { ...TOP, iterations } } })
      expect(cost.state, JSON.stringify(iterations).slice(0, 60)).toBe('unpriced')
      expect(cost.missing.length).toBeLessThanOrEqual(8)
    }
  })
})

describe('members of the usage that nobody here knows', () => {
  const told = { inputTokens: 1000, outputTokens: 100 }

  it.each([
    [{ serverToolUsage: {} }],
    [{ videoInputTokens: 0 }],
    [{ details: { a: [], b: { c: 0 } } }],
    [{ inferenceGeo: 'us' }],
    [{ flag: true, nothing: null }],
  ])('change nothing where they are empty or zero: %j', (more) => {
    expect(costOf(input(usage({ ...told, ...more })))).toMatchObject({
      state: 'priced',
      nanoUsd: 4_500_000n,
      missing: [],
    })
  })

  it.each([
    [{ videoInputTokens: 7 }, 'usage.videoInputTokens'],
    [{ images: { large: { count: 2 } } }, 'usage.images'],
    [{ extra: [0, { units: 0.5 }] }, 'usage.extra'],
    [{ iterations: [{ input_tokens: 5 }] }, 'usage.iterations'],
    [{ serverToolUsage: { webSearch: { requests: 3 } } }, 'uses of server tools'],
  ])('leave the call unpriced where they count something, the rest beside it: %j', (more, name) => {
    expect(costOf(input(usage({ ...told, ...more })))).toMatchObject({
      state: 'unpriced',
      nanoUsd: null,
      knownNanoUsd: 4_500_000n,
      missing: [name],
      reason: expect.stringContaining(name),
    })
  })

  it.each([
    ['InvokeModel', { body: { usage: { input_tokens: 1, output_tokens: 1, thinking_seconds: 4 } } }],
    ['InvokeModel', { body: { usage: { prompt_tokens: 1, completion_tokens: 1, prompt_audio_seconds: 4 } } }],
    [
      'InvokeModel',
      { body: { usage: { prompt_tokens: 9, completion_tokens: 1, prompt_tokens_details: { image_tokens: 4 } } } },
    ],
    ['InvokeModel', { body: { usage: { inputTokens: 1, outputTokens: 1, imagesMade: 4 } } }],
    [
      'InvokeModel',
      {
        headers: {
          'x-amzn-bedrock-input-token-count': '1',
          'x-amzn-bedrock-output-token-count': '1',
          'x-amzn-bedrock-output-image-count': '4',
        },
        body: {},
      },
    ],
    [
      'InvokeModelWithResponseStream',
      { chunks: [{ type: 'message_delta', usage: { input_tokens: 1, output_tokens: 1, searches: 4 } }] },
    ],
    ['InvokeModelWithResponseStream', { chunks: [{ metadata: { usage: { inputTokens: 1, outputTokens: 1, x: 4 } } }] }],
    ['ConverseStream', { metadata: { usage: { inputTokens: 1, outputTokens: 1, x: 4 } } }],
  ])('are seen in every form of usage: %s %j', (operation, parts) => {
    const cost = costOf(input({ operation: accountingOf(operation), parts }))
    expect(cost).toMatchObject({ state: 'unpriced', nanoUsd: null, knownPicoUsd: expect.any(BigInt) })
    expect(cost.missing).toHaveLength(1)
  })

  it.each([
    { input_tokens: 1, output_tokens: 2, output_tokens_details: { thinking_tokens: 1 }, service_tier: 'standard' },
    {
      prompt_tokens: 1,
      completion_tokens: 2,
      total_tokens: 3,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 1, accepted_prediction_tokens: 0 },
    },
    {
      input_tokens: 1,
      output_tokens: 2,
      total_tokens: 3,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 2 },
    },
  ])('are not those that split what is counted: %j', (told_) => {
    expect(costOf(input({ operation: accountingOf('InvokeModel'), parts: { body: { usage: told_ } } }))).toMatchObject({
      state: 'priced',
      nanoUsd: 33_000n,
    })
  })

  it('of a guardrail leave it unpriced', () => {
    const body = { usage: { topicPolicyUnits: 3, somethingNew: 2 } }
    expect(costOf(input({ operation: accountingOf('ApplyGuardrail'), parts: { body } }))).toMatchObject({
      state: 'unpriced',
      knownNanoUsd: 450_000n,
      missing: ['usage.somethingNew'],
    })
  })

  it('are named in bounded number and length, whatever an upstream writes', () => {
    const hostile = Object.fromEntries(
      Array.from({ length: 500 }, (_, at) => [`${at}${'x'.repeat(5_000)}`, { __proto__: null, deep: at + 1 }]),
    )
    const { missing } = costOf(input(usage({ ...told, ...hostile })))
    expect(missing).toHaveLength(8)
    for (const name of missing) expect(name.length).toBeLessThan(60)
  })
})

describe('images given to a model that counts tokens', () => {
  const embed = (request: unknown) =>
    costOf(
      input({
        operation: accountingOf('InvokeModel'),
        model: 'cohere.embed-v4:0',
        catalogue: BUNDLED_CATALOGUE,
        parts: { headers: { 'x-amzn-bedrock-input-token-count': '2048' }, body: { embeddings: {} }, request },
      }),
    )

  it.each([
    [{ images: ['data:image/png;base64,x'] }],
    [
      {
        inputs: [
          {
            content: [
              { type: 'text', text: 'a' },
              { type: 'image_url', image_url: { url: 'data:…' } },
            ],
          },
        ],
      },
    ],
  ])('have a price per piece that no source lists, so they are not priced by token: %j', (request) => {
    expect(embed(request)).toMatchObject({
      state: 'unpriced',
      nanoUsd: null,
      knownNanoUsd: 245_760n,
      missing: ['input images'],
      reading: { other: { inputImages: 1 } },
    })
  })

  it.each([[{ texts: ['a'] }], [{ images: [] }], [{ inputs: [{ content: [{ type: 'text' }] }] }], [undefined]])(
    'change nothing where there are none: %j',
    (request) => {
      expect(embed(request)).toMatchObject({ state: 'priced', nanoUsd: 245_760n })
    },
  )
})
