/** The shared cost cases as real calls: what the formula prices exactly, the ledger holds rounded half up to nano-dollars. */
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nanoFromPico, picoFromUsd } from '../../src/base/decimal.ts'
import { encodeFrame } from '../../src/bedrock/event-stream/encode.ts'
import { deploymentOf, MASTER_KEY, type RunningGateway, type SpendRow, startGateway } from '../clients/harness.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'

type Case = {
  name: string
  operation: string
  model_id: string
  source_region: string
  usage: { body?: unknown; metadata?: unknown; headers?: Record<string, string>; chunks?: unknown[]; request?: unknown }
  expected_usd: string | null
  resolved_model_arns?: string[]
}

const FILE = '../shared/prices/golden.json'
const ACTIONS: Readonly<Record<string, string>> = {
  Converse: 'converse',
  ConverseStream: 'converse-stream',
  InvokeModel: 'invoke',
  InvokeModelWithResponseStream: 'invoke-with-response-stream',
  CountTokens: 'count-tokens',
}

/** Cases of operations that are served, without those that need the control plane to know their model. */
const cases: Case[] = existsSync(FILE)
  ? (JSON.parse(readFileSync(FILE, 'utf8')) as Case[]).filter(
      ({ operation, resolved_model_arns }) => operation in ACTIONS && resolved_model_arns === undefined,
    )
  : []

const encoder = new TextEncoder()

function frame(type: string, payload: unknown): Uint8Array {
  const headers = [
    [':event-type', type],
    [':content-type', 'application/json'],
    [':message-type', 'event'],
  ] as const
  return encodeFrame(headers, encoder.encode(JSON.stringify(payload)))
}

/** The answer of an upstream that holds the pieces of a case. */
function answerOf({ operation, usage }: Case): { status: number; headers: Record<string, string>; bodyBase64: string } {
  const stream = 'application/vnd.amazon.eventstream'
  const encode = (parts: Uint8Array[]) => Buffer.concat(parts).toString('base64')
  if (operation === 'ConverseStream') {
    const parts = [
      frame('messageStart', { role: 'assistant' }),
      frame('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'x' } }),
      frame('messageStop', { stopReason: 'end_turn' }),
      ...(usage.metadata === null ? [] : [frame('metadata', usage.metadata)]),
    ]
    return { status: 200, headers: { 'content-type': stream }, bodyBase64: encode(parts) }
  }
  if (operation === 'InvokeModelWithResponseStream') {
    const chunks = usage.chunks ?? []
    const parts = chunks.map((chunk) =>
      frame('chunk', { bytes: Buffer.from(JSON.stringify(chunk)).toString('base64') }),
    )
    return { status: 200, headers: { 'content-type': stream }, bodyBase64: encode(parts) }
  }
  const headers = { 'content-type': 'application/json', ...usage.headers }
  return { status: 200, headers, bodyBase64: encode([encoder.encode(JSON.stringify(usage.body ?? {}))]) }
}

describe.skipIf(cases.length === 0)(
  'the shared cost cases as real calls (skipped: ../shared/prices/golden.json is absent)',
  () => {
    let simulator: Simulator
    let gateway: RunningGateway
    const rows = new Map<string, SpendRow>()

    beforeAll(async () => {
      const regions = [...new Set(cases.map(({ source_region }) => source_region))]
      simulator = await startSimulator({ auth: 'off', regions })
      const model_list = cases.map(({ name, model_id, source_region }) =>
        deploymentOf(simulator, name, model_id, source_region),
      )
      gateway = await startGateway({ config: { model_list, general_settings: { master_key: MASTER_KEY } } })
      for (const one of cases) {
        simulator.clearFaults()
        simulator.fault({}, { raw: answerOf(one) })
        const response = await fetch(`${gateway.url}/bedrock/model/${one.name}/${ACTIONS[one.operation]}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
          body: JSON.stringify(one.usage.request ?? { messages: [] }),
        })
        expect(response.status, one.name).toBe(200)
        await response.arrayBuffer()
      }
      for (const row of await gateway.rows(cases.length)) rows.set(String(row.model_group), row)
    })

    afterAll(async () => {
      await gateway?.stop()
      await simulator?.close()
    })

    test.each(cases.map((one) => [one.name, one] as const))('%s', (_name, one) => {
      const row = rows.get(one.name)
      if (one.operation === 'ConverseStream' && one.usage.metadata === null) {
        expect(row).toMatchObject({ cost_state: 'estimated', verdict: 'complete' })
        return
      }
      if (one.expected_usd === null) {
        expect(row).toMatchObject({ cost_state: 'unpriced', cost_nano_usd: null, spend: null })
        expect(row?.cost_reason).toMatch(/./)
        return
      }
      const attempts = row?.attempt_log as { cost_nano_usd?: string }[]
      expect(attempts.reduce((sum, attempt) => sum + BigInt(attempt.cost_nano_usd ?? '0'), 0n).toString()).toBe(
        row?.cost_nano_usd,
      )
      const pico = picoFromUsd(one.expected_usd)
      expect(row).toMatchObject({
        cost_state: one.operation === 'CountTokens' ? 'free' : 'priced',
        cost_nano_usd: pico === null ? undefined : nanoFromPico(pico).toString(),
        verdict: 'complete',
      })
    })
  },
)
