/**
 * Clients that leave before their answer is whole: AWS bills the generation, so the upstream is read on and the call is booked in full.
 * workerd hears of a client that leaves before the answer only where the connection is reset, so these clients reset it.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import type { Fault } from '../simulator/faults.ts'
import { decodeFrames, call as directCall, HELLO } from '../simulator/raw-client.ts'
import type { ReceivedRequest } from '../simulator/received.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { estimatedTokens, getJson, novaMicroNanoUsd, type Row, rowsAndLines } from './calls.ts'

const NOVA = 'amazon.nova-micro-v1:0'
/** Far more than the buffers of all sockets on the way, so that the end of the stream needs somebody who reads. */
const LONG: Fault = { frames: 400, frameChars: 16_384 }

let simulator: Simulator
/** Drains after a disconnect, which is the default. */
let draining: RunningGateway
/** `cancel_on_disconnect: true`. */
let cancelling: RunningGateway

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1', 'us-west-2'], recordings: null })
  const model_list = [
    deploymentOf(simulator, 'nova', NOVA, 'us-east-1'),
    deploymentOf(simulator, 'pair', 'amazon.nova-lite-v1:0', 'us-east-1'),
    deploymentOf(simulator, 'pair', 'amazon.nova-lite-v1:0', 'us-west-2'),
  ]
  const general_settings = { master_key: MASTER_KEY }
  draining = await startGateway({ config: { model_list, general_settings } })
  cancelling = await startGateway({
    config: { model_list, general_settings: { ...general_settings, cancel_on_disconnect: true } },
  })
})
beforeEach(() => simulator.reset())
afterAll(async () => {
  await draining?.stop()
  await cancelling?.stop()
  await simulator?.close()
})

/** A call whose connection can be reset; `answered` resolves with the first bytes of the body. */
function leavingCall(gateway: RunningGateway, model: string, action: string, callId: string) {
  const outgoing = httpRequest(`${gateway.url}/bedrock/model/${model}/${action}`, {
    method: 'POST',
    agent: false,
    headers: { authorization: `Bearer ${MASTER_KEY}`, 'x-litellm-call-id': callId },
  })
  const answered = new Promise<Buffer>((resolve) => {
    outgoing.once('response', (incoming: IncomingMessage) => {
      incoming.on('error', () => {})
      incoming.once('data', (chunk: Buffer) => {
        incoming.pause()
        resolve(chunk)
      })
    })
  })
  outgoing.on('error', () => {})
  outgoing.end(JSON.stringify(HELLO))
  const left = new Promise<void>((resolve) => outgoing.once('close', () => resolve()))
  return {
    answered,
    leave(): Promise<void> {
      outgoing.socket?.resetAndDestroy()
      return left
    },
  }
}

const held = (requests: readonly ReceivedRequest[]) => requests.some((request) => request.held)

async function outcome(): Promise<string> {
  const requests = await simulator.until(
    (all) => all.length > 0 && all.every((request) => request.outcome !== 'open'),
    25_000,
  )
  return requests.map((request) => request.outcome).join()
}

/** What was booked of the call that a test made under an id of its own; that the rows say the same is the last test. */
async function bookedOf({ logs }: RunningGateway, clientCallId: string): Promise<Row> {
  const lines = () => logs.filter(({ event, client_call_id }) => event === 'call' && client_call_id === clientCallId)
  await expect.poll(() => lines().length, { timeout: 15_000, interval: 20 }).toBe(1)
  return lines()[0] as Row
}

