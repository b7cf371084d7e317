import { describe, expect, test } from 'vitest'
import { deployment, errorsOf, type Fault, router, sample, warningsOf } from './samples.ts'

const PROFILE = 'arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc123'

const FAULTS: readonly Fault[] = [
  {
    what: 'no master key',
    raw: sample({ general_settings: {} }),
    path: 'general_settings.master_key',
    says: /missing/,
  },
  {
    what: 'no general_settings',
    raw: sample({ general_settings: null }),
    path: 'general_settings.master_key',
    says: /missing/,
  },
  {
    what: 'a master key of seven letters',
    raw: sample({ general_settings: { master_key: 'sk-1234' } }),
    path: 'general_settings.master_key',
    says: /at least 8 letters/,
  },
  {
    what: 'a master key in the environment that cannot travel',
    raw: sample({ general_settings: null }),
    env: { LITELLM_MASTER_KEY: 'sk-has spaces' },
    path: 'general_settings.master_key',
    says: /letters, digits/,
  },
  {
    what: 'a master key with a slash',
    raw: sample({ general_settings: { master_key: 'sk-a-key/b' } }),
    path: 'general_settings.master_key',
    says: /letters, digits/,
  },
  {
    what: 'a missing secret',
    raw: sample({ general_settings: { master_key: 'os.environ/MK' } }),
    path: 'general_settings.master_key',
    says: /the secret MK is not set/,
  },
  {
    what: 'a section that is text',
    raw: sample({ router_settings: 'fast' }),
    path: 'router_settings',
    says: /this section is text/,
  },
  {
    what: 'an unknown strategy',
    raw: router({ routing_strategy: 'fastest' }),
    path: 'router_settings.routing_strategy',
    says: /simple-shuffle, least-busy/,
  },
  {
    what: 'negative retries',
    raw: router({ num_retries: -1 }),
    path: 'router_settings.num_retries',
    says: /0 or more/,
  },
  {
    what: 'an unknown retry class',
    raw: router({ retry_policy: { FooRetries: 1 } }),
    path: 'router_settings.retry_policy.FooRetries',
    says: /unknown class/,
  },
  {
    what: 'fallbacks that are a mapping',
    raw: router({ fallbacks: { a: ['b'] } }),
    path: 'router_settings.fallbacks',
    says: /list of mappings/,
  },
  {
    what: 'a fallback that is no name',
    raw: router({ fallbacks: [{ a: [1] }] }),
    path: 'router_settings.fallbacks[0].a[0]',
    says: /write the model_name of a model group \(it is a number\)/,
  },
  {
    what: 'an alias that hides a group',
    raw: router({ model_group_alias: { a: 'b' } }),
    path: 'router_settings.model_group_alias.a',
    says: /has this name already/,
  },
  {
    what: 'a strategy for no group',
    raw: router({ model_group_routing_strategy: { c: 'least-busy' } }),
    path: 'router_settings.model_group_routing_strategy.c',
    says: /no model group/,
  },
  {
    what: 'regions for no group',
    raw: router({ model_group_regions: { c: ['eu-'] } }),
    path: 'router_settings.model_group_regions.c',
    says: /no model group/,
  },
  {
    what: 'no region prefix',
    raw: router({ model_group_regions: { a: [] } }),
    path: 'router_settings.model_group_regions.a',
    says: /at least one prefix/,
  },
  {
    what: 'a deployment outside the regions of its group',
    raw: router({ model_group_regions: { a: ['us-'] } }),
    path: 'model_list[0].litellm_params.aws_region_name',
    says: /eu-central-1 is outside/,
  },
  {
    what: 'a global profile in a group that is bound to regions',
    raw: router(
      { model_group_regions: { a: ['eu-'] } },
      deployment('a', { model: 'bedrock/global.anthropic.claude-opus-5' }),
    ),
    path: 'model_list[0].litellm_params.model',
    says: /may be served anywhere/,
  },
  {
    what: 'an application profile of a global one in a group that is bound to regions',
    raw: router(
      { model_group_regions: { a: ['eu-'] } },
      deployment('a', { model: `bedrock/${PROFILE}` }, { base_model: 'global.anthropic.claude-opus-5' }),
    ),
    path: 'model_list[0].litellm_params.model',
    says: /may be served anywhere/,
  },
  {
    what: 'a geography that is wider than the regions a group is bound to',
    raw: router(
      { model_group_regions: { a: ['ap-southeast-2'] } },
      deployment('a', { model: 'bedrock/apac.amazon.nova-lite-v1:0', aws_region_name: 'ap-southeast-2' }),
    ),
    path: 'model_list[0].litellm_params.model',
    says: /geography apac may be served in .*ap-south-1/,
  },
  {
    what: 'a geography that is called from outside it, in a group that is bound to the region called',
    raw: router(
      { model_group_regions: { a: ['ca-'] } },
      deployment('a', { model: 'bedrock/us.amazon.nova-lite-v1:0', aws_region_name: 'ca-central-1' }),
    ),
    path: 'model_list[0].litellm_params.model',
    says: /geography us may be served in us-east-1/,
  },
  {
    what: 'an identifier whose reach is not known in a group that is bound to regions',
    raw: router(
      { model_group_regions: { a: ['eu-'] } },
      deployment('a', { model: `bedrock/${PROFILE}` }, { base_model: 'anthropic.claude-opus-5' }),
    ),
    path: 'model_list[0].litellm_params.model',
    says: /does not say where AWS may serve it .*base_model/,
  },
  {
    what: 'a fallback to an identifier whose reach is not known',
    raw: router(
      { model_group_regions: { a: ['eu-'] }, fallbacks: [{ a: ['b'] }] },
      deployment('a'),
      deployment('b', { model: `bedrock/${PROFILE}` }),
    ),
    path: 'router_settings.fallbacks[0].a[0]',
    says: /outside the model_group_regions of "a"/,
  },
  {
    what: 'a chain of fallbacks that leaves the regions of a group',
    raw: router(
      { model_group_regions: { a: ['eu-'] }, fallbacks: [{ a: ['b'] }], context_window_fallbacks: [{ b: ['c'] }] },
      deployment('a'),
      deployment('b'),
      deployment('c', { aws_region_name: 'us-east-1' }),
    ),
    path: 'router_settings.context_window_fallbacks[0].b[0]',
    says: /outside the model_group_regions of "a"/,
  },
  {
    what: 'a guardrail of LiteLLM',
    raw: sample({ guardrails: [{ guardrail_name: 'pii', litellm_params: { guardrail: 'presidio' } }] }),
    path: 'guardrails[0]',
    says: /not enforced here/,
  },
  {
    what: 'a rate-limit check',
    raw: router({ optional_pre_call_checks: ['prompt_caching', 'enforce_model_rate_limits'] }),
    path: 'router_settings.optional_pre_call_checks[1]',
    says: /not enforced here/,
  },
  {
    what: 'tag filtering with tags',
    raw: router({ enable_tag_filtering: true }, deployment('a', { tags: ['free'] })),
    path: 'router_settings.enable_tag_filtering',
    says: /not enforced here/,
  },
  {
    what: 'a callback that is a guardrail',
    raw: sample({ litellm_settings: { callbacks: ['langfuse', 'hide_secrets'] } }),
    path: 'litellm_settings.callbacks[1]',
    says: /hide_secrets is not enforced here/,
  },
]

