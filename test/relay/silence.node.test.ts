/** Silence after the first frame: bounded by `stream_timeout` where that is written, wherever it is written, and by nothing where it is not. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { decodeFrames } from '../simulator/raw-client.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { callIdOf, lineOf, readAnswer, rowOf, send } from './calls.ts'

const NOVA = 'amazon.nova-micro-v1:0'
const BOUND_S = 1
/** Looks at a stream are a quarter of the bound apart; the rest is for a slow machine. */
const LATEST_MS = 4_000

let simulator: Simulator
const gateways: Record<string, RunningGateway> = {}

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1'], recordings: null })
  const plain = [deploymentOf(simulator, 'nova', NOVA, 'us-east-1')]
  const bounded = [deploymentOf(simulator, 'nova', NOVA, 'us-east-1', { stream_timeout: BOUND_S })]
  const general_settings = { master_key: MASTER_KEY }
  const configs: Record<string, Record<string, unknown>> = {
    'the deployment': { model_list: bounded },
    router_settings: { model_list: plain, router_settings: { stream_timeout: BOUND_S } },
    litellm_settings: { model_list: plain, litellm_settings: { stream_timeout: BOUND_S } },
    nowhere: { model_list: plain, router_settings: { timeout: BOUND_S } },
  }
  for (const [place, config] of Object.entries(configs)) {
    gateways[place] = await startGateway({ config: { ...config, general_settings } })
  }
})
beforeEach(() => simulator.reset())
afterAll(async () => {
  for (const gateway of Object.values(gateways)) await gateway.stop()
  await simulator?.close()
})

function gatewayOf(place: string): RunningGateway {
  const gateway = gateways[place]
  if (gateway === undefined) throw new Error(place)
  return gateway
}

describe.each(['the deployment', 'router_settings', 'litellm_settings'])('stream_timeout of %s', (place) => {
  test.each(['converse-stream', 'invoke-with-response-stream'])(
    'ends a silent %s with a framed exception, and the row says cut',
    async (action) => {
      const gateway = gatewayOf(place)
      simulator.fault(NOVA, { hold: { at: 3 } })
      const startedMs = performance.now()
      const answer = await readAnswer(await send(gateway, `/bedrock/model/nova/${action}`))
      const tookMs = performance.now() - startedMs
      expect(tookMs).toBeGreaterThan(BOUND_S * 1_000 * 0.9)
      expect(tookMs).toBeLessThan(LATEST_MS)
      const last = decodeFrames(Buffer.from(answer.bytes)).at(-1)
      expect(last?.headers).toMatchObject({
        ':message-type': 'exception',
        ':exception-type': 'modelStreamErrorException',
      })
      const line = await lineOf(gateway, callIdOf(answer))
      expect(line).toMatchObject({ verdict: 'cut', status: 'failure', http_status: 200, cost_state: 'estimated' })
      await simulator.until((requests) => requests.at(-1)?.outcome === 'client-closed')
      expect(await rowOf(gateway, answer)).toMatchObject({ verdict: 'cut' })
    },
  )
})

test('a gap passes where stream_timeout is not written, although timeout is shorter', async () => {
  simulator.fault(NOVA, { hold: { at: 3 } })
  const answering = send(gatewayOf('nowhere'), '/bedrock/model/nova/converse-stream').then(readAnswer)
  await simulator.until((requests) => requests.some((request) => request.held))
  await new Promise((resolve) => setTimeout(resolve, 3 * BOUND_S * 1_000))
  simulator.release()
  const answer = await answering
  expect(await lineOf(gatewayOf('nowhere'), callIdOf(answer))).toMatchObject({ verdict: 'complete', status: 'success' })
})
