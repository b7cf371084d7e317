import { describe, expect, test } from 'vitest'
import { BAD_REQUEST, bench, configOf, DENIED, deployment, NO_CONNECTION, THROTTLED, UNAVAILABLE } from './support.ts'

/** `order` fixes who is asked first. */
const inOrder = (...ids: string[]) => ids.map((id, order) => deployment(id, { order }))

describe('the answer when all fail', () => {
  test.each([
    ['a 429 before a 503', [UNAVAILABLE, THROTTLED], '429 of b'],
    ['a 503 before a network error', [NO_CONNECTION, UNAVAILABLE], '503 of b'],
    ['a 503 before a deployment without access', [DENIED, UNAVAILABLE], '503 of b'],
    ["the client's own 400 before a 429", [THROTTLED, BAD_REQUEST], '400 of b'],
  ])('is the most useful one: %s', async (_name, faults, value) => {
    const b = bench(configOf(inOrder('a', 'b'), { numRetries: 1 }))
    b.script.a = faults[0] ?? ''
    b.script.b = faults[1] ?? ''
    expect(await b.call()).toMatchObject({ kind: 'failed', value })
  })

  test('names the soonest cool-down of all deployments, and what became of each attempt', async () => {
    const b = bench(configOf(inOrder('a', 'b')))
    b.script.a = { ...THROTTLED, retryAfterMs: 9_000 }
    b.script.b = { ...THROTTLED, retryAfterMs: 4_000 }
    const result = await b.call()
    expect(result).toMatchObject({ retryAfterMs: 4_000 })
    expect('attempts' in result && result.attempts.map(({ deployment: { id }, action }) => [id, action])).toEqual([
      ['a', 'asked b'],
      ['b', 'stopped: throttled-requests'],
    ])
  })

  test('names a wait of a millisecond where a deployment is free that the bound on attempts left unasked', async () => {
    const b = bench(
      configOf(
        ['a', 'b'].map((id) => deployment(id)),
        { numRetries: 0 },
      ),
    )
    b.script.a = THROTTLED
    b.script.b = THROTTLED
    expect(await b.call()).toMatchObject({ failure: THROTTLED, retryAfterMs: 1 })
  })

  test('is a failure without a value where nothing can be handed on', async () => {
    const b = bench(configOf([deployment('a')]))
    b.script.a = NO_CONNECTION
    expect(await b.call()).toMatchObject({
      kind: 'exhausted',
      failure: NO_CONNECTION,
      attempts: [{ failure: NO_CONNECTION }],
    })
  })
})
