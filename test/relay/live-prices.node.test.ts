/** Prices that lie in KV reach the calls of a cold isolate, from the first on, through the whole gateway. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { PRICES_KEY } from '../../src/ledger/prices/live.ts'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { call, type Row, rowOf } from './calls.ts'

/** Calls that reach the isolate while it has read nothing yet. */
const FIRST_CALLS = 6

/** Prices that no source has: only the row in KV can lead to them. */
const LIVE = {
  version: 'live-1',
  rows: ['amazon.nova-micro-v1', 'acme.unheard-of-v1'].map((id) => ({
    id,
    scopes: ['region'],
    regions: ['*'],
    meters: { input: '0.000007', output: '0.000011' },
  })),
}

let simulator: Simulator
let gateway: RunningGateway
beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1'], recordings: null })
  gateway = await startGateway({
    config: {
      model_list: [
        deploymentOf(simulator, 'bundled', 'amazon.nova-micro-v1:0', 'us-east-1'),
        deploymentOf(simulator, 'unheard-of', 'acme.unheard-of-v1:0', 'us-east-1'),
      ],
      general_settings: { master_key: MASTER_KEY },
    },
  })
  await (await gateway.namespace()).put(PRICES_KEY, JSON.stringify(LIVE))
})
afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

test('the first calls of an isolate are all priced by the rows in KV, which win over the bundled ones', async () => {
  const models = Array.from({ length: FIRST_CALLS }, (_, index) => (index % 2 === 0 ? 'bundled' : 'unheard-of'))
  const answers = await Promise.all(models.map((model) => call(gateway, model, 'converse')))
  expect(answers.map(({ status }) => status)).toEqual(Array(FIRST_CALLS).fill(200))

  for (const answer of answers) {
    const row = await rowOf(gateway, answer)
    expect(row).toMatchObject({ cost_state: 'priced', price_row: expect.stringMatching(/@live-1$/) })
    expect(row.cost_nano_usd).toBe(nanoUsdOf(row))
    expect(Number(answer.headers.get('x-litellm-response-cost'))).toBe(row.spend)
  }
})

function nanoUsdOf(row: Row): string {
  const { inputTokens, outputTokens } = row.usage as { inputTokens: number; outputTokens: number }
  return (BigInt(inputTokens) * 7_000n + BigInt(outputTokens) * 11_000n).toString()
}
