/**
 * Real exchanges with Bedrock against what their own bytes say, read here by other means than the product's: Smithy's frame
 * codec, and regular expressions over the JSON text.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EventStreamCodec } from '@smithy/eventstream-codec'
import { describe, expect, it } from 'vitest'
import { OPERATIONS } from '../../../src/bedrock/operations/table.ts'
import { accountingOf } from '../../../src/bedrock/usage/priced-operations.ts'
import { readUsage } from '../../../src/bedrock/usage/read-usage.ts'
import type { WireParts } from '../../../src/bedrock/usage/wire-parts.ts'

const FOLDER = join(dirname(fileURLToPath(import.meta.url)), '../../../../shared/recordings')
const files = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.json')) : []

type Exchange = {
  request: { url: string; body: string }
  response: { status: number; headers: Record<string, string>; bodyBase64: string }
}

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
)

function frames(bytes: Buffer): { type: unknown; payload: string }[] {
  const found: { type: unknown; payload: string }[] = []
  for (let at = 0; at + 4 <= bytes.length; at += bytes.readUInt32BE(at)) {
    const message = codec.decode(bytes.subarray(at, at + bytes.readUInt32BE(at)))
    found.push({ type: message.headers[':event-type']?.value, payload: Buffer.from(message.body).toString('utf8') })
  }
  return found
}

/** The last value of any of these counters in the text, however deep it stands. */
function lastCounter(text: string, ...names: string[]): number | undefined {
  const all = [...text.matchAll(new RegExp(`"(?:${names.join('|')})"\\s*:\\s*(\\d+)`, 'g'))]
  return all.length === 0 ? undefined : Number(all.at(-1)?.[1])
}

function partsOf(operation: string, { response }: Exchange): { parts: WireParts; text: string } {
  const bytes = Buffer.from(response.bodyBase64, 'base64')
  const headers = response.headers
  if (operation === 'Converse' || operation === 'InvokeModel') {
    const text = bytes.toString('utf8')
    return { parts: { body: JSON.parse(text), headers }, text }
  }
  const events = frames(bytes)
  if (operation === 'ConverseStream') {
    const text = events.find((event) => event.type === 'metadata')?.payload ?? 'null'
    return { parts: { metadata: JSON.parse(text), headers }, text }
  }
  const texts = events
    .filter((event) => event.type === 'chunk')
    .map((event) => Buffer.from((JSON.parse(event.payload) as { bytes: string }).bytes, 'base64').toString('utf8'))
  return { parts: { chunks: texts.map((text) => JSON.parse(text) as unknown), headers }, text: texts.join('\n') }
}

describe.skipIf(files.length === 0)('usage of recorded exchanges (skipped: ../shared/recordings is absent)', () => {
  it.each(files)('%s reads as its own bytes say', (file) => {
    const exchanges = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Exchange[]
    for (const exchange of exchanges) {
      const [, model = '', action = ''] = /\/model\/([^/]+)\/([^/?]+)/.exec(exchange.request.url) ?? []
      const operation = OPERATIONS.find((one) => one.path.text.endsWith(`/${action}`))?.name ?? ''
      if (exchange.response.status !== 200) {
        const { parts } = partsOf('Converse', exchange)
        expect(readUsage(accountingOf(operation), decodeURIComponent(model), parts).usage).toBeNull()
        continue
      }
      const { parts, text } = partsOf(operation, exchange)
      const reading = readUsage(accountingOf(operation), decodeURIComponent(model), parts)
      const header = (name: string) => exchange.response.headers[`x-amzn-bedrock-${name}-token-count`]
      const counted = (name: string, ...names: string[]) =>
        header(name) === undefined ? lastCounter(text, ...names) : Number(header(name))
      expect(reading.problem).toBeNull()
      expect(reading.usage?.inputTokens).toBe(counted('input', 'inputTokens', 'inputTokenCount'))
      // Claude's last message_delta counts; two recordings of tool calls show invocationMetrics with fewer (97 and 90 of 133 and 134).
      const claude = text.includes('"message_delta"') ? lastCounter(text, 'output_tokens') : undefined
      expect(reading.usage?.outputTokens).toBe(claude ?? counted('output', 'outputTokens', 'outputTokenCount'))
    }
  })

  it('all of the recorded families are among them', () => {
    for (const family of [
      'amazon.nova',
      'amazon.titan',
      'anthropic.claude',
      'cohere.command',
      'meta.llama',
      'mistral',
    ]) {
      expect(files.some((file) => file.includes(family))).toBe(true)
    }
  })
})
