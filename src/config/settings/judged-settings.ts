/** Settings that are harmless or a restriction depending on their value. */
import { isObject } from '../../base/json.ts'
import { joinPath } from '../setting-path.ts'
import type { Judge } from './setting.ts'

const NOT_ENFORCED =
  'is not enforced here, so calls would pass that LiteLLM refuses: remove it, or enforce it elsewhere'

/** Pre-call checks of LiteLLM's router that refuse calls. */
const RESTRICTING_CHECKS: ReadonlySet<string> = new Set(['enforce_model_rate_limits', 'router_budget_limiting'])

/** Pre-call checks that only choose among deployments. */
const ROUTING_CHECKS: ReadonlySet<string> = new Set([
  'prompt_caching',
  'deployment_affinity',
  'session_affinity',
  'responses_api_deployment_check',
  'encrypted_content_affinity',
  'forward_client_headers_by_model_group',
])

/** Callbacks of LiteLLM that refuse or change calls (https://docs.litellm.ai/docs/proxy/guardrails/quick_start, call hooks). */
const RESTRICTING_CALLBACKS: ReadonlySet<string> = new Set([
  'aporia',
  'azure_content_safety',
  'banned_keywords',
  'batch_redis_requests',
  'bedrock',
  'blocked_user_check',
  'detect_prompt_injection',
  'dynamic_rate_limiter',
  'dynamic_rate_limiter_v3',
  'google_text_moderation',
  'guardrails_ai',
  'hide_secrets',
  'lakera',
  'lakera_prompt_injection',
  'llamaguard_moderations',
  'llmguard_moderations',
  'max_budget_limiter',
  'max_parallel_request_limiter',
  'openai_moderations',
  'presidio',
])

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

export const judgePreCallChecks: Judge = (value, path, issues) => {
  list(value).forEach((check, index) => {
    const name = String(check)
    const checkPath = Array.isArray(value) ? joinPath(path, index) : path
    if (RESTRICTING_CHECKS.has(name)) issues.error(checkPath, `${name} ${NOT_ENFORCED}`)
    else if (ROUTING_CHECKS.has(name)) {
      issues.warn(
        checkPath,
        `${name} has no effect here; routing_strategy: cache-affinity keeps shared prompts together`,
      )
    } else issues.warn(checkPath, 'not a pre-call check that is known here; it has no effect')
  })
}

export const judgeTagFiltering: Judge = (value, path, issues, siblings) => {
  if (value !== true && value !== 'true') return
  if (siblings.deploymentsHaveTags) issues.error(path, `routing by the tags of deployments ${NOT_ENFORCED}`)
  else issues.warn(path, 'no deployment has tags, and calls are not routed by tags; it has no effect here')
}

export const judgeCallbacks: Judge = (value, path, issues) => {
  list(value).forEach((callback, index) => {
    const name = isObject(callback) ? Object.keys(callback).join(', ') : String(callback)
    const callbackPath = Array.isArray(value) ? joinPath(path, index) : path
    if (RESTRICTING_CALLBACKS.has(name)) issues.error(callbackPath, `the callback ${name} ${NOT_ENFORCED}`)
    else if (name.includes('.')) {
      issues.warn(
        callbackPath,
        'custom callbacks are not run; if this one refuses or changes calls, nothing does so here',
      )
    } else issues.warn(callbackPath, 'no callbacks are run; it has no effect here')
  })
}

/** An entry with `guardrail_name` is LiteLLM's own kind; any other only names a guardrail of the account. */
export const judgeGuardrails: Judge = (value, path, issues) => {
  list(value).forEach((guardrail, index) => {
    const guardrailPath = Array.isArray(value) ? joinPath(path, index) : path
    const isNamedResource = isObject(guardrail) && guardrail.guardrail_name === undefined && guardrail.id !== undefined
    if (isNamedResource)
      issues.warn(guardrailPath, 'only the operations of bedrock-runtime models are served; no effect yet')
    else issues.error(guardrailPath, `this guardrail ${NOT_ENFORCED}`)
  })
}

/** LiteLLM's name for its own default, and the routes that answer without a key here as well. */
const HEALTH_ROUTE = /^(?:LiteLLMRoutes\.public_routes|\/?(?:health(?:\/[\w-]+)*\/?)?)$/

/** A route that needs no key in LiteLLM needs one here; for routes of health that is what people expect. */
export const judgePublicRoutes: Judge = (value, path, issues) => {
  list(value).forEach((route, index) => {
    const routePath = Array.isArray(value) ? joinPath(path, index) : path
    if (HEALTH_ROUTE.test(String(route))) {
      issues.warn(
        routePath,
        'has no effect here: /health/liveliness and /health/readiness are public, and nothing else is',
      )
    } else issues.error(routePath, `which routes are public ${NOT_ENFORCED}`)
  })
}

export const judgeMissingSession: Judge = (value, path, issues) => {
  if (value === 'reject') issues.error(path, `refusing calls without a session ${NOT_ENFORCED}`)
  else issues.warn(path, 'has no effect here: a session is what the client says it is')
}

/** Settings of a team that only say where its calls are logged (https://docs.litellm.ai/docs/proxy/team_based_routing, logging). */
const TEAM_LOGGING =
  /^(?:team_id|team_alias|success_callback|failure_callback|callbacks|callback_vars|turn_off_message_logging)$|^(?:langfuse|langsmith|gcs|s3|arize|phoenix|datadog|dd|otel|opik|lunary|helicone|braintrust|logfire|posthog|weave|wandb)_/

export const judgeTeamSettings: Judge = (value, path, issues) => {
  list(value).forEach((team, index) => {
    const teamPath = Array.isArray(value) ? joinPath(path, index) : path
    const names = isObject(team) ? Object.keys(team) : ['']
    const restricting = names.find((name) => !TEAM_LOGGING.test(name))
    if (restricting === undefined) issues.warn(teamPath, 'has no effect here: no callbacks are run')
    else
      issues.error(
        restricting === '' ? teamPath : joinPath(teamPath, restricting),
        `this setting of a team ${NOT_ENFORCED}`,
      )
  })
}
