/** A fault of the gateway after a stream was delivered: the client has its bytes, the call ends once, and nothing stays held. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { converseStream } from '../simulator/answers/answer.ts'
import { SIMULATED_OPERATIONS } from '../simulator/operations.ts'
import { decodeFrames } from '../simulator/raw-client.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { callIdOf, getJson, HELLO, lineOf, readAnswer, rowsWhere } from './calls.ts'

const MODEL = 'amazon.nova-micro-v1:0'
const WHERE = ['in-usage', 'in-health'] as const

let simulator: Simulator
let gateway: RunningGateway
beforeAll(async () => {
  const failing = WHERE.map((where) => ({
    name: where,
    method: 'POST',
    path: `/fails/{modelId}/${where}`,
    answer: converseStream,
  }))
  const operations = [...SIMULATED_OPERATIONS, ...failing]
  simulator = await startSimulator({ regions: ['us-east-1'], recordings: null, operations })
  gateway = await startGateway({
    main: 'test/relay/faulty-worker.ts',
    config: {
      model_list: [deploymentOf(simulator, 'nova', MODEL, 'us-east-1')],
      general_settings: { master_key: MASTER_KEY },
    },
  })
})
afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

test.each(WHERE)(
  'a fault %s leaves the whole stream, one row whose cost is not known, and a free place',
  async (where) => {
    const response = await fetch(`${gateway.url}/bedrock/fails/nova/${where}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify(HELLO),
    })
    const answer = await readAnswer(response)
    expect(answer.status).toBe(200)
    expect(decodeFrames(answer.bytes).map(({ headers }) => headers[':event-type'])).toContain('messageStop')
    const id = callIdOf(answer)
    expect(await lineOf(gateway, id)).toMatchObject({ cost_state: 'unpriced', cost_nano_usd: null })
    expect(gateway.logs.filter(({ event, request_id }) => event === 'fault' && request_id === id)).toHaveLength(1)
    expect(await rowsWhere(gateway, `request_id=${id}`, 1)).toHaveLength(1)
    const report = (await getJson(gateway, '/health')) as { passive: { inFlight: number }[] }
    expect(report.passive.map(({ inFlight }) => inFlight)).toEqual([0])
  },
)
