/** Properties of the formula over the bundled catalogue, on generated calls. The seed stands in every failure message. */
import { describe, expect, it } from 'vitest'
import { nanoFromPico } from '../../../src/base/decimal.ts'
import { accountingOf } from '../../../src/bedrock/usage/priced-operations.ts'
import { EMPTY_READING, type TokenUsage, type UsageReading } from '../../../src/bedrock/usage/reading.ts'
import { costOf } from '../../../src/ledger/cost/cost-of.ts'
import { priceReading } from '../../../src/ledger/cost/formula.ts'
import { BUNDLED_CATALOGUE } from '../../../src/ledger/prices/bundled.ts'
import type { PriceRow } from '../../../src/ledger/prices/price-row.ts'

const SEED = 20_261_124
const CASES = 400
const TRILLION = 10 ** 12

/** mulberry32: small, seeded, good enough to spread cases. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Rows whose meters price every token counter, so that any usage can be priced. */
const rows = BUNDLED_CATALOGUE.rows.filter(
  (row) => row.meters.cacheWrite !== undefined && row.meters.cacheRead !== undefined,
)

type Call = { row: PriceRow; usage: Required<Omit<TokenUsage, 'totalTokens'>> }

function callOf(random: () => number): Call {
  const row = rows[Math.floor(random() * rows.length)]
  if (row === undefined) throw new Error('no rows')
  const size = 10 ** Math.ceil(random() * 12)
  const amount = () => Math.floor(random() * size)
  const written = amount()
  const oneHour = row.meters.cacheWrite1h === undefined ? 0 : Math.floor(random() * written)
  return {
    row,
    usage: {
      inputTokens: amount(),
      outputTokens: amount(),
      cacheReadInputTokens: amount(),
      cacheWriteInputTokens: written,
      cacheDetails: [
        { ttl: '1h', inputTokens: oneHour },
        { ttl: '5m', inputTokens: written - oneHour },
      ],
    },
  }
}

const reading = (usage: TokenUsage): UsageReading => ({ ...EMPTY_READING, usage })
const pico = (row: PriceRow, usage: TokenUsage): bigint => {
  const { knownPicoUsd, gaps } = priceReading(reading(usage), row, null)
  expect(gaps).toEqual([])
  return knownPicoUsd
}

function forAll(property: (call: Call, hint: string) => void): void {
  const random = generator(SEED)
  for (let index = 0; index < CASES; index += 1) {
    const call = callOf(random)
    property(call, `seed ${SEED}, case ${index}: ${call.row.id} ${JSON.stringify(call.usage)}`)
  }
}

const withoutSteps = ({ over: _over, ...row }: PriceRow): PriceRow => row

describe('for any call', () => {
  it('the cost is never negative', () => {
    forAll(({ row, usage }, hint) => expect(pico(row, usage) >= 0n, hint).toBe(true))
  })

  it('more of any meter never costs less, also over a long-context threshold', () => {
    forAll(({ row, usage }, hint) => {
      const before = pico(row, usage)
      for (const meter of ['inputTokens', 'outputTokens', 'cacheReadInputTokens', 'cacheWriteInputTokens'] as const) {
        for (const more of [1, 300_000]) {
          expect(pico(row, { ...usage, [meter]: usage[meter] + more }) >= before, `${hint} +${more} ${meter}`).toBe(
            true,
          )
        }
      }
    })
  })

  it('the cost of the parts adds up to the cost of the whole, below any threshold', () => {
    forAll(({ row, usage }, hint) => {
      const flat = withoutSteps(row)
      const parts: TokenUsage[] = [
        { inputTokens: usage.inputTokens, outputTokens: 0 },
        { inputTokens: 0, outputTokens: usage.outputTokens },
        { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: usage.cacheReadInputTokens },
        {
          inputTokens: 0,
          outputTokens: 0,
          cacheWriteInputTokens: usage.cacheWriteInputTokens,
          cacheDetails: usage.cacheDetails,
        },
      ]
      const sum = parts.reduce((total, part) => total + pico(flat, part), 0n)
      expect(sum, hint).toBe(pico(flat, usage))
    })
  })

  it('the order of counters and of cache details does not matter', () => {
    forAll(({ row, usage }, hint) => {
      const turned = Object.fromEntries(Object.entries(usage).toReversed()) as TokenUsage
      expect(pico(row, { ...turned, cacheDetails: usage.cacheDetails.toReversed() }), hint).toBe(pico(row, usage))
    })
  })

  it('rounding moves the cost by half a nano-USD at most', () => {
    forAll(({ row, usage }, hint) => {
      const exact = pico(row, usage)
      const error = nanoFromPico(exact) * 1000n - exact
      expect(error > -500n && error <= 500n, hint).toBe(true)
    })
  })

  it('the cost equals the sum of products made with digits alone', () => {
    forAll(({ row, usage }, hint) => {
      const flat = withoutSteps(row)
      const [oneHour] = usage.cacheDetails
      const written1h = oneHour?.inputTokens ?? 0
      const amounts = {
        input: usage.inputTokens,
        output: usage.outputTokens,
        cacheRead: usage.cacheReadInputTokens,
        cacheWrite: usage.cacheWriteInputTokens - written1h,
        cacheWrite1h: written1h,
      }
      let expected = 0n
      for (const [meter, amount] of Object.entries(amounts)) {
        const [whole = '0', fraction = ''] = (flat.meters[meter as keyof typeof amounts] ?? '0').split('.')
        expected += BigInt(whole + fraction.padEnd(12, '0')) * BigInt(amount)
      }
      expect(pico(flat, usage), hint).toBe(expected)
    })
  })
})

