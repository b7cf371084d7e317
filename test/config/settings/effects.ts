/** For every setting that is used, two configurations that differ in it alone and run differently. */
import { deployment, type Json, sample } from '../samples.ts'

/** The second is valid; the first may be a configuration that lacks this setting. */
type Example = { without: Json; having: Json; env?: Json }

const ARN = 'arn:aws:bedrock:eu-central-1:123456789012:application-inference-profile/abc123'
const ROLE = 'arn:aws:iam::123456789012:role/bedrock'
const SHARED = { AWS_BEARER_TOKEN_BEDROCK: 'shared', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' }
const NO_KEYS = { aws_access_key_id: null, aws_secret_access_key: null }

/** A parameter of the one deployment, beside others that it needs. */
function param(name: string, value: unknown, beside: Json = {}, env: Json = {}): Example {
  const configured = (params: Json) => sample({ model_list: [deployment('nova', { ...beside, ...params })] })
  return { without: configured({}), having: configured({ [name]: value }), env }
}

function info(name: string, value: unknown): Example {
  return { without: sample(), having: sample({ model_list: [deployment('nova', {}, { [name]: value })] }) }
}

/** A setting of a section in front of two groups. */
function setting(section: string, name: string, value: unknown): Example {
  const model_list = [deployment('a'), deployment('b')]
  return { without: sample({ model_list }), having: sample({ model_list, [section]: { [name]: value } }) }
}

/** An entry beside named credentials, whose role has this external id. */
function withCredentials(params: Json, externalId = 'tenant'): Json {
  const values = { aws_role_name: ROLE, aws_external_id: externalId }
  return sample({
    model_list: [deployment('nova', params)],
    credential_list: [{ credential_name: 'shared', credential_values: values }],
  })
}

const FALLBACKS = [{ a: ['b'] }]

export const EFFECTS: Readonly<Record<string, Example>> = {
  'top-level model_list': { without: sample(), having: sample({ model_list: [deployment('other')] }) },
  'top-level general_settings': {
    without: sample(),
    having: sample({ general_settings: { master_key: 'sk-another-one' } }),
  },
  'top-level router_settings': { without: sample(), having: sample({ router_settings: { num_retries: 7 } }) },
  'top-level litellm_settings': { without: sample(), having: sample({ litellm_settings: { num_retries: 7 } }) },

  'top-level credential_list': {
    without: withCredentials({ litellm_credential_name: 'shared' }, 'tenant-1'),
    having: withCredentials({ litellm_credential_name: 'shared' }, 'tenant-2'),
  },

  'model_list model_name': { without: sample(), having: sample({ model_list: [deployment('other')] }) },
  'model_list litellm_params': param('weight', 2),
  'model_list model_info': info('id', 'own'),

  'litellm_params model': param('model', 'bedrock/amazon.nova-pro-v1:0'),
  'litellm_params model_id': param('model_id', ARN),
  'litellm_params custom_llm_provider': param('custom_llm_provider', 'bedrock', { model: 'my-own-model' }),
  'litellm_params base_model': param('base_model', 'amazon.nova-pro-v1:0'),
  'litellm_params litellm_credential_name': {
    without: withCredentials({}),
    having: withCredentials({ litellm_credential_name: 'shared' }),
  },
  'litellm_params aws_region_name': param('aws_region_name', 'eu-west-1'),
  'litellm_params aws_access_key_id': param('aws_access_key_id', 'another'),
  'litellm_params aws_secret_access_key': param('aws_secret_access_key', 'another'),
  'litellm_params aws_session_token': param('aws_session_token', 'token'),
  'litellm_params aws_bearer_token_bedrock': param('aws_bearer_token_bedrock', 'own', NO_KEYS, SHARED),
  'litellm_params api_key': param('api_key', 'own', NO_KEYS, SHARED),
  'litellm_params aws_role_name': param('aws_role_name', ROLE),
  'litellm_params aws_session_name': param('aws_session_name', 'edge', { aws_role_name: ROLE }),
  'litellm_params aws_external_id': param('aws_external_id', 'tenant', { aws_role_name: ROLE }),
  'litellm_params aws_sts_endpoint': param('aws_sts_endpoint', 'https://sts.example.com', { aws_role_name: ROLE }),
  'litellm_params aws_bedrock_runtime_endpoint': param('aws_bedrock_runtime_endpoint', 'https://vpce.example.com'),
  'litellm_params api_base': param('api_base', 'https://vpce.example.com'),
  'litellm_params extra_headers': param('extra_headers', { 'x-team': 'edge' }),
  'litellm_params weight': param('weight', 2),
  'litellm_params rpm': param('rpm', 2),
  'litellm_params tpm': param('tpm', 2),
  'litellm_params order': param('order', 2),
  'litellm_params timeout': param('timeout', 2),
  'litellm_params stream_timeout': param('stream_timeout', 2),
  'litellm_params cooldown_time': param('cooldown_time', 2),

  'model_info id': info('id', 'own'),
  'model_info base_model': info('base_model', 'amazon.nova-pro-v1:0'),
  'model_info max_input_tokens': info('max_input_tokens', 1000),

  'general_settings master_key': {
    without: sample(),
    having: sample({ general_settings: { master_key: 'sk-another-one' } }),
  },
  'general_settings cancel_on_disconnect': {
    without: sample(),
    having: sample({ general_settings: { master_key: 'sk-test-key', cancel_on_disconnect: true } }),
  },

  'general_settings skip_faulty': {
    without: sample({ model_list: [deployment('nova'), deployment('nova', { weight: -1 })] }),
    having: sample({
      model_list: [deployment('nova'), deployment('nova', { weight: -1 })],
      general_settings: { master_key: 'sk-test-key', skip_faulty: true },
    }),
  },

  'router_settings routing_strategy': setting('router_settings', 'routing_strategy', 'least-busy'),
  'router_settings num_retries': setting('router_settings', 'num_retries', 7),
  'router_settings timeout': setting('router_settings', 'timeout', 7),
  'router_settings stream_timeout': setting('router_settings', 'stream_timeout', 7),
  'router_settings allowed_fails': setting('router_settings', 'allowed_fails', 7),
  'router_settings cooldown_time': setting('router_settings', 'cooldown_time', 7),
  'router_settings retry_after': setting('router_settings', 'retry_after', 7),
  'router_settings fallbacks': setting('router_settings', 'fallbacks', FALLBACKS),
  'router_settings context_window_fallbacks': setting('router_settings', 'context_window_fallbacks', FALLBACKS),
  'router_settings default_fallbacks': setting('router_settings', 'default_fallbacks', ['b']),
  'router_settings max_fallbacks': setting('router_settings', 'max_fallbacks', 7),
  'router_settings retry_policy': setting('router_settings', 'retry_policy', { TimeoutErrorRetries: 7 }),
  'router_settings model_group_retry_policy': setting('router_settings', 'model_group_retry_policy', {
    a: { TimeoutErrorRetries: 7 },
  }),
  'router_settings enable_pre_call_checks': setting('router_settings', 'enable_pre_call_checks', true),
  'router_settings model_group_alias': setting('router_settings', 'model_group_alias', { z: 'a' }),
  'router_settings model_group_routing_strategy': setting('router_settings', 'model_group_routing_strategy', {
    a: 'least-busy',
  }),
  'router_settings model_group_regions': setting('router_settings', 'model_group_regions', { a: ['eu-'] }),
  'router_settings try_cooling_targets': setting('router_settings', 'try_cooling_targets', true),

  'litellm_settings num_retries': setting('litellm_settings', 'num_retries', 7),
  'litellm_settings request_timeout': setting('litellm_settings', 'request_timeout', 7),
  'litellm_settings stream_timeout': setting('litellm_settings', 'stream_timeout', 7),
  'litellm_settings fallbacks': setting('litellm_settings', 'fallbacks', FALLBACKS),
  'litellm_settings context_window_fallbacks': setting('litellm_settings', 'context_window_fallbacks', FALLBACKS),
  'litellm_settings default_fallbacks': setting('litellm_settings', 'default_fallbacks', ['b']),
  'litellm_settings allowed_fails': setting('litellm_settings', 'allowed_fails', 7),
  'litellm_settings cooldown_time': setting('litellm_settings', 'cooldown_time', 7),
}
