import { describe, expect, test } from 'vitest'
import { readConfig, resolveConfig } from '../../src/config/resolve.ts'
import { assumeSecrets } from '../../src/config/secrets.ts'
import { deployment, errorsOf, type Json, KEYS, router, sample, valid, warningsOf, withParams } from './samples.ts'

const first = async (raw: unknown, env = {}) => {
  const [deployed] = (await valid(raw, env)).deployments
  if (deployed === undefined) throw new Error('no deployment')
  return deployed
}

describe('the master key', () => {
  const unnamed = sample({ general_settings: null })

  test('is that of general_settings, else the secret LITELLM_MASTER_KEY', async () => {
    expect((await valid(sample(), { LITELLM_MASTER_KEY: 'sk-of-the-secret' })).masterKey).toBe('sk-test-key')
    expect((await valid(unnamed, { LITELLM_MASTER_KEY: 'sk-of-the-secret' })).masterKey).toBe('sk-of-the-secret')
    const empty = sample({ general_settings: { master_key: '' } })
    expect((await valid(empty, { LITELLM_MASTER_KEY: 'sk-of-the-secret' })).masterKey).toBe('sk-of-the-secret')
  })

  test('that is nowhere is one error, which says what to do', async () => {
    expect(await errorsOf(unnamed)).toEqual([
      expect.stringMatching(/^general_settings\.master_key: missing: .*wrangler secret put LITELLM_MASTER_KEY/),
    ])
  })

  test('without sk- is taken, with a warning', async () => {
    const raw = sample({ general_settings: { master_key: 'plain_key-1' } })
    expect((await valid(raw)).masterKey).toBe('plain_key-1')
    expect(await warningsOf(raw)).toEqual([
      expect.stringMatching(/^general_settings\.master_key: does not begin with sk-/),
    ])
  })

  test('is among the secrets that the Worker needs, where the file has none', async () => {
    const source = assumeSecrets()
    const result = await resolveConfig(unnamed, source)
    expect(result.ok && result.warnings).toEqual([])
    expect(source.names()).toContain('LITELLM_MASTER_KEY')
  })
})

describe('what does not concern Bedrock', () => {
  const MIXED = [
    deployment('claude'),
    {
      model_name: 'gpt',
      litellm_params: { model: 'openai/gpt-5', api_base: 'http://10.0.0.1:8000', api_key: 'os.environ/NOT_SET' },
    },
    { model_name: 'gemini', litellm_params: { model: 'gemini/gemini-2.5-pro', max_budget: 5 } },
    { model_name: 'azure', litellm_params: { model: 'my-deployment', custom_llm_provider: 'azure' } },
    { model_name: 'bare', litellm_params: { model: 'gpt-4o' } },
    { model_name: 'mantle', litellm_params: { model: 'bedrock_mantle/openai.gpt-5.5' } },
    { model_name: 'agent', litellm_params: { model: 'bedrock/agent/AGENT1234/ALIAS1234' } },
  ]

  test('is left out, and one warning names it all', async () => {
    const raw = router(
      {
        fallbacks: [{ claude: ['gpt', 'nowhere'] }, { gemini: ['claude'] }],
        default_fallbacks: ['bare'],
        model_group_alias: { best: 'gpt', fast: ['claude', 'gpt'] },
        model_group_retry_policy: { gpt: { TimeoutErrorRetries: 1 } },
      },
      ...MIXED,
    )
    const config = await valid(raw)
    expect([...config.groups.keys()]).toEqual(['claude'])
    expect(config.router).toMatchObject({
      fallbacks: { claude: [] },
      defaultFallbacks: [],
      modelGroupAlias: {},
      modelGroupRetryPolicy: {},
    })
    const warnings = await warningsOf(raw)
    expect(warnings).toHaveLength(1)
    for (const part of [
      'model_list[1] ("gpt", openai)',
      'model_list[2] ("gemini", gemini)',
      'model_list[3] ("azure", azure)',
      'model_list[4] ("bare", no provider)',
      'model_list[5] ("mantle", bedrock_mantle)',
      'model_list[6] ("agent", bedrock/agent)',
      'router_settings.fallbacks[0].claude[0] (there is no model group "gpt")',
      'router_settings.fallbacks[0].claude[1] (there is no model group "nowhere")',
      'router_settings.fallbacks[1].gemini (there is no model group "gemini")',
      'router_settings.default_fallbacks[0] (there is no model group "bare")',
      'router_settings.model_group_alias.best (there is no model group "gpt")',
      'router_settings.model_group_alias.fast (an alias stands for one model group, not for a list)',
    ]) {
      expect(warnings[0]).toContain(part)
    }
    const result = await readConfig(raw, {})
    expect(result.ok && result.warnings.map(({ isLeftOut }) => isLeftOut)).toEqual([true])
  })

  test('is all that a file holds is an error', async () => {
    expect(await errorsOf(sample({ model_list: MIXED.slice(1) }))).toEqual([
      expect.stringMatching(/^model_list: no entry is left that Amazon Bedrock serves/),
    ])
  })

  test('does not hide what restricts calls: a bound for a group that is nowhere is an error', async () => {
    expect(await errorsOf(router({ model_group_regions: { c: ['eu-'] } }, ...MIXED))).toHaveLength(1)
    expect((await valid(router({ model_group_regions: { gpt: ['eu-'] } }, ...MIXED))).router.modelGroupRegions).toEqual(
      {},
    )
  })

  test('is told by the vendor where the model has no prefix', async () => {
    for (const model of ['amazon.nova-lite-v1:0', 'us.anthropic.claude-opus-5', 'openai.gpt-oss-20b-1:0']) {
      expect((await first(withParams({ model }))).model).toBe(model)
    }
  })
})

