import { describe, expect, test } from 'vitest'
import { deployment, router, sample, warningsOf, withParams } from './samples.ts'

const PARAMS = 'model_list[0].litellm_params'

describe('a warning does not keep the gateway from starting', () => {
  test('a misspelt setting names the one that was meant', async () => {
    expect(await warningsOf(withParams({ aws_regoin_name: 'eu-west-1' }))).toEqual([
      `${PARAMS}.aws_regoin_name: not a setting that is known here; it has no effect: did you mean aws_region_name?`,
    ])
  })

  test('a setting that nobody knows is named', async () => {
    expect(await warningsOf(sample({ general_settings: { master_key: 'sk-a-master', frobnicate: 1 } }))).toEqual([
      'general_settings.frobnicate: not a setting that is known here; it has no effect: check its spelling or remove it',
    ])
  })

  test('a fallback that serves Invoke only is said not to be portable', async () => {
    const raw = router({ fallbacks: [{ a: ['b'] }] }, deployment('a'), deployment('b', { model: 'bedrock/invoke/x.y' }))
    expect(await warningsOf(raw)).toEqual([
      expect.stringMatching(/^router_settings\.fallbacks\[0\]\.a\[0\]: .*Invoke bodies are not portable/),
    ])
    const images = router(
      { fallbacks: [{ a: ['b'] }] },
      deployment('a'),
      deployment('b', { model: 'bedrock/amazon.titan-embed-text-v2:0' }),
    )
    expect(await warningsOf(images)).toHaveLength(1)
  })

  test('a prefix that is no known geography is named', async () => {
    expect(await warningsOf(withParams({ model: 'bedrock/zz.anthropic.claude-opus-5' }))).toEqual([
      expect.stringMatching(/^model_list\[0\]\.litellm_params\.model: zz\. is not a geography/),
    ])
  })

  test('the second version of usage-based routing is read as the first', async () => {
    expect(await warningsOf(router({ routing_strategy: 'usage-based-routing-v2' }))).toEqual([
      expect.stringMatching(/^router_settings\.routing_strategy: read as usage-based-routing/),
    ])
  })

  test('access keys beside a Bedrock API key are said to have no effect', async () => {
    expect(await warningsOf(withParams({ api_key: 'ABSKexample' }))).toEqual([
      `${PARAMS}.aws_access_key_id: has no effect beside a Bedrock API key`,
    ])
  })

  test('settings of a role without a role are said to have no effect', async () => {
    expect(await warningsOf(withParams({ aws_external_id: 'tenant' }))).toEqual([
      `${PARAMS}.aws_external_id: has no effect without aws_role_name`,
    ])
  })

  test('a reference inside a longer text is said to stay as it is', async () => {
    const warnings = await warningsOf(withParams({ api_base: 'https://os.environ/HOST' }))
    expect(warnings).toEqual([
      expect.stringMatching(/^model_list\[0\]\.litellm_params\.api_base: os\.environ\/NAME is read only/),
    ])
  })
})
