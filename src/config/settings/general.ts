/** Settings of `general_settings`. */
import * as v from 'valibot'
import { flag } from './fields.ts'
import { judgeMissingSession, judgePublicRoutes } from './judged-settings.ts'
import { judged, meaningless, restricts, settingTable, used } from './setting.ts'

/** It travels inside `Credential=` of a SigV4 header, where other characters would end it. */
const MASTER_KEY = 'must hold at least 8 letters, digits, _ or -, and nothing else'

export const GENERAL = settingTable(
  {
    master_key: used(
      v.pipe(v.string(MASTER_KEY), v.regex(/^[A-Za-z0-9_-]{8,}$/, MASTER_KEY)),
      'hidden',
      'sk-assumed-key',
    ),
    cancel_on_disconnect: used(flag, 'shown'),
    /** Ours: entries of `model_list` that cannot be served are left out. `--skip-faulty` writes it into what is stored. */
    skip_faulty: used(flag, 'shown'),
  },
  judged('public_routes', judgePublicRoutes),
  judged('missing_session_id', judgeMissingSession),
  restricts('limits on parallel calls and on sizes', [
    'max_parallel_requests',
    'global_max_parallel_requests',
    'max_request_size_mb',
    'max_response_size_mb',
  ]),
  restricts('decides from where, on which routes or by whom calls may come', [
    'allowed_ips',
    'allowed_routes',
    'admin_only_routes',
    'custom_auth',
    'custom_auth_settings',
    'enable_jwt_auth',
    'litellm_jwtauth',
    'enable_oauth2_auth',
    'enable_oauth2_proxy_auth',
    'oauth2_config_mappings',
  ]),
  restricts('refuses calls that lack or carry certain parameters', [
    'enforce_user_param',
    'enforced_params',
    'reject_clientside_metadata_tags',
    'service_account_settings',
  ]),
  restricts('refuses calls that LiteLLM cannot price, or to the agent runtime', [
    'disable_bedrock_agent_runtime_passthrough',
    'passthrough_require_cost_tracking',
    'passthrough_capabilities',
  ]),
  restricts('limits who may make keys', ['custom_key_generate', 'custom_key_update', 'default_team_disabled']),
  meaningless('spend is kept in the database that is bound to the Worker', [
    'database_url',
    'database_connection_pool_limit',
    'database_connection_timeout',
    'database_type',
    'database_args',
    'disable_prisma_schema_update',
    'allow_requests_on_db_unavailable',
    'store_model_in_db',
    'supported_db_objects',
    'use_redis_transaction_buffer',
    'proxy_batch_write_at',
    'proxy_batch_polling_interval',
    'proxy_budget_rescheduler_min_time',
    'proxy_budget_rescheduler_max_time',
    'disable_reset_budget',
    'user_api_key_cache_ttl',
  ]),
  meaningless('every call that reached an upstream leaves one record without prompts, and records are not deleted', [
    'disable_spend_logs',
    'disable_spend_updates',
    'disable_error_logs',
    'store_prompts_in_spend_logs',
    'maximum_spend_logs_retention_period',
    'maximum_spend_logs_retention_interval',
    'disable_adding_master_key_hash_to_db',
  ]),
  meaningless('no alerts or reports are sent', [
    'alerting',
    'alerting_threshold',
    'alerting_args',
    'alert_types',
    'alert_to_webhook_url',
    'spend_report_frequency',
  ]),
  meaningless('health is learned from the calls themselves', [
    'background_health_checks',
    'health_check_interval',
    'health_check_details',
    'health_check_concurrency',
  ]),
  meaningless('secrets are secrets of the Worker', [
    'key_management_system',
    'key_management_settings',
    'use_azure_key_vault',
    'use_google_kms',
  ]),
  meaningless('keys travel in Authorization, x-litellm-api-key or x-api-key, and a call without one is refused', [
    'litellm_key_header_name',
    'use_client_credentials_pass_through_routes',
    'allow_user_auth',
  ]),
  meaningless('the limit that it qualifies is an error of its own', [
    'token_rate_limit_type',
    'disable_retry_on_max_parallel_request_limit_error',
    'use_x_forwarded_for',
  ]),
  meaningless("a call names its model, and only Bedrock's own headers go up", [
    'completion_model',
    'embedding_model',
    'image_generation_model',
    'moderation_model',
    'infer_model_from_keys',
    'forward_client_headers_to_llm_api',
    'forward_openai_org_id',
    'allow_client_side_credentials',
    'pass_through_endpoints',
    'pass_through_request_timeout',
    'user_header_name',
    'user_header_mappings',
  ]),
  meaningless('it belongs to other parts of the LiteLLM proxy', [
    'ui_access_mode',
    'custom_sso',
    'custom_ui_sso_sign_in_handler',
    'litellm_license',
    'disable_master_key_return',
    'disable_responses_id_security',
    'user_mcp_management_mode',
  ]),
  restricts('admits no more than so many calls at once', [
    'max_in_flight_requests_per_worker',
    'max_queued_requests_per_worker',
    'admission_queue_timeout_seconds',
  ]),
  restricts('refuses files by their kind or size', [
    'max_file_size_mb',
    'max_batch_file_size_mb',
    'allowed_file_extensions',
    'blocked_file_extensions',
  ]),
  restricts('decides what a caller may do', [
    'enforce_rbac',
    'custom_auth_run_common_checks',
    'custom_key_policy',
    'enforce_fallback_model_access',
    'fail_closed_budget_enforcement',
    'default_internal_user_params',
  ]),
  meaningless('there are no budgets that it could qualify; a budget is an error of its own', [
    'enforce_fallback_budget',
    'disable_budget_reservation',
  ]),
)