describe('fallbacks that go in a circle', () => {
  test.for([
    ['to itself', { fallbacks: [{ a: ['a'] }] }, 'router_settings.fallbacks[0].a[0]', 'a → a'],
    ['of two', { fallbacks: [{ a: ['b'] }, { b: ['a'] }] }, 'router_settings.fallbacks[1].b[0]', 'a → b → a'],
    [
      'through an alias',
      { model_group_alias: { z: 'a' }, context_window_fallbacks: [{ a: ['b'] }, { b: ['z'] }] },
      'router_settings.context_window_fallbacks[1].b[0]',
      'a → b → a',
    ],
  ] as const)('%s are a warning', async ([, settings, path, circle], { expect }) => {
    expect(await warningsOf(router(settings))).toEqual([
      expect.stringContaining(`${path}: fallbacks go in a circle (${circle})`),
    ])
    expect((await valid(router(settings))).deployments).toHaveLength(2)
  })
})

describe('an entry', () => {
  const bare = (params: Json) => sample({ model_list: [{ model_name: 'a', litellm_params: params }] })

  test('takes its region from the model where no setting names one, and says so where they differ', async () => {
    const model = 'bedrock/us-gov-west-1/anthropic.claude-v2'
    const deployed = await first(bare({ model, ...KEYS }), { AWS_REGION: 'eu-west-1' })
    expect(deployed).toMatchObject({
      model: 'anthropic.claude-v2',
      region: 'us-gov-west-1',
      runtimeEndpoint: 'https://bedrock-runtime.us-gov-west-1.amazonaws.com',
    })
    expect((await first(withParams({ model }))).region).toBe('eu-central-1')
    expect(await warningsOf(withParams({ model }))).toEqual([
      expect.stringContaining('the region us-gov-west-1 inside the model does not'),
    ])
  })

  test('with empty settings has none of them', async () => {
    const empty = { aws_region_name: '', aws_access_key_id: '', aws_secret_access_key: '', api_key: '', api_base: '' }
    const env = { AWS_REGION: 'eu-west-1', AWS_BEARER_TOKEN_BEDROCK: 'shared' }
    expect(await first(bare({ model: 'bedrock/amazon.nova-lite-v1:0', ...empty }), env)).toMatchObject({
      region: 'eu-west-1',
      runtimeEndpoint: 'https://bedrock-runtime.eu-west-1.amazonaws.com',
      credentials: { kind: 'api-key', token: 'shared' },
    })
  })

  test('is priced as the model that it names beside an application profile, in every spelling', async () => {
    const model_id = 'arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc123'
    const named = 'arn:aws:bedrock:eu-central-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0'
    expect(await first(withParams({ model: `bedrock/${named}`, model_id }))).toMatchObject({
      model: model_id,
      baseModel: named,
      reach: { kind: 'geography', geography: 'eu' },
    })
    const base_model = 'bedrock/eu-central-1/anthropic.claude-3-5-sonnet-20240620-v1:0'
    expect(await first(withParams({ model: `bedrock/${model_id}` }, { base_model }))).toMatchObject({
      baseModel: 'anthropic.claude-3-5-sonnet-20240620-v1:0',
      reach: { kind: 'region' },
    })
  })

  test('with both endpoints is signed for api_base and sent to the other', async () => {
    const both = {
      api_base: 'https://bedrock-runtime.eu-central-1.amazonaws.com',
      aws_bedrock_runtime_endpoint: 'https://proxy.example.com/aws/',
    }
    expect(await first(withParams(both))).toMatchObject({
      runtimeEndpoint: 'https://proxy.example.com/aws',
      signedEndpoint: 'https://bedrock-runtime.eu-central-1.amazonaws.com',
    })
    expect((await first(withParams({ api_base: 'https://vpce.example.com' }))).signedEndpoint).toBeUndefined()
  })

  test('has headers of its own, in lower case, as text', async () => {
    const extra_headers = { 'X-Team': 'os.environ/TEAM', 'x-number': 7, 'X-Amzn-Trace': 'a b' }
    expect((await first(withParams({ extra_headers }), { TEAM: 'edge' })).extraHeaders).toEqual({
      'x-team': 'edge',
      'x-number': '7',
      'x-amzn-trace': 'a b',
    })
  })
})