describe.each([
  // Of the five frames in front of the hold, one of ConverseStream's opens the message and carries no output.
  ['ConverseStream', 'converse-stream', 4],
  ['InvokeModelWithResponseStream', 'invoke-with-response-stream', 5],
] as const)('a client that leaves in the middle of %s', (operation, action, framesSeen) => {
  test('makes the gateway read the upstream to its end and book the full usage', async () => {
    simulator.fault(NOVA, { ...LONG, hold: { at: 3 } })
    const client = leavingCall(draining, 'nova', action, `full-${action}`)
    await client.answered
    await simulator.until(held)
    await client.leave()
    simulator.release()
    expect(await outcome()).toBe('complete')
    const outputTokens = (400 * 16_384) / 4
    const row = await bookedOf(draining, `full-${action}`)
    expect(row).toMatchObject({
      operation,
      verdict: 'abandoned',
      status: 'success',
      http_status: 200,
      cost_state: 'priced',
    })
    expect(row).toMatchObject({ usage: { outputTokens }, completion_tokens: outputTokens })
    // 35 and 140 nano-dollars a token: the catalogue's price of this model in us-east-1.
    const { inputTokens } = row.usage as { inputTokens: number }
    expect(row.cost_nano_usd).toBe(String(inputTokens * 35 + outputTokens * 140))
  })

  test('cancels the upstream where the configuration says so, and what was seen is estimated', async () => {
    simulator.fault(NOVA, { ...LONG, hold: { at: 5 } })
    const client = leavingCall(cancelling, 'nova', action, `cancelled-${action}`)
    const first = await client.answered
    expect(decodeFrames(first).length).toBeGreaterThan(0)
    await simulator.until(held)
    await client.leave()
    expect(await outcome()).toBe('client-closed')
    const row = await bookedOf(cancelling, `cancelled-${action}`)
    expect(row).toMatchObject({ verdict: 'abandoned', status: 'success', cost_state: 'estimated' })
    expect(row.cost_reason).toMatch(new RegExp(`output from ${framesSeen} frames seen$`))
    expect(row).toMatchObject({ prompt_tokens: estimatedTokens(HELLO), cost_nano_usd: novaMicroNanoUsd(row) })
    expect(row.completion_tokens).toBe(framesSeen)
  })
})

test('a client that closes its connection properly in the middle of a stream is noticed too', async () => {
  simulator.fault(NOVA, { ...LONG, hold: { at: 3 } })
  const leaving = new AbortController()
  const response = await fetch(`${draining.url}/bedrock/model/nova/converse-stream`, {
    method: 'POST',
    headers: { authorization: `Bearer ${MASTER_KEY}`, 'x-litellm-call-id': 'closed' },
    body: JSON.stringify(HELLO),
    signal: leaving.signal,
  })
  await response.body?.getReader().read()
  await simulator.until(held)
  leaving.abort()
  simulator.release()
  expect(await outcome()).toBe('complete')
  expect(await bookedOf(draining, 'closed')).toMatchObject({ verdict: 'abandoned', cost_state: 'priced' })
})

test('a stream that its client left and that then breaks is abandoned, and estimated', async () => {
  simulator.fault(NOVA, { ...LONG, hold: { at: 3 }, cutAfterFrames: 50 })
  const client = leavingCall(draining, 'nova', 'converse-stream', 'left-then-cut')
  await client.answered
  await simulator.until(held)
  await client.leave()
  simulator.release()
  expect(await outcome()).toBe('cut')
  const row = await bookedOf(draining, 'left-then-cut')
  expect(row).toMatchObject({ verdict: 'abandoned', cost_state: 'estimated' })
  expect(row).toMatchObject({ prompt_tokens: estimatedTokens(HELLO), cost_nano_usd: novaMicroNanoUsd(row) })
})

describe.each([
  ['Converse', 'converse'],
  ['InvokeModel', 'invoke'],
] as const)('a client that leaves before the answer of %s', (operation, action) => {
  test('leaves a row all the same, priced by the whole answer', async () => {
    const { body } = await directCall(simulator.url, operation, NOVA)
    const { usage } = JSON.parse(body.toString()) as { usage: { inputTokens: number; outputTokens: number } }
    simulator.reset()
    simulator.fault(NOVA, { hold: { at: 'headers' } })
    const client = leavingCall(draining, 'nova', action, `unanswered-${action}`)
    await simulator.until(held)
    await client.leave()
    simulator.release()
    expect(await outcome()).toBe('complete')
    const row = await bookedOf(draining, `unanswered-${action}`)
    expect(row).toMatchObject({ operation, verdict: 'abandoned', status: 'success', cost_state: 'priced', attempts: 1 })
    expect(row.cost_nano_usd).toBe(String(usage.inputTokens * 35 + usage.outputTokens * 140))
  })

  test('cancels the upstream where the configuration says so, and the row is an estimate that is not 0', async () => {
    simulator.fault(NOVA, { hold: { at: 'headers' } })
    const client = leavingCall(cancelling, 'nova', action, `unanswered-cancelled-${action}`)
    await simulator.until(held)
    await client.leave()
    expect(await outcome()).toBe('client-closed')
    const row = await bookedOf(cancelling, `unanswered-cancelled-${action}`)
    expect(row).toMatchObject({ verdict: 'abandoned', cost_state: 'estimated', attempts: 1, http_status: 499 })
    expect(row.attempt_log).toMatchObject([{ status: null, error_type: 'client-left' }])
    expect(row).toMatchObject({ completion_tokens: 0, cost_nano_usd: String(estimatedTokens(HELLO) * 35) })
    expect(simulator.count()).toBe(1)
  })
})

