/** `POST /spend/calculate` reads no more of a body than it may, and answers every faulty one in the form of the management API. */
import { describe, expect, it } from 'vitest'
import { calculateSpend } from '../../src/admin/calculate.ts'
import { configuration, MODEL } from '../relay/in-isolate.ts'

const MEGABYTE = 1_000_000
const MAX_BYTES = 25 * MEGABYTE

const URL_OF_CALCULATE = 'https://gateway.test/spend/calculate'

/** A body of megabytes of blanks, which counts what was taken of it. */
function megabytes(count: number) {
  const taken = { bytes: 0 }
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (taken.bytes >= count * MEGABYTE) return controller.close()
      taken.bytes += MEGABYTE
      controller.enqueue(new Uint8Array(MEGABYTE).fill(0x20))
    },
  })
  return { taken, body }
}

const post = (body: BodyInit | null, headers: Record<string, string> = {}) =>
  new Request(URL_OF_CALCULATE, { method: 'POST', body, headers })

async function calculate(request: Request) {
  const response = await calculateSpend(request, await configuration(), undefined)
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() }
}

const refusal = (status: number, message: string) => ({
  status,
  type: 'application/json',
  body: { error: expect.objectContaining({ message }) },
})

describe('a body that is longer than allowed', () => {
  it('is refused with 413 after as much as is allowed, not after all of it', async () => {
    const { taken, body } = megabytes(200)
    expect(await calculate(post(body))).toEqual(refusal(413, 'The body is longer than 25000000 bytes.'))
    expect(taken.bytes).toBeGreaterThan(MAX_BYTES)
    expect(taken.bytes).toBeLessThan(MAX_BYTES + 5 * MEGABYTE)
  })

  it('is refused before any of it where its length was announced', async () => {
    const { taken, body } = megabytes(200)
    const request = post(body, { 'content-length': String(200 * MEGABYTE) })
    expect(await calculate(request)).toEqual(refusal(413, 'The body is longer than 25000000 bytes.'))
    expect(taken.bytes).toBeLessThanOrEqual(MEGABYTE)
  })
})

describe('a body that cannot be used', () => {
  it('is refused with 400 where its sender broke off', async () => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"operation": "Conv'))
      },
      pull(controller) {
        controller.error(new Error('Network connection lost.'))
      },
    })
    expect(await calculate(post(body))).toEqual(refusal(400, 'The body ended before it was complete.'))
  })

  it.each(['', '{"operation": "Conv', 'text'])('is refused with 400 where it is not JSON: %j', async (body) => {
    expect(await calculate(post(body))).toEqual(refusal(400, 'The body is not JSON.'))
  })

  it('is refused with 400 where there is none', async () => {
    expect(await calculate(post(null))).toEqual(refusal(400, 'The body is not JSON.'))
  })
})

describe('a request', () => {
  it('is estimated by its bytes, however they were cut on the way', async () => {
    // Two bytes for each letter, and chunks that end inside of one.
    const bytes = new TextEncoder().encode(JSON.stringify({ model: MODEL, max_tokens: 0, text: 'ä'.repeat(2000) }))
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += 7) controller.enqueue(bytes.subarray(at, at + 7))
        controller.close()
      },
    })
    // 3.3 dollars per million tokens in Virginia, four bytes to a token.
    const tokens = Math.ceil(bytes.length / 4)
    expect(await calculate(post(body))).toMatchObject({
      status: 200,
      body: { state: 'estimated', cost: Number((tokens * 0.0000033).toFixed(10)) },
    })
  })
})