it('10^12 tokens of every meter of every row are priced exactly and fit the ledger', () => {
  for (const row of BUNDLED_CATALOGUE.rows) {
    const usage = { inputTokens: TRILLION, outputTokens: TRILLION }
    const { knownPicoUsd } = priceReading(reading(usage), withoutSteps(row), null)
    const perToken = [row.meters.input, row.meters.output].map((usd) => {
      const [whole = '0', fraction = ''] = (usd ?? '0').split('.')
      return BigInt(whole + fraction.padEnd(12, '0'))
    })
    expect(knownPicoUsd).toBe(perToken.reduce((sum, one) => sum + one, 0n) * BigInt(TRILLION))
    expect(nanoFromPico(knownPicoUsd) < 2n ** 63n).toBe(true)
  }
})

it('no junk in any place of the input makes the formula throw', () => {
  const random = generator(SEED)
  const junk = [
    null,
    undefined,
    0,
    -1,
    1.5,
    'x',
    '',
    [],
    {},
    true,
    Number.NaN,
    { usage: [] },
    { usage: { inputTokens: {} } },
  ]
  const pick = () => junk[Math.floor(random() * junk.length)]
  const operations = [
    'Converse',
    'ConverseStream',
    'InvokeModel',
    'InvokeModelWithResponseStream',
    'ApplyGuardrail',
    'Rerank',
    'x',
    '',
  ]
  const models = [
    '',
    'arn:',
    'amazon.nova-canvas-v1:0',
    'cohere.rerank-v3-5:0',
    'us.anthropic.claude-opus-5',
    'openai.gpt-5.4',
    'guardrails',
  ]
  for (let index = 0; index < 3000; index += 1) {
    const cost = costOf({
      operation: accountingOf(operations[Math.floor(random() * operations.length)] ?? ''),
      model: models[Math.floor(random() * models.length)] ?? '',
      region: ['us-east-1', '', 'x'][Math.floor(random() * 3)] ?? '',
      parts: {
        body: { usage: pick(), images: pick(), trace: pick(), serviceTier: pick(), results: pick() },
        metadata: pick(),
        chunks: [pick(), { type: 'message_start', message: pick() }, { metadata: pick(), event: pick() }],
        request: { documents: pick(), imageGenerationConfig: pick(), singleEmbeddingParams: pick() },
      },
      at: new Date('2026-11-24T00:00:00Z'),
      catalogue: BUNDLED_CATALOGUE,
    })
    expect(cost.picoUsd === null || cost.picoUsd >= 0n, `seed ${SEED}, case ${index}`).toBe(true)
    expect(cost.state === 'unpriced', `seed ${SEED}, case ${index}`).toBe(cost.picoUsd === null)
  }
})
