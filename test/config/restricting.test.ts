import { describe, test } from 'vitest'
import { deployment, errorsOf, sample, valid, warningsOf } from './samples.ts'

describe('a setting that restricts is never let through', () => {
  test.for([
    { litellm_settings: { default_max_internal_user_budget: 5 } },
    { litellm_settings: { max_ui_session_budget: 5 } },
    { litellm_settings: { priority_reservation: { prod: 0.9 } } },
    { litellm_settings: { some_new_budget: 5 } },
    { general_settings: { master_key: 'sk-test-key', enforce_user_param: true } },
    { general_settings: { master_key: 'sk-test-key', max_parallel_requests: 5 } },
    { general_settings: { master_key: 'sk-test-key', max_in_flight_requests_per_worker: 5 } },
    { general_settings: { master_key: 'sk-test-key', missing_session_id: 'reject' } },
    { general_settings: { master_key: 'sk-test-key', public_routes: ['/health', '/spend/logs'] } },
    { general_settings: { master_key: 'sk-test-key', blocked_callers: ['a'] } },
    { router_settings: { provider_budget_config: { bedrock: { budget_limit: 5 } } } },
    { router_settings: { team_rate_limit: 5 } },
    { litellm_settings: { api_key_limits: { 'sk-user1': 100 } } },
    { litellm_settings: { max_requests_per_minute: 1000 } },
    { litellm_settings: { max_cost: 5 } },
    { litellm_settings: { spend_cap: 5 } },
    { litellm_settings: { user_rpm: 5 } },
    { litellm_settings: { allowed_regions: ['eu'] } },
    { litellm_settings: { deny_list: ['a'] } },
    { router_settings: { concurrency: 5 } },
    { rate_limit: { rpm: 60 } },
    { team_limits: { a: 5 } },
    { general_settings: { master_key: 'sk-test-key', require_team: true } },
    { model_list: [deployment('a', { max_parallel_requests: 5 })] },
    { model_list: [deployment('a', { tpm_limit: 5 })] },
    { model_list: [deployment('a', {}, { team_id: 'team' })] },
    { guardrails: [{ guardrail_name: 'pii', litellm_params: { guardrail: 'bedrock', mode: 'pre_call' } }] },
    { litellm_settings: { default_team_settings: [{ team_id: 'a', max_budget: 5 }] } },
  ])('%j is an error', async (sections, { expect }) => {
    expect(await errorsOf(sample(sections))).toHaveLength(1)
  })

  test.for([
    { general_settings: { master_key: 'sk-test-key', public_routes: ['/health/liveliness', '/health/readiness'] } },
    { general_settings: { master_key: 'sk-test-key', missing_session_id: 'generate' } },
    {
      litellm_settings: {
        default_team_settings: [{ team_id: 'a', success_callback: ['langfuse'], langfuse_public_key: 'os.environ/LF' }],
      },
    },
    {
      vector_store_registry: [
        { vector_store_name: 'kb', litellm_params: { vector_store_id: 'KB', custom_llm_provider: 'bedrock' } },
      ],
    },
    { 'x-rate_limit-defaults': { rpm: 5 } },
    { health_check: { enable_health_check: true } },
    { general_settings: { master_key: 'sk-test-key', ui: true, delimiter: ',', unlimited: true } },
    { litellm_settings: { master_key: 'os.environ/LITELLM_MASTER_KEY', required_version: 1 } },
    { fallbacks: [{ model_name: 'a', fallback_models: ['b'] }] },
    { model_list: [deployment('a', {}, { my_token_limit: 5 })] },
  ])('%j restricts nothing here, and is a warning', async (sections, { expect }) => {
    await valid(sample(sections))
    expect((await warningsOf(sample(sections))).length).toBeGreaterThan(0)
  })
})
