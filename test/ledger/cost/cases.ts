import { usdFromPico } from '../../../src/base/decimal.ts'
import { accountingOf } from '../../../src/bedrock/usage/priced-operations.ts'
import { type CostInput, costOf } from '../../../src/ledger/cost/cost-of.ts'
import type { Catalogue, PriceRow } from '../../../src/ledger/prices/price-row.ts'

/** A row with what the tests do not care about filled in. */
export const row = (fields: Partial<PriceRow> & Pick<PriceRow, 'id'>): PriceRow => ({
  scopes: ['geo', 'region'],
  regions: ['*'],
  tier: 'default',
  meters: {},
  source: 'test',
  how: 'listed',
  ...fields,
})

/** Small prices of models that do not exist, so that no change of a real price moves a test. */
export const catalogue: Catalogue = {
  version: 'v1',
  rows: [
    row({
      id: 'acme.flat-v1',
      meters: {
        input: '0.000003',
        output: '0.000015',
        cacheRead: '0.0000003',
        cacheWrite: '0.00000375',
        cacheWrite1h: '0.000006',
      },
    }),
    row({ id: 'acme.flat-v1', scopes: ['global'], meters: { input: '0.000002', output: '0.00001' } }),
    row({
      id: 'acme.flat-v1',
      scopes: ['gov'],
      regions: ['us-gov-west-1'],
      meters: { input: '0.0000036', output: '0.000018' },
    }),
    row({ id: 'acme.flat-v1', tier: 'flex', meters: { input: '0.0000015', output: '0.0000075' } }),
    row({ id: 'acme.regional', regions: ['us-east-1'], meters: { input: '0.000001', output: '0.000002' } }),
    row({ id: 'acme.regional', regions: ['eu-west-1'], meters: { input: '0.000003', output: '0.000004' } }),
    row({
      id: 'acme.long',
      meters: { input: '0.000001', output: '0.000001' },
      over: [
        { tokens: 100, meters: { input: '0.000002', output: '0.000002' } },
        { tokens: 200, meters: { input: '0.000003', output: '0.000003' } },
      ],
    }),
    row({ id: 'acme.cut', meters: { input: '0.000005', output: '0' }, until: '2026-08-21' }),
    row({ id: 'acme.cut', meters: { input: '0.000004', output: '0' }, from: '2026-08-21' }),
    row({ id: 'acme.embed', meters: { input: '0.0000001', output: '0' } }),
    row({ id: 'acme.tiny', meters: { input: '0.0000000005', output: '0' } }),
    row({
      id: 'stability.graded',
      meters: { input: '0', output: '0' },
      other: {
        imageGrades: [
          { maxPixels: 262144, maxSteps: 50, usd: '0.018' },
          { maxPixels: 262144, usd: '0.036' },
          { usd: '0.072' },
        ],
      },
    }),
    row({ id: 'guardrails', other: { guardrailUnit: { topicPolicyUnits: '0.00015', wordPolicyUnits: '0' } } }),
  ],
}

/** A call of 1000 input and 100 output tokens through a geographic profile. */
export const input = (fields: Partial<CostInput> = {}): CostInput => ({
  operation: accountingOf('Converse'),
  model: 'us.acme.flat-v1:0',
  region: 'us-east-1',
  at: new Date('2026-11-24T12:00:00Z'),
  catalogue,
  parts: { body: { usage: { inputTokens: 1000, outputTokens: 100 } } },
  ...fields,
})

/** The parts of a Converse answer with this usage. */
export const usage = (fields: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  parts: { body: { usage: fields, ...more } },
})
/** Exact cost, or why there is none. */
export const usd = (fields: Partial<CostInput>) => {
  const { picoUsd, reason } = costOf(input(fields))
  return picoUsd === null ? `unpriced: ${reason}` : usdFromPico(picoUsd)
}
