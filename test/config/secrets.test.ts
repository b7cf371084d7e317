import { describe, expect, test } from 'vitest'
import { resolveConfig } from '../../src/config/resolve.ts'
import { assumeSecrets, secretsFrom } from '../../src/config/secrets.ts'
import { deployment, type Json, sample } from './samples.ts'

const REFERENCES = sample({
  model_list: [
    deployment('a', {
      model: 'os.environ/MODEL',
      aws_region_name: 'os.environ/REGION',
      aws_access_key_id: 'os.environ/ID',
      aws_secret_access_key: 'os.environ/SECRET',
      aws_bedrock_runtime_endpoint: 'os.environ/ENDPOINT',
      rpm: 'os.environ/RPM',
      input_cost_per_token: 'os.environ/PRICE',
    }),
    { model_name: 'b', litellm_params: { model: 'bedrock/x' } },
  ],
  general_settings: { master_key: 'os.environ/MASTER' },
  router_settings: { timeout: 'os.environ/TIMEOUT', model_group_regions: { a: ['eu-'] } },
})

describe('a reference is the value of its secret', () => {
  test('wherever it stands', async () => {
    const env: Json = {
      MODEL: 'bedrock/y.z',
      REGION: 'eu-west-1',
      ID: 'id',
      SECRET: 'secret',
      ENDPOINT: 'https://vpce.example.com',
      RPM: '60',
      PRICE: '3e-06',
      MASTER: 'sk-m-master',
      TIMEOUT: '30',
      AWS_REGION: 'eu-north-1',
      AWS_BEARER_TOKEN_BEDROCK: 'token',
      UNUSED: 'x',
    }
    const source = secretsFrom(env)
    const result = await resolveConfig(REFERENCES, source)
    if (!result.ok) throw new Error(JSON.stringify(result.issues))
    expect(result.config.masterKey).toBe('sk-m-master')
    expect(result.config.router.timeoutMs).toBe(30_000)
    expect(result.config.deployments).toMatchObject([
      {
        model: 'y.z',
        region: 'eu-west-1',
        runtimeEndpoint: 'https://vpce.example.com',
        rpm: 60,
        prices: { input_cost_per_token: '0.000003' },
      },
      { region: 'eu-north-1', credentials: { kind: 'api-key', token: 'token' } },
    ])
    expect([...source.names()].toSorted()).toEqual(
      Object.keys(env)
        .filter((name) => name !== 'UNUSED')
        .toSorted(),
    )
  })

  test('and every one that is missing is reported', async () => {
    const result = await resolveConfig(REFERENCES, secretsFrom({}))
    if (result.ok) throw new Error('expected a faulty configuration')
    expect(result.issues.map((issue) => issue.path)).toEqual([
      'model_list[0].litellm_params.model',
      'model_list[0].litellm_params.aws_region_name',
      'model_list[0].litellm_params.aws_access_key_id',
      'model_list[0].litellm_params.aws_secret_access_key',
      'model_list[0].litellm_params.aws_bedrock_runtime_endpoint',
      'model_list[0].litellm_params.rpm',
      'model_list[0].litellm_params.input_cost_per_token',
      'model_list[1].litellm_params.aws_region_name',
      'model_list[1].litellm_params',
      'general_settings.master_key',
      'router_settings.timeout',
    ])
  })

  test('and a reference without a proper name is a fault', async () => {
    const result = await resolveConfig(
      sample({ general_settings: { master_key: 'os.environ/MASTER KEY' } }),
      secretsFrom({}),
    )
    expect(result).toMatchObject({
      ok: false,
      issues: [{ path: 'general_settings.master_key', message: /name of a secret/ }],
    })
  })
})

describe('where secrets are not at hand', () => {
  test('every reference is taken as present and named, and everything else is checked', async () => {
    const source = assumeSecrets()
    const result = await resolveConfig(REFERENCES, source)
    expect(result.ok ? result.warnings : result.issues).toEqual([])
    expect(source.names()).toEqual([
      'MODEL',
      'REGION',
      'ID',
      'SECRET',
      'ENDPOINT',
      'RPM',
      'PRICE',
      'AWS_REGION_NAME (or AWS_REGION)',
      'AWS_BEARER_TOKEN_BEDROCK (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)',
      'MASTER',
      'TIMEOUT',
    ])
  })

  test('a region that is not known yet contradicts no ARN', async () => {
    const model = 'bedrock/arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.x.y'
    const raw = sample({ model_list: [deployment('a', { model, aws_region_name: 'os.environ/REGION' })] })
    expect((await resolveConfig(raw, assumeSecrets())).ok).toBe(true)
    expect((await resolveConfig(raw, secretsFrom({ REGION: 'eu-west-1' }))).ok).toBe(true)
    expect((await resolveConfig(raw, secretsFrom({ REGION: 'us-west-1' }))).ok).toBe(false)
  })
})
