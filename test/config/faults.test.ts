import { describe, expect, test } from 'vitest'
import { deployment, errorsOf, type Json, KEYS, sample, warningsOf, withParams } from './samples.ts'

const PARAMS = 'model_list[0].litellm_params'

type Fault = { what: string; raw: unknown; path: string; says: RegExp; env?: Json }

const router = (settings: Json, ...models: Json[]) =>
  sample({ model_list: models.length === 0 ? [deployment('a'), deployment('b')] : models, router_settings: settings })

const FAULTS: readonly Fault[] = [
  { what: 'a configuration that is a list', raw: [], path: '', says: /a list: write model_list/ },
  { what: 'a configuration that is empty', raw: null, path: '', says: /empty/ },
  {
    what: 'no model_list',
    raw: { general_settings: { master_key: 'sk-a' } },
    path: 'model_list',
    says: /missing or empty/,
  },
  { what: 'an empty model_list', raw: sample({ model_list: [] }), path: 'model_list', says: /missing or empty/ },
  { what: 'an entry that is text', raw: sample({ model_list: ['x'] }), path: 'model_list[0]', says: /is text/ },
  {
    what: 'an entry without a name',
    raw: sample({ model_list: [{ litellm_params: { model: 'bedrock/x', aws_region_name: 'us-east-1', ...KEYS } }] }),
    path: 'model_list[0].model_name',
    says: /missing/,
  },
  {
    what: 'a name that cannot travel in a header',
    raw: sample({ model_list: [deployment('模型')] }),
    path: 'model_list[0].model_name',
    says: /visible ASCII/,
  },
  {
    what: 'a wildcard name',
    raw: sample({ model_list: [deployment('*')] }),
    path: 'model_list[0].model_name',
    says: /wildcards/,
  },
  {
    what: 'an entry without parameters',
    raw: sample({ model_list: [{ model_name: 'a' }] }),
    path: PARAMS,
    says: /missing/,
  },
  {
    what: 'parameters that are a list',
    raw: sample({ model_list: [{ model_name: 'a', litellm_params: [] }] }),
    path: PARAMS,
    says: /this section is a list/,
  },
  {
    what: 'a deployment without a model',
    raw: sample({ model_list: [{ model_name: 'a', litellm_params: { aws_region_name: 'us-east-1', ...KEYS } }] }),
    path: `${PARAMS}.model`,
    says: /missing: write bedrock\//,
  },
  {
    what: 'another provider',
    raw: withParams({ model: 'openai/gpt-5' }),
    path: `${PARAMS}.model`,
    says: /Bedrock only, not openai/,
  },
  {
    what: 'a model without provider',
    raw: withParams({ model: 'amazon.nova-lite-v1:0' }),
    path: `${PARAMS}.model`,
    says: /names no provider/,
  },
  {
    what: 'another custom_llm_provider',
    raw: withParams({ model: 'x', custom_llm_provider: 'vertex_ai' }),
    path: `${PARAMS}.custom_llm_provider`,
    says: /Bedrock only/,
  },
  { what: 'a wildcard model', raw: withParams({ model: 'bedrock/*' }), path: `${PARAMS}.model`, says: /wildcards/ },
  {
    what: 'a region inside the model id',
    raw: withParams({ model: 'bedrock/us-east-1/x.y' }),
    path: `${PARAMS}.model`,
    says: /write it as aws_region_name/,
  },
  {
    what: 'an ARN of another service',
    raw: withParams({ model: 'bedrock/arn:aws:s3:::bucket' }),
    path: `${PARAMS}.model`,
    says: /not an ARN of Bedrock/,
  },
  {
    what: 'an API that is not served',
    raw: withParams({ model: 'bedrock/chat_completions/x' }),
    path: `${PARAMS}.model`,
    says: /not a model id/,
  },
  {
    what: 'a model_id that is no id',
    raw: withParams({ model_id: 'a b' }),
    path: `${PARAMS}.model_id`,
    says: /not a model id/,
  },
  {
    what: 'a region that is none',
    raw: withParams({ aws_region_name: 'Frankfurt' }),
    path: `${PARAMS}.aws_region_name`,
    says: /not a region/,
  },
  {
    what: 'a region that contradicts the ARN',
    raw: withParams({
      model: 'bedrock/arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x.y',
      aws_region_name: 'us-west-2',
    }),
    path: `${PARAMS}.aws_region_name`,
    says: /contradicts the region us-east-1/,
  },
  {
    what: 'no region anywhere',
    raw: sample({ model_list: [{ model_name: 'a', litellm_params: { model: 'bedrock/x', ...KEYS } }] }),
    path: `${PARAMS}.aws_region_name`,
    says: /set AWS_REGION_NAME or AWS_REGION/,
  },
  {
    what: 'a shared region that is none',
    raw: sample({ model_list: [{ model_name: 'a', litellm_params: { model: 'bedrock/x', ...KEYS } }] }),
    path: `${PARAMS}.aws_region_name`,
    says: /not a region/,
    env: { AWS_REGION: 'here' },
  },
  {
    what: 'no credentials anywhere',
    raw: withParams({ aws_access_key_id: null, aws_secret_access_key: null }),
    path: PARAMS,
    says: /AWS_BEARER_TOKEN_BEDROCK/,
  },
  {
    what: 'half a pair of keys',
    raw: withParams({ aws_secret_access_key: null }),
    path: `${PARAMS}.aws_secret_access_key`,
    says: /in pairs/,
  },
  {
    what: 'a session token without keys',
    raw: withParams({ aws_access_key_id: null, aws_secret_access_key: null, aws_session_token: 'x' }),
    path: `${PARAMS}.aws_session_token`,
    says: /needs aws_access_key_id/,
  },
  {
    what: 'a key with a line break',
    raw: withParams({ aws_secret_access_key: 'a\n' }),
    path: `${PARAMS}.aws_secret_access_key`,
    says: /line break/,
  },
  {
    what: 'a shared key with a line break',
    raw: withParams({ aws_access_key_id: null, aws_secret_access_key: null }),
    env: { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b\n' },
    path: PARAMS,
    says: /AWS_SECRET_ACCESS_KEY holds/,
  },
  {
    what: 'a role that is a name',
    raw: withParams({ aws_role_name: 'admin' }),
    path: `${PARAMS}.aws_role_name`,
    says: /ARN of a role/,
  },
  {
    what: 'a role without keys',
    raw: withParams({
      aws_access_key_id: null,
      aws_secret_access_key: null,
      aws_role_name: 'arn:aws:iam::123456789012:role/r',
    }),
    path: `${PARAMS}.aws_role_name`,
    says: /no keys to assume the role with/,
  },
  {
    what: 'a role beside an API key',
    raw: withParams({ api_key: 'x', aws_role_name: 'arn:aws:iam::123456789012:role/r' }),
    path: `${PARAMS}.aws_role_name`,
    says: /keep one/,
  },
  {
    what: 'a session name that is too short',
    raw: withParams({ aws_session_name: 'x' }),
    path: `${PARAMS}.aws_session_name`,
    says: /2 to 64/,
  },
  {
    what: 'a profile',
    raw: withParams({ aws_profile_name: 'dev' }),
    path: `${PARAMS}.aws_profile_name`,
    says: /no AWS profiles/,
  },
  {
    what: 'a web identity',
    raw: withParams({ aws_web_identity_token: 't' }),
    path: `${PARAMS}.aws_web_identity_token`,
    says: /aws_role_name/,
  },
  {
    what: 'a named credential',
    raw: withParams({ litellm_credential_name: 'n' }),
    path: `${PARAMS}.litellm_credential_name`,
    says: /not read/,
  },
  {
    what: 'the wrong name of an API key',
    raw: withParams({ aws_bearer_token: 't' }),
    path: `${PARAMS}.aws_bearer_token`,
    says: /aws_bearer_token_bedrock/,
  },
  {
    what: 'plain http',
    raw: withParams({ api_base: 'http://example.com' }),
    path: `${PARAMS}.api_base`,
    says: /https URL/,
  },
  {
    what: 'a password in a URL',
    raw: withParams({ aws_bedrock_runtime_endpoint: 'https://u:p@example.com' }),
    path: `${PARAMS}.aws_bedrock_runtime_endpoint`,
    says: /without user/,
  },
  {
    what: 'a negative weight',
    raw: withParams({ weight: -1 }),
    path: `${PARAMS}.weight`,
    says: /must not be negative/,
  },
  {
    what: 'a weight that is text',
    raw: withParams({ weight: 'heavy' }),
    path: `${PARAMS}.weight`,
    says: /0 or more \(it is text\)/,
  },
  { what: 'half a request a minute', raw: withParams({ rpm: 0.5 }), path: `${PARAMS}.rpm`, says: /whole number/ },
  { what: 'a timeout of 0', raw: withParams({ timeout: 0 }), path: `${PARAMS}.timeout`, says: /above 0/ },
  {
    what: 'a negative price',
    raw: withParams({ input_cost_per_token: '-0.1' }),
    path: `${PARAMS}.input_cost_per_token`,
    says: /never negative/,
  },
  {
    what: 'a price that is text',
    raw: withParams({ input_cost_per_token: 'cheap' }),
    path: `${PARAMS}.input_cost_per_token`,
    says: /not a decimal/,
  },
  {
    what: 'a price that is too fine',
    raw: withParams({ input_cost_per_token: '1e-13' }),
    path: `${PARAMS}.input_cost_per_token`,
    says: /12 decimals/,
  },
  {
    what: 'a price in an unknown unit',
    raw: withParams({ input_cost_per_word: 1 }),
    path: `${PARAMS}.input_cost_per_word`,
    says: /unit that Bedrock does not bill/,
  },
  {
    what: 'a price of the model_info that is a list',
    raw: withParams({}, { output_cost_per_token: [] }),
    path: 'model_list[0].model_info.output_cost_per_token',
    says: /a price is a decimal/,
  },
  {
    what: 'a blocked model',
    raw: withParams({}, { blocked: true }),
    path: 'model_list[0].model_info.blocked',
    says: /restricts calls/,
  },
  {
    what: 'two deployments of one id',
    raw: sample({ model_list: [deployment('a', {}, { id: 'x' }), deployment('b', {}, { id: 'x' })] }),
    path: 'model_list[1].model_info.id',
    says: /belongs to model_list\[0\]/,
  },
  {
    what: 'an id that another deployment is given',
    raw: sample({ model_list: [deployment('a'), deployment('b', {}, { id: 'a/eu-central-1/1' })] }),
    path: 'model_list[1].model_info.id',
    says: /belongs to model_list\[0\]/,
  },
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
    what: 'a master key without sk-',
    raw: sample({ general_settings: { master_key: 'abc' } }),
    path: 'general_settings.master_key',
    says: /start with sk-/,
  },
  {
    what: 'a master key with a slash',
    raw: sample({ general_settings: { master_key: 'sk-a/b' } }),
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
    what: 'a fallback to nowhere',
    raw: router({ fallbacks: [{ a: ['c'] }] }),
    path: 'router_settings.fallbacks[0].a[0]',
    says: /no model group "c"/,
  },
  {
    what: 'a fallback from nowhere',
    raw: router({ fallbacks: [{ 'c.1': ['a'] }] }),
    path: 'router_settings.fallbacks[0]["c.1"]',
    says: /no model group "c.1"/,
  },
  {
    what: 'a default fallback to nowhere',
    raw: router({ default_fallbacks: ['c'] }),
    path: 'router_settings.default_fallbacks[0]',
    says: /no model group "c"/,
  },
  {
    what: 'a fallback to itself',
    raw: router({ fallbacks: [{ a: ['a'] }] }),
    path: 'router_settings.fallbacks[0].a[0]',
    says: /circle \(a → a\)/,
  },
  {
    what: 'a circle of fallbacks',
    raw: router({ fallbacks: [{ a: ['b'] }, { b: ['a'] }] }),
    path: 'router_settings.fallbacks[1].b[0]',
    says: /circle \(a → b → a\)/,
  },
  {
    what: 'a circle through an alias, in litellm_settings',
    raw: sample({
      model_list: [deployment('a'), deployment('b')],
      router_settings: { model_group_alias: { z: 'a' } },
      litellm_settings: { context_window_fallbacks: [{ a: ['b'] }, { b: ['z'] }] },
    }),
    path: 'litellm_settings.context_window_fallbacks[1].b[0]',
    says: /circle/,
  },
  {
    what: 'an alias of nothing',
    raw: router({ model_group_alias: { z: 'c' } }),
    path: 'router_settings.model_group_alias.z',
    says: /no model group "c"/,
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

describe('a fault is reported with its path and how to mend it', () => {
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
      deployment('a', { model: 'openai/gpt', aws_region_name: 'nowhere' }),
    ],
    general_settings: { allowed_ips: ['10.0.0.1'] },
    router_settings: { routing_strategy: 'x', fallbacks: [{ a: ['missing'] }] },
  }
  expect((await errorsOf(raw)).map((line) => line.split(': ')[0])).toEqual([
    'model_list[0].litellm_params.weight',
    'model_list[0].litellm_params.input_cost_per_token',
    'model_list[1].litellm_params.aws_region_name',
    'model_list[1].litellm_params.model',
    'general_settings.allowed_ips',
    'general_settings.master_key',
    'router_settings.routing_strategy',
    'router_settings.fallbacks[0].a[0]',
  ])
})

describe('a warning does not keep the gateway from starting', () => {
  test('a misspelt setting names the one that was meant', async () => {
    expect(await warningsOf(withParams({ aws_regoin_name: 'eu-west-1' }))).toEqual([
      `${PARAMS}.aws_regoin_name: not a setting that is known here; it has no effect: did you mean aws_region_name?`,
    ])
  })

  test('a setting that nobody knows is named', async () => {
    expect(await warningsOf(sample({ general_settings: { master_key: 'sk-a', frobnicate: 1 } }))).toEqual([
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

test('no message shows a secret, wherever it was put by mistake', async () => {
  const secret = 'wJalrXUtnFEMIexample'
  const raw = sample({
    model_list: [deployment('a', { aws_region_name: 'os.environ/S', aws_session_name: 'os.environ/S' })],
    general_settings: { master_key: 'os.environ/S' },
    router_settings: { default_fallbacks: ['os.environ/S'], model_group_alias: { z: 'os.environ/S' } },
  })
  const errors = await errorsOf(raw, { S: secret })
  expect(errors.length).toBeGreaterThanOrEqual(4)
  expect(errors.join('\n')).not.toContain(secret)
})
