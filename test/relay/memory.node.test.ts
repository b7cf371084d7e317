/** A long stream must not be held by anybody on its way. The bound is on the resident memory of the workerd process itself. */
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deploymentOf, MASTER_KEY, type RunningGateway, startGateway } from '../clients/harness.ts'
import { listenerOf, residentBytes, SOCKETS } from '../fuzz/listener-memory.ts'
import { decodeFrames } from '../simulator/raw-client.ts'
import { type Simulator, startSimulator } from '../simulator/server.ts'
import { callIdOf, lineOf, send } from './calls.ts'

const NOVA = 'amazon.nova-micro-v1:0'
const FRAMES = 10_000
const FRAME_CHARS = 8_192

/**
 * 10,000 frames of 8 KiB are 82 MB. Whoever keeps them all grows by that much at least, as does a tee whose other branch is read
 * only at the end. What may grow is the heap of V8 between two collections, and what the tap lets lie for its second: at the pace of
 * this stream some 8 MB. Half of the stream is beyond both and far below all of it.
 */
const GROWTH_MAX_BYTES = (FRAMES * FRAME_CHARS) / 2

let simulator: Simulator
let gateway: RunningGateway

beforeAll(async () => {
  simulator = await startSimulator({ regions: ['us-east-1'], recordings: null })
  const model_list = [deploymentOf(simulator, 'nova', NOVA, 'us-east-1')]
  gateway = await startGateway({ config: { model_list, general_settings: { master_key: MASTER_KEY } } })
})
afterAll(async () => {
  await gateway?.stop()
  await simulator?.close()
})

test.skipIf(!existsSync(SOCKETS))(
  '10,000 frames pass whole in constant memory (skipped where there is no /proc)',
  async () => {
    const pid = listenerOf(Number(new URL(gateway.url).port))
    expect(readFileSync(`/proc/${pid}/comm`, 'utf8')).toMatch(/workerd/)
    // A short stream at full speed first: a process that has never worked hard grows at first, whatever it does.
    simulator.fault(NOVA, { frames: 2500, frameChars: FRAME_CHARS }, { times: 1 })
    await (await send(gateway, '/bedrock/model/nova/converse-stream')).arrayBuffer()
    const before = residentBytes(pid)

    simulator.fault(NOVA, { frames: FRAMES, frameChars: FRAME_CHARS, msBetweenFrames: 0.1 })
    const response = await send(gateway, '/bedrock/model/nova/converse-stream')
    let rest: Buffer = Buffer.alloc(0)
    let frames = 0
    let most = before
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      rest = Buffer.concat([rest, chunk])
      for (let length = lengthOf(rest); length !== null && rest.length >= length; length = lengthOf(rest)) {
        // Every hundredth in full: decoding all of them would measure the decoder.
        if (frames % 100 === 0) expect(decodeFrames(rest.subarray(0, length))).toHaveLength(1)
        rest = rest.subarray(length)
        frames += 1
        if (frames % 500 === 0) most = Math.max(most, residentBytes(pid))
      }
    }
    expect(rest).toHaveLength(0)
    // messageStart, contentBlockStop, messageStop and metadata beside the text.
    expect(frames).toBe(FRAMES + 4)
    const growth = most - before
    console.log(
      `memory of workerd grew by ${(growth / 1e6).toFixed(1)} MB over a stream of ${((FRAMES * FRAME_CHARS) / 1e6).toFixed(0)} MB`,
    )
    expect(growth).toBeLessThan(GROWTH_MAX_BYTES)
    const line = await lineOf(gateway, callIdOf(response))
    expect(line).toMatchObject({
      verdict: 'complete',
      cost_state: 'priced',
      usage: { outputTokens: (FRAMES * FRAME_CHARS) / 4 },
    })
  },
)

/** What a body of `[],[],…` becomes when its tree is built: tens of bytes for each of its eight million lists. */
const BOMB_BYTES = 24_000_000
const TREE_BYTES = 100_000_000

test.skipIf(!existsSync(SOCKETS))(
  'a bomb of brackets beside metadata, a guardrail and a tier takes no more memory than a text of its size (skipped where there is no /proc)',
  async () => {
    const pid = listenerOf(Number(new URL(gateway.url).port))
    const rest =
      '"requestMetadata":{"run":"7"},"guardrailConfig":{"guardrailIdentifier":"g"},"serviceTier":{"type":"flex"}}'
    const text = `{"messages":[],"x":"${'y'.repeat(BOMB_BYTES)}",${rest}`
    const bomb = `{"messages":[],"x":[${'[],'.repeat(BOMB_BYTES / 3)}[]],${rest}`
    async function peakOf(body: string): Promise<number> {
      let peak = 0
      const watching = setInterval(() => {
        peak = Math.max(peak, residentBytes(pid))
      }, 10)
      const response = await send(gateway, '/bedrock/model/nova/converse', { body })
      await response.arrayBuffer()
      clearInterval(watching)
      expect(response.status).toBe(200)
      expect(await lineOf(gateway, callIdOf(response))).toMatchObject({
        metadata: { requestMetadata: { run: '7' } },
        metadata_truncated: false,
        cost_state: 'unpriced',
      })
      return peak
    }
    simulator.reset()
    const ofTexts = [await peakOf(text), await peakOf(text)]
    const more = (await peakOf(bomb)) - Math.max(...ofTexts)
    console.log(`a bomb takes ${(more / 1e6).toFixed(1)} MB more than a text of its size`)
    expect(more).toBeLessThan(TREE_BYTES)
  },
)

/** Announced length of the frame that a buffer begins with. */
function lengthOf(bytes: Buffer): number | null {
  return bytes.length < 4 ? null : bytes.readUInt32BE(0)
}
