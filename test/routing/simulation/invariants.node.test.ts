import { expect, test } from 'vitest'
import { deployment, failure, THROTTLED } from '../support.ts'
import type { CallSpec } from './drive.ts'
import { watchInvariants } from './invariants.ts'

const a = deployment('a')
const b = deployment('b')
const far = deployment('far', { group: 'x' })
const spec = { group: 'm' } as CallSpec

function watch() {
  const time = { nowMs: 0 }
  const invariants = watchInvariants({
    now: () => time.nowMs,
    deployments: [a, b, far],
    allowed: () => [a, b],
    attemptsMax: 2,
  })
  const cool = (id: string) =>
    invariants.onEvent?.({
      kind: 'cooling',
      deployment: id,
      group: 'm',
      region: '',
      reason: '',
      status: 429,
      type: '',
      ms: 1_000,
    })
  return { ...invariants, time, cool }
}

test('the watch sees a cooling deployment asked, and says nothing when its time is over or nobody else is left', () => {
  const w = watch()
  w.cool('a')
  w.onAttempt?.(spec, a, [{ target: b, failure: THROTTLED }])
  expect(w.violations).toEqual([])
  w.onAttemptEnd?.(a)
  w.onAttempt?.(spec, a, [])
  expect(w.violations).toEqual([expect.stringContaining('a cools and was asked while b was idle')])
  w.onAttemptEnd?.(a)
  w.time.nowMs = 1_000
  w.onAttempt?.(spec, a, [])
  expect(w.violations).toHaveLength(1)
})

test('the watch sees two probes, a repeated target, too many attempts, a repeated 400 and a call that left its regions', () => {
  const w = watch()
  w.cool('a')
  w.time.nowMs = 1_000
  w.onAttempt?.(spec, a, [])
  w.onAttempt?.(spec, a, [])
  w.onAttempt?.(spec, b, [{ target: a, failure: failure({ status: 400 }) }])
  w.onAttempt?.(spec, far, [])
  const other = watch()
  other.onAttempt?.(spec, a, [{ target: a, failure: THROTTLED }])
  other.onAttempt?.(
    spec,
    b,
    [a, a].map((target) => ({ target, failure: THROTTLED })),
  )
  expect([...w.violations, ...other.violations].map((text) => text.replace(/^at \d+ ms: /, ''))).toEqual([
    'a was probed by two calls at once',
    'a call was asked again after a 400',
    'far was asked for the group m, which may not go there',
    'a was asked again while b was healthy and had not been asked',
    'attempt 3 of one call',
  ])
})
