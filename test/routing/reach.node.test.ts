import { describe, expect, test } from 'vitest'
import { bench, configOf, deployment } from './support.ts'

const APPLICATION = 'arn:aws:bedrock:ap-southeast-2:123456789012:application-inference-profile/abc123'

describe('a call that is bound to regions is never sent where AWS may answer it outside', () => {
  test.for([
    ['a geography that is wider than the bound', { model: 'apac.amazon.nova-lite-v1:0' }],
    ['a global profile', { model: 'global.amazon.nova-lite-v1:0' }],
    ['a profile of a geography that is not known', { model: 'zz.amazon.nova-lite-v1:0' }],
    ['an application profile that nothing is known of', { model: APPLICATION }],
    ['an application profile of a global one', { model: APPLICATION, baseModel: 'global.amazon.nova-lite-v1:0' }],
  ] as const)('%s', async ([, fields], { expect }) => {
    const risky = deployment('risky', { region: 'ap-southeast-2', ...fields })
    const group = bench(configOf([risky], { modelGroupRegions: { m: ['ap-southeast-2', 'ap-southeast-4'] } }))
    expect(await group.call()).toMatchObject({ kind: 'exhausted', failure: { status: 403 } })
    const caller = bench(configOf([risky]))
    expect(await caller.call({ regions: ['ap-southeast-'] })).toMatchObject({ failure: { status: 403 } })
    expect([...group.asked, ...caller.asked]).toEqual([])
  })

  test('what surely stays inside is asked', async () => {
    const within = deployment('within', {
      region: 'ap-southeast-2',
      model: APPLICATION,
      baseModel: 'au.amazon.nova-lite-v1:0',
    })
    const b = bench(configOf([within], { modelGroupRegions: { m: ['ap-southeast-2', 'ap-southeast-4'] } }))
    expect(await b.call()).toMatchObject({ value: 'answer of within' })
  })
})