describe('a fault of the other sections is reported with its path and how to mend it', () => {
  test.for(FAULTS)('$what', async ({ raw, path, says, env }, { expect }) => {
    const errors = await errorsOf(raw, env)
    const [first = ''] = errors.filter((line) => line.startsWith(`${path}: `))
    expect(first, errors.join('\n')).toMatch(says)
    expect(errors).toHaveLength(1)
  })
})

test('all faults of a file are reported together', async () => {
  const raw = {
    model_list: [
      deployment('a', { weight: -1, input_cost_per_token: 'x' }),
      deployment('a', { model: 'bedrock/a b', aws_region_name: 'nowhere' }),
    ],
    general_settings: { allowed_ips: ['10.0.0.1'] },
    router_settings: { routing_strategy: 'x', model_group_regions: { missing: ['eu-'] } },
  }
  expect((await errorsOf(raw)).map((line) => line.split(': ')[0])).toEqual([
    'model_list[0].litellm_params.weight',
    'model_list[0].litellm_params.input_cost_per_token',
    'model_list[1].litellm_params.aws_region_name',
    'model_list[1].litellm_params.model',
    'general_settings.allowed_ips',
    'general_settings.master_key',
    'router_settings.routing_strategy',
    'router_settings.model_group_regions.missing',
  ])
})

test('no message shows a secret, wherever it was put by mistake', async () => {
  const secret = 'wJalrXUtnFEMIexample'
  const raw = sample({
    model_list: [deployment('a', { aws_region_name: 'os.environ/S', aws_session_name: 'os.environ/S' })],
    general_settings: { master_key: 'os.environ/S' },
    router_settings: { default_fallbacks: ['os.environ/S'], model_group_alias: { z: 'os.environ/S' } },
  })
  const lines = [...(await errorsOf(raw, { S: secret })), ...(await warningsOf(raw, { S: secret }))]
  expect(lines.length).toBeGreaterThanOrEqual(4)
  expect(lines.join('\n')).not.toContain(secret)
})
