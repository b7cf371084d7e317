/** Settings of `router_settings`. */
import * as v from 'valibot'
import { judgePreCallChecks, judgeTagFiltering } from './judged-settings.ts'
import { flag, groupList, groupName, list, mapping, timeoutMs, waitMs, wholeNumber } from './schema-parts.ts'
import { judged, meaningless, restricts, settingTable, unsupported, used } from './setting.ts'

const STRATEGIES = [
  'simple-shuffle',
  'least-busy',
  'latency-based-routing',
  'cost-based-routing',
  'usage-based-routing',
  'cache-affinity',
] as const

export type RoutingStrategy = (typeof STRATEGIES)[number]

/** LiteLLM's second version of usage-based-routing differs in its use of Redis alone. */
export const STRATEGY_V2 = 'usage-based-routing-v2'

const strategy = v.picklist([...STRATEGIES, STRATEGY_V2], `unknown strategy: write one of ${STRATEGIES.join(', ')}`)

/** LiteLLM's `RetryPolicy`: number of retries by the class of error. */
export type RetryPolicy = v.InferOutput<typeof retryPolicy>

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

export const fallbackLists = list(mapping(list(groupName, FALLBACKS), FALLBACKS), FALLBACKS)

const aliases = mapping(
  v.union(
    [groupName, v.looseObject({ model: groupName }), v.array(v.unknown())],
    'write the model group that the alias stands for',
  ),
  'write a mapping from aliases to model groups',
)

const REGION_PREFIX = 'write a region prefix such as eu-'

const regionsByGroup = mapping(
  v.pipe(
    list(
      v.pipe(v.string(REGION_PREFIX), v.regex(/^[a-z]{2,}-[a-z0-9-]*$/, REGION_PREFIX)),
      'write a list of region prefixes such as [eu-]',
    ),
    v.minLength(1, 'an empty list would allow no region: write at least one prefix, or remove it'),
  ),
  'write a mapping from model groups to lists of region prefixes',
)

export const ROUTER = settingTable(
  {
    routing_strategy: used(strategy, 'shown', 'simple-shuffle'),
    num_retries: used(wholeNumber(0), 'shown'),
    timeout: used(timeoutMs, 'shown'),
    stream_timeout: used(timeoutMs, 'shown'),
    allowed_fails: used(wholeNumber(0), 'shown'),
    cooldown_time: used(waitMs, 'shown'),
    retry_after: used(waitMs, 'shown'),
    fallbacks: used(fallbackLists, 'shown'),
    context_window_fallbacks: used(fallbackLists, 'shown'),
    default_fallbacks: used(groupList, 'shown'),
    max_fallbacks: used(wholeNumber(0), 'shown'),
    retry_policy: used(retryPolicy, 'shown', '1'),
    model_group_retry_policy: used(
      mapping(retryPolicy, 'write a mapping from model groups to retry policies'),
      'shown',
      '1',
    ),
    enable_pre_call_checks: used(flag, 'shown'),
    model_group_alias: used(aliases, 'shown'),
    model_group_routing_strategy: used(
      mapping(strategy, 'write a mapping from model groups to strategies'),
      'shown',
      'simple-shuffle',
    ),
    model_group_regions: used(regionsByGroup, 'shown'),
    try_cooling_targets: used(flag, 'shown'),
  },
  judged('optional_pre_call_checks', judgePreCallChecks, 'shown'),
  judged('enable_tag_filtering', judgeTagFiltering, 'shown'),
  restricts('limits on parallel calls and budgets of a provider', [
    'default_max_parallel_requests',
    'provider_budget_config',
  ]),
  restricts('a guardrail', ['guardrail_list']),
  unsupported('settings for all deployments are not merged; write them into litellm_params of each deployment', [
    'default_litellm_params',
  ]),
  meaningless('health and load are known to each isolate alone; there is no Redis', [
    'redis_host',
    'redis_port',
    'redis_password',
    'redis_db',
    'redis_url',
    'redis_startup_nodes',
    'cache_kwargs',
    'cache_responses',
    'caching_groups',
    'client_ttl',
  ]),
  meaningless(
    'cool-downs are ruled by allowed_fails and cooldown_time; cooldown_time: 0 switches them off',
    [],
    ['disable_cooldowns', 'allowed_fails_policy'],
  ),
  meaningless(
    'a refusal by content policy is the answer to the call, so no other model is asked',
    [],
    ['content_policy_fallbacks'],
  ),
  meaningless('calls are not routed by tags', [], ['tag_filtering_match_any']),
  meaningless('routing_strategy: cache-affinity keeps calls that share a prompt on one deployment', [
    'deployment_affinity_ttl_seconds',
    'model_group_affinity_config',
  ]),
  meaningless('health is learned from the calls themselves', [
    'enable_health_check_routing',
    'health_check_staleness_threshold',
    'health_check_ignore_transient_errors',
    'alerting_config',
  ]),
  meaningless('a deployment that cannot be served is an error, unless general_settings.skip_faulty is set', [
    'ignore_invalid_deployments',
  ]),
  meaningless('it belongs to the Python router', [
    'routing_strategy_args',
    'router_general_settings',
    'assistants_config',
    'search_tools',
    'default_priority',
    'polling_interval',
    'debug_level',
    'set_verbose',
  ]),
)
