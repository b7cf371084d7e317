/**
 * Answers beyond what is held in memory: they pass whole, in the memory of a few blocks, and what they cost is read as they pass.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { call, callIdOf, lineOf, rowOf } from './calls.ts'

const CANVAS = 'amazon.nova-canvas-v1:0'
const SDXL = 'stability.stable-image-core-v1:1'
const LITE = 'amazon.nova-lite-v1:0'
const REGION = 'us-east-1'
const MB = 1_000_000

let simulator: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  simulator = await startSimulator({ regions: [REGION], recordings: null })
  // Five cents an image, one and two dollars a million tokens: every cost below is done by hand.
  const prices = {
    output_cost_per_image: '0.05',
    input_cost_per_token: '0.000001',
    output_cost_per_token: '0.000002',
  }
  const model_list = [
    deploymentOf(simulator, 'canvas', CANVAS, REGION, { output_cost_per_image: '0.05' }),
    deploymentOf(simulator, 'core', SDXL, REGION, { output_cost_per_image: '0.05' }),
    deploymentOf(simulator, 'lite', LITE, REGION, prices),
  ]
  const router_settings = { num_retries: 0, cooldown_time: 0 }
  gateway = await startGateway({
    config: { model_list, router_settings, general_settings: { master_key: MASTER_KEY } },
  })
})
beforeEach(() => simulator.reset())
afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

function upstreamAnswers(model: string, body: string, more: object = {}, headers: Record<string, string> = {}): void {
  const bodyBase64 = Buffer.from(body).toString('base64')
  const raw = { status: 200, headers: { 'content-type': 'application/json', ...headers }, bodyBase64 }
  simulator.fault(model, { raw, ...more })
}

const image = (bytes: number) => 'iVBORw0K'.repeat(Math.ceil(bytes / 8))
const images = (bytes: number) =>
  JSON.stringify({ images: Array.from({ length: 5 }, () => image(bytes / 5)), error: null })
// So far behind the end that it only makes the simulator leave the length out.
const WITHOUT_LENGTH = { endAfterBytes: 1e9 }
const ASKED = { taskType: 'TEXT_IMAGE', textToImageParams: { text: 'a cat' } }

describe('five images', () => {
  test.each([
    ['of 5 MB', 5 * MB, {}],
    ['of 20 MB', 20 * MB, {}],
    ['of 20 MB without a length', 20 * MB, WITHOUT_LENGTH],
    ['of 3 MB, which are held', 3 * MB, {}],
  ])('%s pass byte for byte and are five images in the row', async (_size, bytes, more) => {
    const body = images(bytes)
    upstreamAnswers(CANVAS, body, more)
    const answer = await call(gateway, 'canvas', 'invoke', { body: ASKED })
    expect(answer.status).toBe(200)
    expect(answer.text === body).toBe(true)
    expect(await rowOf(gateway, answer)).toMatchObject({
      verdict: 'complete',
      cost_state: 'priced',
      raw_usage: { images: 5 },
      // 5 × 5 cents
      cost_nano_usd: '250000000',
    })
  })

  test('in the form of Stability, each an object with members of its own, are counted too', async () => {
    const artifacts = Array.from({ length: 3 }, (_, seed) => ({ seed, base64: image(2 * MB), finishReason: 'SUCCESS' }))
    upstreamAnswers(SDXL, JSON.stringify({ result: 'success', artifacts }))
    const answer = await call(gateway, 'core', 'invoke', { body: { prompt: 'a cat' } })
    expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({
      cost_state: 'priced',
      cost_nano_usd: '150000000',
    })
  })
})

describe('the usage of a large answer', () => {
  const usage = { inputTokens: 12, outputTokens: 34, totalTokens: 46 }
  const text = `"usage":{"inputTokens":99999}}\\ ${'word '.repeat(MB)}`
  const output = { message: { role: 'assistant', content: [{ text }] } }
  test.each([
    ['before the text', { usage, output }],
    ['behind the text', { output, stopReason: 'end_turn', usage }],
    ['among members as large', { output, usage, trace: { guardrail: { text } } }],
  ])('is found %s, and not in the text', async (_place, body) => {
    upstreamAnswers(LITE, JSON.stringify(body))
    const answer = await call(gateway, 'lite', 'converse')
    expect(await lineOf(gateway, callIdOf(answer))).toMatchObject({
      verdict: 'complete',
      usage,
      cost_state: expect.stringMatching(/^(priced|unpriced)$/),
    })
  })

  test('that is not there is not invented, and costs something that is not known', async () => {
    upstreamAnswers(LITE, JSON.stringify({ output }))
    const line = await lineOf(gateway, callIdOf(await call(gateway, 'lite', 'converse')))
    expect(line).toMatchObject({ verdict: 'complete', usage: null, cost_state: 'unpriced', cost_nano_usd: null })
  })

  test('of an answer that ends cleanly in its middle is not known, and the client is told by a broken connection', async () => {
    const body = JSON.stringify({ usage, output })
    upstreamAnswers(LITE, body.slice(0, -3), WITHOUT_LENGTH)
    const sent = fetch(`${gateway.url}/bedrock/model/lite/converse`, {
      method: 'POST',
      headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messages: [] }),
    })
    const response = await sent
    await expect(response.arrayBuffer()).rejects.toThrow()
    expect(await lineOf(gateway, callIdOf(response))).toMatchObject({
      verdict: 'cut',
      status: 'failure',
      cost_nano_usd: null,
    })
  })
})
