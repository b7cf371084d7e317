import { describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config/resolve.ts'
import { deployment, errorsOf, KEYS, sample, valid, withParams } from './samples.ts'

const first = async (raw: unknown, env = {}) => {
  const [deployed] = (await valid(raw, env)).deployments
  if (deployed === undefined) throw new Error('no deployment')
  return deployed
}

describe('the name of a model', () => {
  const ARN = 'arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/a1b2c3'
  test.for([
    ['bedrock/eu.anthropic.claude-opus-5-v1:0', 'eu.anthropic.claude-opus-5-v1:0'],
    ['bedrock/converse/amazon.nova-pro-v1:0', 'amazon.nova-pro-v1:0'],
    ['bedrock/invoke/amazon.nova-pro-v1:0', 'amazon.nova-pro-v1:0'],
    [`bedrock/${ARN}`, ARN],
    [`bedrock/converse/${ARN}`, ARN],
    [
      'bedrock/llama/arn:aws:bedrock:eu-central-1:123456789012:imported-model/abc',
      'arn:aws:bedrock:eu-central-1:123456789012:imported-model/abc',
    ],
    [
      'bedrock/arn:aws:sagemaker:eu-central-1:123456789012:endpoint/marketplace',
      'arn:aws:sagemaker:eu-central-1:123456789012:endpoint/marketplace',
    ],
  ])('%s is sent as %s', async ([model, wire], { expect }) => {
    expect((await first(withParams({ model }))).model).toBe(wire)
  })

  test('a bare id or ARN needs custom_llm_provider: bedrock', async () => {
    expect((await first(withParams({ model: 'x.y', custom_llm_provider: 'bedrock' }))).model).toBe('x.y')
    expect((await first(withParams({ model: ARN, custom_llm_provider: 'bedrock' }))).model).toBe(ARN)
  })

  test('model_id wins on the wire, and model says whose price applies', async () => {
    const deployed = await first(withParams({ model: 'bedrock/eu.anthropic.claude-opus-5', model_id: ARN }))
    expect(deployed).toMatchObject({ model: ARN, baseModel: 'eu.anthropic.claude-opus-5' })
  })

  test('base_model wins over model, and its prefix is cut', async () => {
    const raw = withParams({ model: 'bedrock/x.y', model_id: ARN }, { base_model: 'bedrock/amazon.nova-pro-v1:0' })
    expect((await first(raw)).baseModel).toBe('amazon.nova-pro-v1:0')
  })
})

describe('the region and the host', () => {
  const unplaced = (params: Record<string, unknown>) => withParams({ aws_region_name: null, ...params })
  const ARN = 'bedrock/arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:inference-profile/us-gov.x.y'

  test('the region is aws_region_name, else that of the ARN, else AWS_REGION_NAME, else AWS_REGION', async () => {
    const env = { AWS_REGION_NAME: 'ap-south-1', AWS_REGION: 'sa-east-1' }
    expect((await first(withParams({}), env)).region).toBe('eu-central-1')
    expect((await first(unplaced({ model: ARN }), env)).region).toBe('us-gov-west-1')
    expect((await first(unplaced({}), env)).region).toBe('ap-south-1')
    expect((await first(unplaced({}), { AWS_REGION: 'sa-east-1' })).region).toBe('sa-east-1')
  })

  test.for([
    ['eu-central-1', 'https://bedrock-runtime.eu-central-1.amazonaws.com'],
    ['us-gov-east-1', 'https://bedrock-runtime.us-gov-east-1.amazonaws.com'],
    ['cn-north-1', 'https://bedrock-runtime.cn-north-1.amazonaws.com.cn'],
  ])('%s is called at %s', async ([region, host], { expect }) => {
    expect((await first(withParams({ aws_region_name: region }))).runtimeEndpoint).toBe(host)
  })

  test('aws_bedrock_runtime_endpoint wins over api_base, and slashes at the end are cut', async () => {
    const both = { aws_bedrock_runtime_endpoint: 'https://vpce.example.com/', api_base: 'https://other.example.com' }
    expect((await first(withParams(both))).runtimeEndpoint).toBe('https://vpce.example.com')
    expect((await first(withParams({ api_base: 'https://other.example.com/x//' }))).runtimeEndpoint).toBe(
      'https://other.example.com/x',
    )
  })

  test.for(['http://localhost:8080', 'http://127.0.0.1:1', 'http://[::1]:9'])(
    '%s is loopback and may be plain http',
    async (url, { expect }) => {
      expect((await first(withParams({ api_base: url }))).runtimeEndpoint).toBe(url)
    },
  )
})

describe('credentials', () => {
  const bare = (params: Record<string, unknown> = {}) =>
    withParams({ aws_access_key_id: null, aws_secret_access_key: null, ...params })

  test('keys of the deployment, with their session token', async () => {
    const deployed = await first(withParams({ aws_session_token: 'os.environ/T' }), { T: 'token' })
    expect(deployed.credentials).toEqual({
      kind: 'keys',
      accessKeyId: KEYS.aws_access_key_id,
      secretAccessKey: KEYS.aws_secret_access_key,
      sessionToken: 'token',
    })
  })

  test.for(['api_key', 'aws_bearer_token_bedrock'])('%s is a Bedrock API key', async (name, { expect }) => {
    expect((await first(bare({ [name]: 'ABSKx' }))).credentials).toEqual({ kind: 'api-key', token: 'ABSKx' })
  })

  test('without any, AWS_BEARER_TOKEN_BEDROCK comes before AWS_ACCESS_KEY_ID', async () => {
    const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'session' }
    expect((await first(bare(), { ...keys, AWS_BEARER_TOKEN_BEDROCK: 'b' })).credentials).toEqual({
      kind: 'api-key',
      token: 'b',
    })
    expect((await first(bare(), keys)).credentials).toEqual({
      kind: 'keys',
      accessKeyId: 'id',
      secretAccessKey: 'secret',
      sessionToken: 'session',
    })
  })

  test('own keys come before the shared API key', async () => {
    expect((await first(withParams({}), { AWS_BEARER_TOKEN_BEDROCK: 'b' })).credentials.kind).toBe('keys')
  })

  test('a role is assumed with the keys of the deployment, else with the shared keys', async () => {
    const role = {
      aws_role_name: 'arn:aws:iam::123456789012:role/bedrock',
      aws_session_name: 'edge',
      aws_external_id: 'tenant-7',
      aws_sts_endpoint: 'https://sts.eu-central-1.amazonaws.com/',
    }
    expect((await first(withParams(role))).credentials).toEqual({
      kind: 'role',
      roleArn: role.aws_role_name,
      sessionName: 'edge',
      externalId: 'tenant-7',
      stsEndpoint: 'https://sts.eu-central-1.amazonaws.com',
      source: { kind: 'keys', accessKeyId: KEYS.aws_access_key_id, secretAccessKey: KEYS.aws_secret_access_key },
    })
    const shared = { AWS_BEARER_TOKEN_BEDROCK: 'b', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' }
    expect((await first(bare({ aws_role_name: role.aws_role_name }), shared)).credentials).toMatchObject({
      kind: 'role',
      sessionName: 'bedrock-edge',
      source: { accessKeyId: 'id' },
    })
  })

  test('an empty secret counts as not set, and a binding that is no text is not a secret', async () => {
    expect(await errorsOf(sample({ general_settings: { master_key: 'os.environ/MK' } }), { MK: '' })).toHaveLength(1)
    expect(
      await errorsOf(sample({ general_settings: { master_key: 'os.environ/MK' } }), { MK: { get: 1 } }),
    ).toHaveLength(1)
  })
})

describe('deployments', () => {
  test('ids are model_info.id, else group, region and a number in the order of the file', async () => {
    const config = await valid(
      sample({
        model_list: [
          deployment('a'),
          deployment('a', { aws_region_name: 'us-east-1' }),
          deployment('b/c'),
          deployment('a', {}, { id: 'own' }),
          deployment('a'),
          deployment('a', {}, { id: 7 }),
        ],
      }),
    )
    const ids = ['a/eu-central-1/1', 'a/us-east-1/1', 'b/c/eu-central-1/1', 'own', 'a/eu-central-1/3', '7']
    expect(config.deployments.map((deployed) => deployed.id)).toEqual(ids)
    expect([...config.groups.keys()]).toEqual(['a', 'b/c'])
    expect(config.groups.get('a')?.map((deployed) => deployed.id)).toEqual(ids.filter((id) => !id.startsWith('b')))
  })

  test('weights, tiers, times and limits are read with their units', async () => {
    const params = { weight: 2.5, rpm: '60', tpm: 1000, order: 2, timeout: 1.5, stream_timeout: 30, cooldown_time: 0 }
    expect(await first(withParams(params, { max_input_tokens: 200_000 }))).toMatchObject({
      weight: 2.5,
      rpm: 60,
      tpm: 1000,
      order: 2,
      timeoutMs: 1500,
      streamTimeoutMs: 30_000,
      cooldownMs: 0,
      maxInputTokens: 200_000,
    })
  })

  test('what is not written is absent, and the tier is 0', async () => {
    expect(Object.keys(await first(sample())).toSorted()).toEqual(
      ['id', 'group', 'model', 'region', 'reach', 'runtimeEndpoint', 'credentials', 'order'].toSorted(),
    )
    expect((await first(sample())).order).toBe(0)
  })

  test('prices of litellm_params win over those of model_info, and all are exact', async () => {
    const raw = withParams(
      { input_cost_per_token: '3e-06', cache_read_input_token_cost_above_200k_tokens: 0.0000003 },
      { input_cost_per_token: 1, output_cost_per_token: '.0000000075', output_cost_per_image: 0 },
    )
    expect((await first(raw)).prices).toEqual({
      input_cost_per_token: '0.000003',
      output_cost_per_token: '0.0000000075',
      output_cost_per_image: '0',
      cache_read_input_token_cost_above_200k_tokens: '0.0000003',
    })
  })
})

describe('router settings', () => {
  test('have the defaults of LiteLLM, with two retries', async () => {
    expect((await valid(sample())).router).toEqual({
      routingStrategy: 'simple-shuffle',
      numRetries: 2,
      timeoutMs: 600_000,
      streamTimeoutMs: 600_000,
      streamSilenceMs: null,
      allowedFails: 3,
      cooldownMs: 5_000,
      retryAfterMs: 0,
      fallbacks: {},
      contextWindowFallbacks: {},
      defaultFallbacks: [],
      maxFallbacks: 5,
      retryPolicy: {},
      modelGroupRetryPolicy: {},
      enablePreCallChecks: false,
      modelGroupAlias: {},
      modelGroupRoutingStrategy: {},
      modelGroupRegions: {},
      tryCoolingTargets: false,
    })
  })

  test('are all read, under their names', async () => {
    const config = await valid(
      sample({
        model_list: [deployment('a'), deployment('b')],
        general_settings: { master_key: 'sk-x-master', cancel_on_disconnect: true },
        router_settings: {
          routing_strategy: 'usage-based-routing-v2',
          num_retries: 4,
          timeout: 20,
          stream_timeout: '5',
          allowed_fails: 0,
          cooldown_time: 2.5,
          retry_after: 1,
          fallbacks: [{ a: ['b'] }, { '*': ['b'] }],
          context_window_fallbacks: [{ b: ['a1'] }],
          default_fallbacks: ['a'],
          max_fallbacks: 1,
          retry_policy: { RateLimitErrorRetries: 3, BadRequestErrorRetries: 0 },
          model_group_retry_policy: { a: { TimeoutErrorRetries: 1 } },
          enable_pre_call_checks: true,
          model_group_alias: { a1: 'a', b1: { model: 'b', hidden: true } },
          model_group_routing_strategy: { b: 'cache-affinity' },
          model_group_regions: { a: ['eu-'] },
          try_cooling_targets: 'true',
        },
      }),
    )
    expect(config.cancelOnDisconnect).toBe(true)
    expect(config.router).toEqual({
      routingStrategy: 'usage-based-routing',
      numRetries: 4,
      timeoutMs: 20_000,
      streamTimeoutMs: 5_000,
      streamSilenceMs: 5_000,
      allowedFails: 0,
      cooldownMs: 2_500,
      retryAfterMs: 1_000,
      fallbacks: { a: ['b'] },
      contextWindowFallbacks: { b: ['a1'] },
      defaultFallbacks: ['a', 'b'],
      maxFallbacks: 1,
      retryPolicy: { RateLimitErrorRetries: 3, BadRequestErrorRetries: 0 },
      modelGroupRetryPolicy: { a: { TimeoutErrorRetries: 1 } },
      enablePreCallChecks: true,
      modelGroupAlias: { a1: 'a', b1: 'b' },
      modelGroupRoutingStrategy: { b: 'cache-affinity' },
      modelGroupRegions: { a: ['eu-'] },
      tryCoolingTargets: true,
    })
  })

  test('may stand in litellm_settings, where those of router_settings win', async () => {
    const litellm_settings = {
      num_retries: 1,
      request_timeout: 60,
      stream_timeout: 30,
      allowed_fails: 9,
      cooldown_time: 7,
      fallbacks: [{ nova: ['b'] }],
      context_window_fallbacks: [{ nova: ['b'] }],
      default_fallbacks: ['b'],
    }
    const model_list = [deployment('nova'), deployment('b')]
    expect((await valid(sample({ model_list, litellm_settings }))).router).toMatchObject({
      numRetries: 1,
      timeoutMs: 60_000,
      streamTimeoutMs: 30_000,
      streamSilenceMs: 30_000,
      allowedFails: 9,
      cooldownMs: 7_000,
      fallbacks: { nova: ['b'] },
      contextWindowFallbacks: { nova: ['b'] },
      defaultFallbacks: ['b'],
    })
    const router_settings = { num_retries: 0, timeout: 5, default_fallbacks: [] }
    expect((await valid(sample({ model_list, litellm_settings, router_settings }))).router).toMatchObject({
      numRetries: 0,
      timeoutMs: 5_000,
      defaultFallbacks: [],
      fallbacks: { nova: ['b'] },
    })
  })

  test('of two groups that fall back to each other for different reasons no circle is reported', async () => {
    const model_list = [deployment('small'), deployment('large')]
    const router_settings = { fallbacks: [{ large: ['small'] }], context_window_fallbacks: [{ small: ['large'] }] }
    expect((await valid(sample({ model_list, router_settings }))).router.fallbacks).toEqual({ large: ['small'] })
  })
})

describe('the version', () => {
  test('is the same for the same settings and another for others, whatever the secrets', async () => {
    const raw = sample({ general_settings: { master_key: 'os.environ/MK' } })
    const version = (await valid(raw, { MK: 'sk-1-master' })).version
    expect(version).toMatch(/^[0-9a-f]{12}$/)
    expect((await valid(structuredClone(raw), { MK: 'sk-2-master' })).version).toBe(version)
    expect((await valid({ ...raw, router_settings: { num_retries: 1 } }, { MK: 'sk-1-master' })).version).not.toBe(
      version,
    )
  })
})

test('a setting named __proto__ is a setting like any other', async () => {
  const raw: unknown = JSON.parse(
    JSON.stringify(sample()).replace(
      '{"model_list"',
      '{"router_settings":{"__proto__":{"num_retries":9}},"model_list"',
    ),
  )
  const result = await readConfig(raw, {})
  expect(result.ok && result.config.router.numRetries).toBe(2)
  expect(result.ok && result.warnings.map((issue) => issue.path)).toEqual(['router_settings.__proto__'])
})
