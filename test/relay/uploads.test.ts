/** Uploads that stop, crawl or break off: memory counts what came, and every wait has an end. */
import { describe, expect, it } from 'vitest'
import { drainUpload } from '../../src/relay/request/drain-upload.ts'
import { createBodyBudget, readBody } from '../../src/relay/request/held-body.ts'

const STALL_MS = 150
const MEGABYTE = 1_000_000

/** A request whose body comes chunk by chunk; after the last one it ends, stops for ever, or breaks. */
function uploadOf(
  chunks: number,
  size: number,
  end: 'ends' | 'stops' | 'breaks',
  everyMs = 0,
  announced?: number,
): Request {
  let sent = 0
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (everyMs > 0) await new Promise((resolve) => setTimeout(resolve, everyMs))
      if (sent++ < chunks) controller.enqueue(new Uint8Array(size))
      else if (end === 'ends') controller.close()
      else if (end === 'breaks') controller.error(new Error('the client is gone'))
      else await new Promise(() => undefined)
    },
  })
  const headers = announced === undefined ? {} : { 'content-length': String(announced) }
  return new Request('https://gateway/', { method: 'POST', body, headers })
}

const budgetOf = () => createBodyBudget(undefined, STALL_MS)

describe('an upload', () => {
  it('that stops is ended after the bound, and its memory comes back', async () => {
    for (const [chunks, announced] of [
      [0, 100],
      [3, undefined],
      [3, 25 * MEGABYTE],
    ] as const) {
      const budget = budgetOf()
      const startedMs = Date.now()
      const read = await readBody(uploadOf(chunks, 1_000, 'stops', 0, announced), budget)
      expect(read).toMatchObject({ ok: false, reason: { kind: 'body-stalled', afterMs: STALL_MS } })
      expect(Date.now() - startedMs).toBeGreaterThanOrEqual(STALL_MS - 20)
      expect(budget.heldBytes).toBe(0)
    }
  })

  it('that crawls is taken, however long it takes in all', async () => {
    const budget = budgetOf()
    const startedMs = Date.now()
    const read = await readBody(uploadOf(10, 100, 'ends', STALL_MS / 3), budget)
    expect(read).toMatchObject({ ok: true, value: { sizeBytes: 1_000 } })
    expect(Date.now() - startedMs).toBeGreaterThan(2 * STALL_MS)
    if (read.ok) read.value.release()
    expect(budget.heldBytes).toBe(0)
  })

  it('that breaks off is refused, and its memory comes back', async () => {
    const budget = budgetOf()
    const read = await readBody(uploadOf(3, MEGABYTE, 'breaks'), budget)
    expect(read).toMatchObject({ ok: false, reason: { kind: 'body-unreadable' } })
    expect(budget.heldBytes).toBe(0)
  })

  it('takes memory for what came, not for what was announced: three that stopped leave room for large ones', async () => {
    const budget = createBodyBudget(undefined, 5_000)
    const stopped = Array.from({ length: 3 }, () => readBody(uploadOf(1, 1_000, 'stops', 0, 25 * MEGABYTE), budget))
    const others = Array.from({ length: 2 }, () => readBody(uploadOf(20, MEGABYTE, 'ends'), budget))
    for (const other of await Promise.all(others)) expect(other).toMatchObject({ ok: true })
    expect(budget.heldBytes).toBe(40 * MEGABYTE + 3 * 1_000)
    expect(await Promise.race([...stopped, Promise.resolve('still waiting')])).toBe('still waiting')
  })
})

describe('what is left of a refused upload', () => {
  const BOUNDS = { maxBytes: MEGABYTE, stallMs: STALL_MS, maxMs: 4 * STALL_MS }

  it('is read to its end', async () => {
    const request = uploadOf(5, 100, 'ends')
    await drainUpload(request, BOUNDS)
    expect(request.bodyUsed).toBe(true)
  })

  it.each([
    ['stops', uploadOf(1, 100, 'stops')],
    ['breaks off', uploadOf(1, 100, 'breaks')],
    ['is longer than the bound', uploadOf(1_000_000, MEGABYTE, 'ends')],
    ['crawls for ever', uploadOf(1_000_000, 1, 'ends', STALL_MS / 3)],
  ])('is given up where it %s', async (_how, request) => {
    const startedMs = Date.now()
    await drainUpload(request, BOUNDS)
    expect(Date.now() - startedMs).toBeLessThan(10 * STALL_MS)
  })
})
