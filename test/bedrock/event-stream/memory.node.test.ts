import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, it } from 'vitest'
import { createStreamTap } from '../../../src/bedrock/event-stream/tap.ts'
import { chunk, event } from './oracle.ts'
import { type StreamingOperation, streamAnswerOf } from './stream-answers.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** What is still reachable. Buffers are given back by another thread, so it asks until the figure stays. */
async function heldBytes(): Promise<number> {
  let held = Number.POSITIVE_INFINITY
  for (let unchanged = 0; unchanged < 3; ) {
    collectGarbage()
    await setImmediate()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    unchanged = heapUsed + arrayBuffers < held - 65_536 ? 0 : unchanged + 1
    held = Math.min(held, heapUsed + arrayBuffers)
  }
  return held
}

const MIB = 1_048_576

describe('a long stream', () => {
  it.for([
    ['ConverseStream', event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'x'.repeat(10_000) } })],
    ['InvokeModelWithResponseStream', chunk({ type: 'content_block_delta', delta: { text: 'x'.repeat(7_500) } })],
  ] as [StreamingOperation, Uint8Array][])(
    'of 10,000 messages and 100 MB of %s is held in less than 1 MiB',
    async ([operation, frame], { expect }) => {
      const tap = createStreamTap(streamAnswerOf(operation))
      tap.push(frame)
      const before = await heldBytes()
      for (let count = 0; count < 10_000; count++) {
        // A fresh block each time, split where no message ends, so that holding a view of one would show.
        const block = frame.slice()
        tap.push(block.subarray(0, 5_000))
        tap.push(block.subarray(5_000))
      }
      tap.push(frame.slice(0, 5_000))
      expect((await heldBytes()) - before).toBeLessThan(MIB)
      expect(tap.finish()).toMatchObject({ frames: 10_001, contentFrames: 10_001, ending: 'half' })
    },
  )

  it('holds no more than the bytes seen of a message that announces a gigabyte', async ({ expect }) => {
    const tap = createStreamTap(streamAnswerOf('ConverseStream'))
    const before = await heldBytes()
    tap.push(frameAnnouncing(1_073_741_824).slice())
    for (let count = 0; count < 100; count++) tap.push(new Uint8Array(MIB))
    expect((await heldBytes()) - before).toBeLessThan(MIB)
    expect(tap.ending).toBe('half')
    expect(tap.repair('broken')).toBeNull()
  })
})

/** A right prelude without headers, its checksum reckoned bit by bit. */
function frameAnnouncing(totalBytes: number): Uint8Array {
  const prelude = new Uint8Array(12)
  const view = new DataView(prelude.buffer)
  view.setUint32(0, totalBytes)
  let crc = 0xffff_ffff
  for (const byte of prelude.subarray(0, 8)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0)
  }
  view.setUint32(8, ~crc >>> 0)
  return prelude
}
