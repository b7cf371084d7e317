import { describe, expect, test } from 'vitest'
import { literalSecretPaths, REDACTED, redactConfig } from '../../src/config/redact.ts'

const RAW = {
  model_list: [
    {
      model_name: 'claude',
      litellm_params: {
        model: 'bedrock/x.y',
        aws_region_name: 'eu-central-1',
        aws_access_key_id: 'AKIALITERAL',
        aws_secret_access_key: 'os.environ/SECRET_KEY',
        api_base: 'https://user:hunter2@example.com',
        aws_role_name: 'arn:aws:iam::123456789012:role/r',
        weight: 2,
        input_cost_per_token: '0.000003',
        some_new_credential: 'literal-one',
        some_new_number: 4711,
        extra_headers: { 'x-internal': 'literal-two' },
        use_in_pass_through: true,
      },
      model_info: { id: 'a', supports_vision: true, note: 'literal-three' },
    },
  ],
  general_settings: { master_key: 'sk-literal-four', database_url: 'postgres://literal-five', store_model_in_db: true },
  router_settings: { routing_strategy: 'least-busy', redis_password: 'literal-six', fallbacks: [{ claude: ['nova'] }] },
  litellm_settings: { num_retries: 2, cache_params: { host: 'literal-seven' } },
  environment_variables: { AWS_SECRET: 'literal-eight' },
}

test('a shown configuration keeps what is harmless and hides everything else', () => {
  expect(redactConfig(RAW)).toEqual({
    model_list: [
      {
        model_name: 'claude',
        litellm_params: {
          model: 'bedrock/x.y',
          aws_region_name: 'eu-central-1',
          aws_access_key_id: REDACTED,
          aws_secret_access_key: 'os.environ/SECRET_KEY',
          api_base: REDACTED,
          aws_role_name: 'arn:aws:iam::123456789012:role/r',
          weight: 2,
          input_cost_per_token: '0.000003',
          some_new_credential: REDACTED,
          some_new_number: REDACTED,
          extra_headers: { 'x-internal': REDACTED },
          use_in_pass_through: true,
        },
        model_info: { id: 'a', supports_vision: true, note: REDACTED },
      },
    ],
    general_settings: { master_key: REDACTED, database_url: REDACTED, store_model_in_db: true },
    router_settings: { routing_strategy: 'least-busy', redis_password: REDACTED, fallbacks: [{ claude: ['nova'] }] },
    litellm_settings: { num_retries: 2, cache_params: { host: REDACTED } },
    environment_variables: { AWS_SECRET: REDACTED },
  })
})

test('a named credential shows its name and what is harmless in it', () => {
  const credential = {
    credential_name: 'team-a',
    credential_values: {
      aws_region_name: 'eu-central-1',
      aws_secret_access_key: 'literal',
      some_token: 'literal',
      x: 'y',
    },
    credential_info: { description: 'of team a' },
  }
  expect(redactConfig({ credential_list: [credential] })).toEqual({
    credential_list: [
      {
        credential_name: 'team-a',
        credential_values: {
          aws_region_name: 'eu-central-1',
          aws_secret_access_key: REDACTED,
          some_token: REDACTED,
          x: REDACTED,
        },
        credential_info: { description: REDACTED },
      },
    ],
  })
  expect(literalSecretPaths({ credential_list: [credential] })).toEqual([
    'credential_list[0].credential_values.aws_secret_access_key',
    'credential_list[0].credential_values.some_token',
    'credential_list[0].credential_values.x',
  ])
})

test.for(['text', 17, ['sk-a-master'], { model_list: 'sk-a-master' }, { model_list: ['sk-a-master'] }])(
  'a configuration of the wrong shape (%j) shows nothing',
  (raw, { expect }) => {
    expect(JSON.stringify(redactConfig(raw))).not.toMatch(/sk-a|text|17/)
  },
)

describe('literal secrets', () => {
  test('are found with their paths, wherever they stand', () => {
    expect(literalSecretPaths(RAW)).toEqual([
      'model_list[0].litellm_params.aws_access_key_id',
      'model_list[0].litellm_params.api_base',
      'model_list[0].litellm_params.some_new_credential',
      'model_list[0].litellm_params.extra_headers.x-internal',
      'general_settings.master_key',
      'general_settings.database_url',
      'router_settings.redis_password',
      'environment_variables.AWS_SECRET',
    ])
  })

  test('are not names, limits, prices and references', () => {
    const harmless = {
      model_list: [
        {
          model_name: 'token-secret',
          litellm_params: {
            model: 'bedrock/x',
            max_tokens: '5',
            input_cost_per_token: '1',
            cache_read_input_token_cost: '1',
            aws_role_name: 'arn:aws:iam::123456789012:role/r',
            api_key: 'os.environ/K',
          },
        },
      ],
      general_settings: { token_rate_limit_type: 'output', litellm_key_header_name: 'x-key', alerting: ['slack'] },
    }
    expect(literalSecretPaths(harmless)).toEqual([])
  })
})
