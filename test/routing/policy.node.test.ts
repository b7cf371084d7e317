import { describe, expect, expectTypeOf, test } from 'vitest'
import { POLICY, policyFor, UNFORESEEN } from '../../src/routing/policy/policy.ts'
import type { CoolDownRule, Treatment } from '../../src/routing/policy/policy-row.ts'
import type { REQUEST } from '../../src/routing/policy/treatments.ts'
import { ANSWERED_BY_SIBLING, REPEATED_BY_SIBLING } from '../../src/routing/policy/unexplained.ts'
import { CASES, MODEL_ID } from './policy-cases.ts'
import { failure } from './support.ts'

describe('policy table', () => {
  test.each(CASES)('%s is treated as the table says', (_signal, signal, treatment) => {
    const { name, sameTarget, otherTarget, coolDown, retryClass } = policyFor(signal, MODEL_ID)
    const errorClass = retryClass?.replace('ErrorRetries', '') ?? 'none'
    const out = coolDown === null ? 'none' : `${coolDown.after} ${coolDown.lasts}`
    expect(`${name}: ${sameTarget}, ${otherTarget}, ${out}, ${errorClass}`).toBe(treatment)
  })

  test('what is the doing of the request, the operation, the client or the gateway takes no deployment out', () => {
    const harmful = new Set(['quota', 'service', 'network', 'account'])
    for (const { name, blame, coolDown } of [...POLICY, UNFORESEEN, ANSWERED_BY_SIBLING, REPEATED_BY_SIBLING]) {
      expect({ name, takesOut: coolDown !== null }).toEqual({ name, takesOut: harmful.has(blame) })
    }
  })

  test('the types refuse a row that blames the request and takes the deployment out', () => {
    type Wrong = Omit<typeof REQUEST, 'coolDown'> & { coolDown: CoolDownRule }
    expectTypeOf<typeof REQUEST>().toExtend<Treatment>()
    expectTypeOf<Wrong>().not.toExtend<Treatment>()
  })

  test('every row is proven by at least one signal of this test', () => {
    const proven = new Set(CASES.map(([, signal]) => policyFor(signal, MODEL_ID).name))
    expect(POLICY.map(({ name }) => name).filter((name) => !proven.has(name))).toEqual([])
  })

  test('rows have names of their own and a source', () => {
    expect(new Set(POLICY.map(({ name }) => name)).size).toBe(POLICY.length)
    expect(POLICY.filter(({ source }) => source === '')).toEqual([])
  })

  test('a failure that no row foresees is asked for elsewhere', () => {
    expect(policyFor(failure({ status: null }), MODEL_ID)).toBe(UNFORESEEN)
    expect(UNFORESEEN.otherTarget).toBe('yes')
  })

  test('only a fault of the gateway itself raises an alarm', () => {
    expect(POLICY.filter(({ alarm }) => alarm).map(({ name }) => name)).toEqual(['misrouted'])
  })
})
