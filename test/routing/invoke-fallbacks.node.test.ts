/** A body of InvokeModel was written for one kind of model: which other groups may answer it. */
import { describe, expect, test } from 'vitest'
import type { Deployment } from '../../src/config/types.ts'
import type { RouteCall } from '../../src/routing/router.ts'
import { bench, configOf, deployment, THROTTLED } from './support.ts'

describe('fallbacks of InvokeModel', () => {
  const CLAUDE = 'anthropic.claude-3-haiku-20240307-v1:0'
  const NOVA = 'us.amazon.nova-micro-v1:0'
  const ARN = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc'
  const of = (group: string, model: string, more: Partial<Deployment> = {}) =>
    deployment(`${group}-${model}`, { group, model, ...more })
  const invoke: Partial<RouteCall<string>> = { fallback: 'same-body-family' }
  const throttledM = async (deployments: Deployment[], fields = invoke, fallbacks = ['x']) => {
    const b = bench(configOf(deployments, { fallbacks: { m: fallbacks }, numRetries: 0 }))
    for (const { id, group } of deployments) if (group === 'm') b.script[id] = THROTTLED
    return { result: await b.call(fields), asked: b.asked }
  }

  test('go to a group whose models read the same body', async () => {
    const { result } = await throttledM([of('m', `us.${CLAUDE}`), of('x', 'anthropic.claude-sonnet-4-20250514-v1:0')])
    expect(result).toMatchObject({ kind: 'answered', group: 'x', fallbacks: 1 })
  })

  test('never go to another body, and the answer counts no group that was not asked', async () => {
    const { result, asked } = await throttledM([of('m', CLAUDE), of('x', NOVA)])
    expect(result).toMatchObject({ kind: 'failed', group: 'm', fallbacks: 0 })
    expect(asked).toHaveLength(1)
  })

  test('pass over the deployments of a mixed group that read another body', async () => {
    const deployments = [of('m', CLAUDE), of('x', NOVA, { order: 0 }), of('x', `eu.${CLAUDE}`, { order: 1 })]
    const { result, asked } = await throttledM(deployments)
    expect(result).toMatchObject({ kind: 'answered', value: `answer of x-eu.${CLAUDE}` })
    expect(asked).not.toContain(`x-${NOVA}`)
  })

  test('pass over a group that reads another body to the next one that reads this', async () => {
    const { result } = await throttledM([of('m', CLAUDE), of('x', NOVA), of('y', CLAUDE)], invoke, ['x', 'y'])
    expect(result).toMatchObject({ kind: 'answered', group: 'y', fallbacks: 1 })
  })

  test('are none where it is not known which model a deployment hides, unless base_model says so', async () => {
    const hidden = await throttledM([of('m', CLAUDE), of('x', ARN)])
    expect(hidden.result).toMatchObject({ kind: 'failed', group: 'm' })
    const named = await throttledM([of('m', CLAUDE), of('x', ARN, { baseModel: CLAUDE })])
    expect(named.result).toMatchObject({ kind: 'answered', group: 'x' })
  })

  test('are none where the group asked for mixes bodies, since nobody knows which one this is', async () => {
    const { result } = await throttledM([of('m', CLAUDE), of('m', NOVA), of('x', CLAUDE)])
    expect(result).toMatchObject({ kind: 'failed', group: 'm' })
  })

  test('of Converse go anywhere, of counting nowhere', async () => {
    const deployments = [of('m', CLAUDE), of('x', NOVA)]
    expect((await throttledM(deployments, { fallback: 'any-group' })).result).toMatchObject({ group: 'x' })
    expect((await throttledM(deployments, { fallback: 'none', ownHealth: 'CountTokens' })).result).toMatchObject({
      group: 'm',
      fallbacks: 0,
    })
  })
})
