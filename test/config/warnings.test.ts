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

  describe('of a fallback says which calls can never take it', () => {
    const NEVER = /^router_settings\.fallbacks\[0\]\.a\[0\]: "b" can never answer for "a"/
    const NOT_INVOKE = /^router_settings\.fallbacks\[0\]\.a\[0\]: calls of InvokeModel never fall back from "a" to "b"/
    const PROFILE = 'bedrock/arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc123'

    test.for([
      ['bedrock/amazon.nova-lite-v1:0', 'bedrock/eu.amazon.nova-pro-v1:0', null],
      ['bedrock/anthropic.claude-opus-5', 'bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0', null],
      ['bedrock/amazon.nova-lite-v1:0', 'bedrock/anthropic.claude-opus-5', NOT_INVOKE],
      ['bedrock/amazon.nova-lite-v1:0', 'bedrock/invoke/x.y', NEVER],
      ['bedrock/amazon.nova-lite-v1:0', 'bedrock/amazon.titan-embed-text-v2:0', NEVER],
      ['bedrock/cohere.embed-v4:0', 'bedrock/cohere.embed-v4:0', null],
      ['bedrock/cohere.embed-v4:0', 'bedrock/amazon.titan-embed-text-v2:0', NEVER],
      [PROFILE, 'bedrock/amazon.nova-lite-v1:0', NOT_INVOKE],
    ] as const)('%s → %s', async ([from, to, says], { expect }) => {
      const raw = router(
        { fallbacks: [{ a: ['b'] }] },
        deployment('a', { model: from }),
        deployment('b', { model: to }),
      )
      expect(await warningsOf(raw)).toEqual(says === null ? [] : [expect.stringMatching(says)])
    })

    test('and knows the model behind an application profile', async () => {
      const raw = router(
        { fallbacks: [{ a: ['b'] }] },
        deployment('a', { model: PROFILE }, { base_model: 'eu.amazon.nova-pro-v1:0' }),
        deployment('b'),
      )
      expect(await warningsOf(raw)).toEqual([])
    })

    test('and nothing of a pattern, which may be any model', async () => {
      const raw = router(
        { fallbacks: [{ 'bedrock/*': ['b'] }] },
        deployment('bedrock/*', { model: 'bedrock/*' }),
        deployment('b'),
      )
      expect(await warningsOf(raw)).toEqual([])
    })
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
