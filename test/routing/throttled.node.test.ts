import { expect, test } from 'vitest'
import { BAD_REQUEST, bench, configOf, deployment, seededRandom, THROTTLED } from './support.ts'

const CALLS = 200

test.each([
  ['Converse', { streams: false }, THROTTLED],
  ['ConverseStream, throttled in the first frame', { streams: true }, { ...THROTTLED, phase: 'first-frame' as const }],
])('of two deployments one always throttles: 200 of 200 calls of %s succeed', async (_name, fields, fault) => {
  const b = bench(configOf(['a', 'b'].map((id) => deployment(id))), { random: seededRandom(42) })
  b.script.a = fault
  let answered = 0
  for (let n = 0; n < CALLS; n++) {
    const result = await b.call(fields)
    if (result.kind === 'answered') answered++
    b.nowMs += 100
  }
  expect(answered).toBe(CALLS)
  expect(b.asked.filter((id) => id === 'a').length).toBeLessThan(15)
})

test('the same holds for 200 calls at once', async () => {
  const b = bench(configOf(['a', 'b'].map((id) => deployment(id))), { random: seededRandom(42) })
  b.script.a = THROTTLED
  const results = await Promise.all(Array.from({ length: CALLS }, () => b.call()))
  expect(results.filter((result) => result.kind === 'answered')).toHaveLength(CALLS)
})

test('a 400 reaches exactly one deployment once', async () => {
  const b = bench(configOf(['a', 'b'].map((id) => deployment(id))))
  b.script.a = BAD_REQUEST
  b.script.b = BAD_REQUEST
  const result = await b.call()
  expect(result).toMatchObject({ kind: 'failed', failure: BAD_REQUEST, retryAfterMs: null })
  expect(b.asked).toHaveLength(1)
})
