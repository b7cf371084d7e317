import { describe, test } from 'vitest'
import { deployment, errorsOf, type Fault, KEYS, sample, withParams } from './samples.ts'

const PARAMS = 'model_list[0].litellm_params'

const FAULTS: readonly Fault[] = [
  { what: 'a configuration that is a list', raw: [], path: '', says: /a list: write model_list/ },
  { what: 'a configuration that is empty', raw: null, path: '', says: /empty/ },
  {
    what: 'no model_list',
    raw: { general_settings: { master_key: 'sk-a-master' } },
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
    what: 'no entry but those of another provider',
    raw: withParams({ model: 'openai/gpt-5' }),
    path: 'model_list',
    says: /no entry is left that Amazon Bedrock serves/,
  },
  {
    what: 'no entry but those of another custom_llm_provider',
    raw: withParams({ model: 'x', custom_llm_provider: 'vertex_ai' }),
    path: 'model_list',
    says: /no entry is left/,
  },
  {
    what: 'a wildcard model under an exact name',
    raw: withParams({ model: 'bedrock/*' }),
    path: `${PARAMS}.model`,
    says: /needs one in model_name/,
  },
  {
    what: 'a wildcard that the name does not fill',
    raw: sample({ model_list: [deployment('claude-*', { model: 'bedrock/*.claude-*' })] }),
    path: `${PARAMS}.model`,
    says: /more wildcards than "claude-\*" fills/,
  },
  {
    what: 'an ARN of another service',
    raw: withParams({ model: 'bedrock/arn:aws:s3:::bucket' }),
    path: `${PARAMS}.model`,
    says: /not an ARN of Bedrock/,
  },
  {
    what: 'an API that is not served',
    raw: withParams({ model: 'bedrock/images/x' }),
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
    says: /there is no credential "n"/,
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
    what: 'a header of the signature',
    raw: withParams({ extra_headers: { 'X-Amz-Date': 'now' } }),
    path: `${PARAMS}.extra_headers.X-Amz-Date`,
    says: /belongs to the connection, the body or the signature/,
  },
  {
    what: 'a header of the connection',
    raw: withParams({ extra_headers: { connection: 'close' } }),
    path: `${PARAMS}.extra_headers.connection`,
    says: /belongs to the connection/,
  },
  {
    what: 'a header name that is none',
    raw: withParams({ extra_headers: { 'a b': 'x' } }),
    path: `${PARAMS}.extra_headers["a b"]`,
    says: /is no header name/,
  },
  {
    what: 'a header with a line break',
    raw: withParams({ extra_headers: { 'x-team': 'a\r\nb' } }),
    path: `${PARAMS}.extra_headers.x-team`,
    says: /visible ASCII/,
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
]

describe('a fault of model_list is reported with its path and how to mend it', () => {
  test.for(FAULTS)('$what', async ({ raw, path, says, env }, { expect }) => {
    const errors = await errorsOf(raw, env)
    const [first = ''] = errors.filter((line) => line.startsWith(`${path}: `))
    expect(first, errors.join('\n')).toMatch(says)
    expect(errors).toHaveLength(1)
  })
})
