import { readConfig } from '../../src/config/resolve.ts'
import type { ConfigIssue, GatewayConfig } from '../../src/config/types.ts'

export type Json = Record<string, unknown>

/** Parameters that make a valid deployment by themselves. */
export const KEYS = { aws_access_key_id: 'AKIDEXAMPLE', aws_secret_access_key: 'secretexample' }

export function deployment(name: string, params: Json = {}, info?: Json): Json {
  const litellmParams = { model: 'bedrock/amazon.nova-lite-v1:0', aws_region_name: 'eu-central-1', ...KEYS, ...params }
  return { model_name: name, litellm_params: litellmParams, ...(info === undefined ? {} : { model_info: info }) }
}

/** The smallest valid configuration, with sections added or replaced. */
export function sample(sections: Json = {}): Json {
  return { model_list: [deployment('nova')], general_settings: { master_key: 'sk-test-key' }, ...sections }
}

/** A configuration of one deployment with these parameters. */
export function withParams(params: Json, info?: Json): Json {
  return sample({ model_list: [deployment('nova', params, info)] })
}

/** A configuration of the groups `a` and `b`, or of these models, with these router settings. */
export function router(settings: Json, ...models: Json[]): Json {
  const model_list = models.length === 0 ? [deployment('a'), deployment('b')] : models
  return sample({ model_list, router_settings: settings })
}

/** One fault, the path it must be reported at and what the message must say. */
export type Fault = { what: string; raw: unknown; path: string; says: RegExp; env?: Json }

export async function valid(raw: unknown, env: Json = {}): Promise<GatewayConfig> {
  const result = await readConfig(raw, env)
  if (!result.ok) throw new Error(`expected a valid configuration: ${JSON.stringify(result.issues)}`)
  return result.config
}

/** Errors of a configuration that must be faulty, as `path: message`. */
export async function errorsOf(raw: unknown, env: Json = {}): Promise<string[]> {
  const result = await readConfig(raw, env)
  if (result.ok) throw new Error('expected a faulty configuration')
  return asLines(result.issues, 'error')
}

/** Warnings of a configuration, valid or not. */
export async function warningsOf(raw: unknown, env: Json = {}): Promise<string[]> {
  const result = await readConfig(raw, env)
  return asLines(result.ok ? result.warnings : result.issues, 'warning')
}

function asLines(issues: readonly ConfigIssue[], severity: ConfigIssue['severity']): string[] {
  return issues.filter((issue) => issue.severity === severity).map((issue) => `${issue.path}: ${issue.message}`)
}