describe('named credentials', () => {
  const credential_list = [
    {
      credential_name: 'eu',
      credential_values: {
        aws_region_name: 'eu-west-3',
        aws_access_key_id: 'os.environ/ID',
        aws_secret_access_key: 'of-eu',
      },
    },
    { credential_name: 'unused', credential_values: { api_key: 'os.environ/NOT_SET' } },
    { credential_name: 'eu', credential_values: { api_key: 'second' } },
  ]
  const entry = (params: Json) => ({
    model_name: 'a',
    litellm_params: { model: 'bedrock/amazon.nova-lite-v1:0', litellm_credential_name: 'eu', ...params },
  })

  test('give an entry what it lacks', async () => {
    const raw = sample({
      model_list: [entry({ aws_region_name: null }), entry({ aws_region_name: 'eu-north-1' })],
      credential_list,
    })
    const { deployments } = await valid(raw, { ID: 'AKIDEU' })
    const credentials = { kind: 'keys', accessKeyId: 'AKIDEU', secretAccessKey: 'of-eu' }
    expect(deployments).toMatchObject([
      { region: 'eu-west-3', credentials },
      { region: 'eu-north-1', credentials },
    ])
    expect(await warningsOf(raw, { ID: 'AKIDEU' })).toEqual([
      expect.stringContaining('credential_list[2]: there is a credential "eu" already'),
    ])
  })

  test('that are malformed or not there are errors', async () => {
    expect(await errorsOf(sample({ credential_list: { a: 1 } }))).toEqual([
      expect.stringMatching(/^credential_list: .*a mapping/),
    ])
    expect(await errorsOf(sample({ credential_list: [{ credential_name: 'a' }] }))).toEqual([
      expect.stringMatching(/^credential_list\[0\]: /),
    ])
    expect(await errorsOf(sample({ model_list: [entry({})] }))).toEqual([
      expect.stringContaining('there is no credential "eu"'),
    ])
  })
})

/** Whole files in the forms in which they stand in public repositories and documents, shortened. */
describe('a file as people have it', () => {
  const converse = (model_name: string, model: string, more: Json = {}) => ({
    model_name,
    litellm_params: { model, ...more },
  })
  const ENV = {
    LITELLM_MASTER_KEY: 'sk-of-the-environment',
    AWS_REGION_NAME: 'ap-northeast-1',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKID',
    AWS_SECRET_ACCESS_KEY: 'secret',
  }

  test.for<[string, Json, readonly string[]]>([
    [
      'of models alone, under names with blanks, the region in the environment',
      { model_list: [converse('Amazon Nova Pro', 'bedrock/apac.amazon.nova-pro-v1:0')] },
      ['Amazon Nova Pro/ap-northeast-1/1'],
    ],
    [
      'of bare ids, and settings that belong to other parts of LiteLLM',
      {
        model_list: [converse('Claude3', 'anthropic.claude-3-haiku-20240307-v1:0')],
        litellm_settings: { modify_params: true, drop_params: true, master_key: 'os.environ/LITELLM_MASTER_KEY' },
        general_settings: { telemetry: false, ui: true },
      },
      ['Claude3/ap-northeast-1/1'],
    ],
    [
      'of a key of Bedrock, with a database',
      {
        model_list: [
          converse('a', 'bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0', {
            aws_region_name: 'eu-west-1',
            api_key: 'os.environ/AWS_ACCESS_KEY_ID',
          }),
        ],
        litellm_settings: { cache: true, cache_params: { type: 'local' }, json_logs: { log_file_path: '/app/x.log' } },
        general_settings: { master_key: 'os.environ/LITELLM_MASTER_KEY', database_url: 'os.environ/DATABASE_URL' },
      },
      ['a/eu-west-1/1'],
    ],
    [
      'of every prefix that the documents name',
      {
        model_list: [
          converse('thinking', 'bedrock/us.anthropic.claude-3-7-sonnet-20250219-v1:0', {
            thinking: { type: 'enabled', budget_tokens: 1024 },
            extra_headers: { 'anthropic-beta': 'computer-use-2024-10-22' },
          }),
          converse(
            'imported',
            'bedrock/openai/arn:aws:bedrock:ap-northeast-1:117159858402:imported-model/m4gc1mrfuddy',
          ),
          converse('batch', 'bedrock/amazon.titan-embed-text-v2:0', { s3_bucket_name: 'litellm-proxy' }),
          converse('chat', 'bedrock/chat_completions/openai.gpt-oss-20b-1:0'),
          converse('video', 'bedrock/async_invoke/us.twelvelabs.marengo-embed-2-7-v1:0'),
          converse('mantle', 'bedrock/mantle/openai.gpt-5.5'),
          converse('agent', 'bedrock/agent/L1RT58GYRW/MFPSBCXYTW'),
        ],
      },
      ['thinking/ap-northeast-1/1', 'imported/ap-northeast-1/1', 'batch/ap-northeast-1/1', 'chat/ap-northeast-1/1'],
    ],
  ])('%s: is served', async ([, raw, ids], { expect }) => {
    expect((await valid(raw, ENV)).deployments.map(({ id }) => id)).toEqual(ids)
  })
})