test.each(['converse-stream', 'invoke-with-response-stream'])(
  'clients that leave before the answer of %s leave a row each, and nothing in flight',
  async (action) => {
    simulator.fault(NOVA, { hold: { at: 'headers' } })
    const ids = [1, 2, 3, 4, 5, 6].map((n) => `early-${action}-${n}`)
    const clients = ids.map((id) => leavingCall(draining, 'nova', action, id))
    await simulator.until((requests) => requests.filter((request) => request.held).length === ids.length)
    for (const client of clients) await client.leave()
    simulator.release()
    for (const id of ids) {
      expect(await bookedOf(draining, id)).toMatchObject({
        verdict: 'abandoned',
        status: 'success',
        cost_state: 'priced',
      })
    }
    const health = (await getJson(draining, '/health?model=nova')) as { passive: { inFlight: number }[] }
    expect(health.passive.filter(({ inFlight }) => inFlight !== 0)).toEqual([])
  },
)

test('clients that leave take the deployment from nobody, before the answer or in the middle of it', async () => {
  for (const [at, action] of [
    'converse',
    'converse-stream',
    'converse',
    'converse-stream',
    'converse',
    'converse',
  ].entries()) {
    const inTheMiddle = action === 'converse-stream'
    simulator.reset()
    simulator.fault(NOVA, inTheMiddle ? { ...LONG, hold: { at: 3 } } : { hold: { at: 'headers' } })
    const client = leavingCall(cancelling, 'nova', action, `rude-${at}`)
    if (inTheMiddle) await client.answered
    await simulator.until(held)
    await client.leave()
    expect(await outcome()).toBe('client-closed')
    expect(await bookedOf(cancelling, `rude-${at}`)).toMatchObject({ verdict: 'abandoned' })
  }
  simulator.reset()
  const polite = await fetch(`${cancelling.url}/bedrock/model/nova/converse`, {
    method: 'POST',
    headers: { authorization: `Bearer ${MASTER_KEY}` },
    body: JSON.stringify(HELLO),
  })
  expect(polite.status).toBe(200)
  await polite.arrayBuffer()
  expect(cancelling.logs.filter(({ event }) => event === 'health')).toEqual([])
})

test('a call whose client has left is not tried again, and an error costs nothing', async () => {
  simulator.fault(
    { model: 'amazon.nova-lite-v1:0' },
    { hold: { at: 'headers' }, error: { name: 'InternalServerException' } },
  )
  const client = leavingCall(draining, 'pair', 'converse', 'left-then-error')
  await simulator.until(held)
  await client.leave()
  simulator.release()
  expect(await outcome()).toBe('complete')
  const row = await bookedOf(draining, 'left-then-error')
  expect(row).toMatchObject({
    verdict: 'abandoned',
    status: 'failure',
    attempts: 1,
    cost_state: 'failed',
    cost_nano_usd: '0',
  })
  expect(simulator.count()).toBe(1)
})

test('a free call stays free when its client leaves', async () => {
  simulator.fault({ operation: 'CountTokens' }, { hold: { at: 'headers' } })
  const client = leavingCall(draining, 'nova', 'count-tokens', 'left-free')
  await simulator.until(held)
  await client.leave()
  simulator.release()
  await outcome()
  expect(await bookedOf(draining, 'left-free')).toMatchObject({ verdict: 'abandoned', cost_nano_usd: '0' })
})

test('every one of these calls has its row, written after its client had gone', async () => {
  for (const gateway of [draining, cancelling]) {
    const { rows, lines } = await rowsAndLines(gateway)
    expect(lines.length).toBeGreaterThan(3)
    expect(rows).toEqual(lines)
  }
})
