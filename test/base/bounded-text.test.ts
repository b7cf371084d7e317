import { describe, expect, it } from 'vitest'
import { readBoundedText } from '../../src/base/bounded-text.ts'

const BOUNDS = { maxBytes: 1_000, stallMs: 100 }

function requestOf(chunks: readonly string[], end: 'ends' | 'stops' | 'breaks' = 'ends'): Request {
  const left = [...chunks]
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = left.shift()
      if (next !== undefined) controller.enqueue(new TextEncoder().encode(next))
      else if (end === 'ends') controller.close()
      else if (end === 'breaks') controller.error(new Error('gone'))
      else await new Promise(() => undefined)
    },
  })
  return new Request('https://gateway/', { method: 'POST', body })
}

describe('a text from outside', () => {
  it('is read whole within its bound', async () => {
    expect(await readBoundedText(requestOf(['a', 'é', 'b']), BOUNDS)).toEqual({
      kind: 'text',
      text: 'aéb',
      sizeBytes: 4,
    })
    expect(await readBoundedText(requestOf([]), BOUNDS)).toEqual({ kind: 'text', text: '', sizeBytes: 0 })
    expect(await readBoundedText(new Request('https://gateway/', { method: 'POST' }), BOUNDS)).toEqual({
      kind: 'text',
      text: '',
      sizeBytes: 0,
    })
    expect(await readBoundedText(requestOf(['x'.repeat(1_000)]), BOUNDS)).toMatchObject({ kind: 'text' })
  })

  it('is given up beyond it, before it is read where its length says so', async () => {
    expect(await readBoundedText(requestOf(['x'.repeat(600), 'y'.repeat(600)], 'stops'), BOUNDS)).toEqual({
      kind: 'too-long',
    })
    const announced = new Request('https://gateway/', {
      method: 'POST',
      body: 'x',
      headers: { 'content-length': '1001' },
    })
    expect(await readBoundedText(announced, BOUNDS)).toEqual({ kind: 'too-long' })
  })

  it('is given up where it stops or breaks off', async () => {
    expect(await readBoundedText(requestOf(['x'], 'stops'), BOUNDS)).toEqual({ kind: 'stalled' })
    expect(await readBoundedText(requestOf(['x'], 'breaks'), BOUNDS)).toEqual({ kind: 'broken' })
  })
})
