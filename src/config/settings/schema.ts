/** The shape of every setting that the gateway reads, by section. Settings that it does not read are in known-settings.ts. */
import * as v from 'valibot'
import {
  credential,
  endpoint,
  flag,
  list,
  mapping,
  name,
  notNegative,
  text,
  timeoutMs,
  waitMs,
  wholeNumber,
} from './fields.ts'

const REGION = /^[a-z]{2,}(?:-[a-z]+)+-\d+$/
const REGION_MESSAGE = 'not a region of AWS: write one such as eu-central-1'

const groupName = text('write the model_name of a model group')

export const MODEL_ENTRY = {
  model_name: name('write the name that clients ask for, in visible ASCII'),
}

export const LITELLM_PARAMS = {
  model: text('write bedrock/<model id or ARN>'),
  model_id: text('write the ARN that is sent to Bedrock in place of the model id'),
  custom_llm_provider: text('write bedrock, or leave it out'),
  aws_region_name: v.pipe(v.string(REGION_MESSAGE), v.regex(REGION, REGION_MESSAGE)),
  aws_access_key_id: credential,
  aws_secret_access_key: credential,
  aws_session_token: credential,
  aws_bearer_token_bedrock: credential,
  api_key: credential,
  /** https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html gives this pattern and the next two. */
  aws_role_name: v.pipe(
    v.string('write the ARN of a role'),
    v.regex(
      /^arn:aws(?:-[a-z]+)*:iam::\d{12}:role\/[\w+=,.@/-]+$/,
      'write the ARN of a role: arn:aws:iam::<account>:role/<name>',
    ),
  ),
  aws_session_name: v.pipe(
    v.string('write a session name'),
    v.regex(/^[\w+=,.@-]{2,64}$/, 'write 2 to 64 letters, digits or _+=,.@-'),
  ),
  aws_external_id: v.pipe(
    v.string('write the external id as text, in quotes where it is a number'),
    v.regex(/^[\w+=,.@:/-]{2,1224}$/, 'write 2 to 1224 letters, digits or _+=,.@:/-'),
  ),
  aws_sts_endpoint: endpoint,
  aws_bedrock_runtime_endpoint: endpoint,
  api_base: endpoint,
  weight: notNegative,
  rpm: wholeNumber(1),
  tpm: wholeNumber(1),
  order: wholeNumber(0),
  timeout: timeoutMs,
  stream_timeout: timeoutMs,
  cooldown_time: waitMs,
}

export const MODEL_INFO = {
  id: name('write an id in visible ASCII'),
  base_model: text('write the model id whose price applies'),
  max_input_tokens: wholeNumber(1),
}

/** It travels inside `Credential=` of a SigV4 header, where other characters would end it. */
const MASTER_KEY = 'must start with sk- and go on with letters, digits, _ or - only'

export const GENERAL = {
  master_key: v.pipe(v.string(MASTER_KEY), v.regex(/^sk-[A-Za-z0-9_-]+$/, MASTER_KEY)),
  cancel_on_disconnect: flag,
}

export const STRATEGIES = [
  'simple-shuffle',
  'least-busy',
  'latency-based-routing',
  'cost-based-routing',
  'usage-based-routing',
  'cache-affinity',
] as const

/** LiteLLM's second version of usage-based-routing differs in its use of Redis alone. */
export const STRATEGY_V2 = 'usage-based-routing-v2'

const strategy = v.picklist([...STRATEGIES, STRATEGY_V2], `unknown strategy: write one of ${STRATEGIES.join(', ')}`)

const POLICY_NAMES = [
  'BadRequestErrorRetries',
  'AuthenticationErrorRetries',
  'TimeoutErrorRetries',
  'RateLimitErrorRetries',
  'ContentPolicyViolationErrorRetries',
  'InternalServerErrorRetries',
] as const

const retryPolicy = v.record(
  v.picklist(POLICY_NAMES, `unknown class of errors: write one of ${POLICY_NAMES.join(', ')}`),
  wholeNumber(0),
  'write a mapping such as RateLimitErrorRetries: 3',
)

const FALLBACKS = 'write a list of mappings from a model group to its fallbacks, such as - claude: [claude-eu]'

const fallbacks = list(mapping(list(groupName, FALLBACKS), FALLBACKS), FALLBACKS)

const groupList = list(groupName, 'write a list of model groups')

export const ROUTER = {
  routing_strategy: strategy,
  num_retries: wholeNumber(0),
  timeout: timeoutMs,
  stream_timeout: timeoutMs,
  allowed_fails: wholeNumber(0),
  cooldown_time: waitMs,
  retry_after: waitMs,
  fallbacks,
  context_window_fallbacks: fallbacks,
  default_fallbacks: groupList,
  max_fallbacks: wholeNumber(0),
  retry_policy: retryPolicy,
  model_group_retry_policy: mapping(retryPolicy, 'write a mapping from model groups to retry policies'),
  enable_pre_call_checks: flag,
  model_group_alias: mapping(
    v.union([groupName, v.looseObject({ model: groupName })], 'write the model group that the alias stands for'),
    'write a mapping from aliases to model groups',
  ),
  model_group_routing_strategy: mapping(strategy, 'write a mapping from model groups to strategies'),
  model_group_regions: mapping(
    v.pipe(
      list(
        v.pipe(
          v.string('write a region prefix such as eu-'),
          v.regex(/^[a-z]{2,}-[a-z0-9-]*$/, 'write a region prefix such as eu-'),
        ),
        'write a list of region prefixes such as [eu-]',
      ),
      v.minLength(1, 'an empty list would allow no region: write at least one prefix, or remove it'),
    ),
    'write a mapping from model groups to lists of region prefixes',
  ),
  try_cooling_targets: flag,
}

/** Settings of the router that LiteLLM also reads in `litellm_settings`; those in `router_settings` win. */
export const LITELLM = {
  num_retries: ROUTER.num_retries,
  request_timeout: timeoutMs,
  fallbacks,
  context_window_fallbacks: fallbacks,
  default_fallbacks: groupList,
  allowed_fails: ROUTER.allowed_fails,
  cooldown_time: waitMs,
}
