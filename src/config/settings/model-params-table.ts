/** Settings of `litellm_params`: where a deployment is, and how it is called. Known price names are used as well. */
import * as v from 'valibot'
import { REGION_NAME } from '../../bedrock/partitions.ts'
import { UNKNOWN_REGION } from '../secrets.ts'
import { extraHeaders } from './extra-headers.ts'
import { credential, endpoint, notNegative, text, timeoutMs, waitMs, wholeNumber } from './schema-parts.ts'
import { meaningless, restricts, settingTable, unsupported, used } from './setting.ts'

const REGION_MESSAGE = 'not a region of AWS: write one such as eu-central-1'

const ENDPOINT_STAND_IN = 'https://assumed.invalid'

/** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html gives this pattern and the next two. */
const roleArn = v.pipe(
  v.string('write the ARN of a role'),
  v.regex(
    /^arn:aws(?:-[a-z]+)*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
    'write the ARN of a role: arn:aws:iam::<account>:role/<name>',
  ),
)

const sessionName = v.pipe(
  v.string('write a session name'),
  v.regex(/^[\w+=,.@-]{2,64}$/, 'write 2 to 64 letters, digits or _+=,.@-'),
)

const externalId = v.pipe(
  v.string('write the external id as text, in quotes where it is a number'),
  v.regex(/^[\w+=,.@:/-]{2,1224}$/, 'write 2 to 1224 letters, digits or _+=,.@:/-'),
)

export const MODEL_PARAMS = settingTable(
  {
    model: used(text('write bedrock/<model id or ARN>'), 'shown', 'bedrock/assumed'),
    model_id: used(text('write the ARN that is sent to Bedrock in place of the model id'), 'shown'),
    custom_llm_provider: used(text('write bedrock, or leave it out'), 'shown', 'bedrock'),
    base_model: used(text('write the model id whose price applies'), 'shown'),
    litellm_credential_name: used(text('write the credential_name of an entry of credential_list'), 'shown'),
    aws_region_name: used(
      v.pipe(v.string(REGION_MESSAGE), v.regex(REGION_NAME, REGION_MESSAGE)),
      'shown',
      UNKNOWN_REGION,
    ),
    aws_access_key_id: used(credential, 'hidden'),
    aws_secret_access_key: used(credential, 'hidden'),
    aws_session_token: used(credential, 'hidden'),
    aws_bearer_token_bedrock: used(credential, 'hidden'),
    api_key: used(credential, 'hidden'),
    aws_role_name: used(roleArn, 'shown', 'arn:aws:iam::000000000000:role/assumed'),
    aws_session_name: used(sessionName, 'shown'),
    aws_external_id: used(externalId, 'hidden'),
    aws_sts_endpoint: used(endpoint, 'shown', ENDPOINT_STAND_IN),
    aws_bedrock_runtime_endpoint: used(endpoint, 'shown', ENDPOINT_STAND_IN),
    api_base: used(endpoint, 'shown', ENDPOINT_STAND_IN),
    extra_headers: used(extraHeaders, 'hidden'),
    weight: used(notNegative, 'shown'),
    rpm: used(wholeNumber(1), 'shown'),
    tpm: used(wholeNumber(1), 'shown'),
    order: used(wholeNumber(0), 'shown'),
    timeout: used(timeoutMs, 'shown'),
    stream_timeout: used(timeoutMs, 'shown'),
    cooldown_time: used(waitMs, 'shown'),
  },
  restricts('limits of a deployment other than the weights rpm and tpm', [
    'max_budget',
    'budget_duration',
    'max_parallel_requests',
    'default_api_key_tpm_limit',
    'default_api_key_rpm_limit',
    'max_file_size_mb',
  ]),
  restricts('a guardrail added by the configuration; the body of a call goes up as the client sent it', [
    'guardrails',
    'guardrailConfig',
    'guardrailIdentifier',
    'guardrailVersion',
    'guardrail_config',
  ]),
  meaningless('roles are assumed without session tags', ['aws_session_tags']),
  unsupported('a Worker has no files and so no AWS profiles; give keys, a Bedrock API key or aws_role_name instead', [
    'aws_profile_name',
  ]),
  unsupported('a Worker has no web identity to present; give aws_role_name with the keys that may assume it instead', [
    'aws_web_identity_token',
  ]),
  unsupported('not a name that LiteLLM or this gateway reads; write aws_bearer_token_bedrock', ['aws_bearer_token']),
  unsupported(
    'prices by steps of usage are not read; LiteLLM has names such as input_cost_per_token_above_200k_tokens',
    ['tiered_pricing'],
  ),
  meaningless(
    'only the operations of bedrock-runtime are served',
    [
      'aws_bedrock_project_id',
      'aws_batch_role_arn',
      's3_bucket_name',
      's3_region_name',
      's3_access_key_id',
      's3_secret_access_key',
      's3_encryption_key_id',
      's3_output_bucket_name',
    ],
    ['aws_bedrock_agent_runtime_endpoint', 'aws_bedrock_endpoint'],
  ),
  meaningless('deployments are weighted by weight, rpm or tpm; capacity by kind of token is not', [], ['itpm', 'otpm']),
  meaningless('router_settings.num_retries decides how often a call is tried', [], ['max_retries', 'num_retries']),
  meaningless('calls are not routed by tags', ['tag_regex'], ['tags']),
  meaningless(
    'every deployment is served under its own wire format',
    ['use_litellm_proxy', 'merge_reasoning_content_in_choices'],
    ['use_in_pass_through'],
  ),
  meaningless(
    'the body of a call goes up as the client sent it, so nothing is added to it or taken from it',
    [
      'top_k',
      'topK',
      'max_completion_tokens',
      'stop',
      'stream',
      'n',
      'seed',
      'user',
      'tools',
      'tool_choice',
      'parallel_tool_calls',
      'response_format',
      'thinking',
      'reasoning_effort',
      'presence_penalty',
      'frequency_penalty',
      'logit_bias',
      'logprobs',
      'top_logprobs',
      'metadata',
      'requestMetadata',
      'serviceTier',
      'service_tier',
      'performanceConfig',
      'additionalModelRequestFields',
      'anthropic_beta',
      'cache_control_injection_points',
      'extra_body',
      'headers',
      'additional_drop_params',
      'allowed_openai_params',
      'modify_params',
      'mock_response',
      'mock_timeout',
      'mock_tool_calls',
      'prompt_id',
      'prompt_variables',
      'configurable_clientside_auth_params',
    ],
    ['temperature', 'top_p', 'max_tokens', 'drop_params'],
  ),
  meaningless('the setting belongs to another provider or to the Python client', [
    'region_name',
    'api_version',
    'organization',
    'vertex_project',
    'vertex_location',
    'vertex_credentials',
    'watsonx_region_name',
    'ssl_verify',
    'force_timeout',
    'litellm_trace_id',
    'litellm_logging_obj',
    'caching',
    'cache',
    'no-log',
    'search_context_cost_per_query',
  ]),
)
