import { describe, expect, test } from 'vitest'
import { deployment, errorsOf, type Json, sample, valid, warningsOf } from './samples.ts'

describe('skip_faulty', () => {
  const FAULTY: Json[] = [
    deployment('a'),
    deployment('a', { aws_profile_name: 'dev' }),
    deployment('b', { aws_web_identity_token: 't', weight: -1 }),
    deployment('c', { max_budget: 5 }),
    deployment('d', { api_key: 'os.environ/NOT_SET' }),
  ]
  const skipping = (models: Json[], settings: Json = {}) =>
    sample({
      model_list: models,
      general_settings: { master_key: 'sk-test-key', skip_faulty: true },
      router_settings: settings,
    })

  test('without it one entry that cannot be served is an error for the whole file', async () => {
    expect(await errorsOf(sample({ model_list: FAULTY }))).toHaveLength(5)
  })

  test('loads the rest, and says what is left out and why', async () => {
    const raw = skipping(FAULTY, { fallbacks: [{ a: ['b'] }] })
    const config = await valid(raw)
    expect(config.deployments.map(({ id }) => id)).toEqual(['a/eu-central-1/1'])
    expect(config.router.fallbacks).toEqual({ a: [] })
    expect(config.leftOut).toMatchObject([
      {
        path: 'model_list[1]',
        modelName: 'a',
        faults: [expect.stringContaining('aws_profile_name: not supported here')],
      },
      {
        path: 'model_list[2]',
        modelName: 'b',
        faults: [expect.stringContaining('aws_web_identity_token'), expect.stringContaining('weight')],
      },
      {
        path: 'model_list[3]',
        modelName: 'c',
        faults: [expect.stringContaining('max_budget: this setting restricts calls')],
      },
      { path: 'model_list[4]', modelName: 'd', faults: [expect.stringContaining('the secret NOT_SET is not set')] },
    ])
    const warnings = await warningsOf(raw)
    for (const index of [1, 2, 3, 4]) {
      expect(warnings).toContainEqual(
        expect.stringMatching(new RegExp(`^model_list\\[${index}\\]: .*left out \\(skip_faulty\\)`)),
      )
    }
    expect(warnings).toContainEqual(
      expect.stringContaining('router_settings.fallbacks[0].a[0] (there is no model group "b")'),
    )
  })

  test('leaves out an entry outside the regions of its group, and the second of two that share an id', async () => {
    const models = [
      deployment('a', {}, { id: 'x' }),
      deployment('a', { aws_region_name: 'us-east-1' }),
      deployment('b', {}, { id: 'x' }),
    ]
    const config = await valid(skipping(models, { model_group_regions: { a: ['eu-'] } }))
    expect(config.deployments.map(({ id }) => id)).toEqual(['x'])
    expect(config.leftOut.map(({ path }) => path)).toEqual(['model_list[1]', 'model_list[2]'])
  })

  test('does not bypass what restricts the whole gateway', async () => {
    const raw = { ...skipping([deployment('a')]), litellm_settings: { max_budget: 5 } }
    expect(await errorsOf(raw)).toEqual([expect.stringMatching(/^litellm_settings\.max_budget/)])
  })

  test('with nothing left is an error', async () => {
    expect(await errorsOf(skipping(FAULTY.slice(1)))).toEqual([expect.stringMatching(/^model_list: no entry is left/)])
  })

  test('shows no secret in what it says', async () => {
    const raw = skipping([deployment('a'), deployment('b', { aws_region_name: 'os.environ/S' })])
    const { leftOut } = await valid(raw, { S: 'wJalrXUtnFEMIexample' })
    expect(leftOut).toHaveLength(1)
    expect(JSON.stringify(leftOut)).not.toContain('wJalrXUtnFEMIexample')
  })
})
