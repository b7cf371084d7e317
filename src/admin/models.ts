/** `GET /v1/models` and `GET /model/info`, in LiteLLM's shapes. Neither shows a credential or anything derived from one. */
import type { Deployment, GatewayConfig } from '../config/types.ts'

/** OpenAI's list has a creation time that a gateway does not know; LiteLLM answers this constant, and its users may have it in fixtures. */
const CREATED_UNIX_SECONDS = 1677610602

export function listModels(names: readonly string[]): Response {
  const data = names.map((id) => ({ id, object: 'model', created: CREATED_UNIX_SECONDS, owned_by: 'bedrock' }))
  return Response.json({ object: 'list', data })
}

export function modelInfo(config: GatewayConfig): Response {
  return Response.json({ data: config.deployments.map(describeDeployment) })
}

function describeDeployment(deployment: Deployment): Record<string, unknown> {
  const { group, model, region, runtimeEndpoint, weight, rpm, tpm, order, prices } = deployment
  return {
    model_name: group,
    litellm_params: {
      model: `bedrock/${model}`,
      custom_llm_provider: 'bedrock',
      aws_region_name: region,
      aws_bedrock_runtime_endpoint: runtimeEndpoint,
      weight,
      rpm,
      tpm,
      order,
      ...prices,
    },
    model_info: {
      id: deployment.id,
      base_model: deployment.baseModel ?? null,
      max_input_tokens: deployment.maxInputTokens ?? null,
      db_model: false,
    },
  }
}
