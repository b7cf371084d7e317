/** Where the configuration of a run comes from: a person's file, or the sample in front of a simulated Bedrock. */
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { resolveConfig } from '../../config/resolve.ts'
import { secretsFrom } from '../../config/secrets.ts'
import type { GatewayConfig } from '../../config/types.ts'
import { formatIssue, hasMasterKey, loadConfigFile } from '../config/config-file.ts'
import { parseYaml } from '../config/yaml.ts'

const SAMPLE = join(import.meta.dirname, 'sample-config.yaml')

/** Regions of the simulated Bedrock that the sample names. */
export const SAMPLE_REGIONS = ['us-east-1', 'eu-west-1'] as const

export type ConfigSource = {
  config: GatewayConfig
  /** What KV holds: the file as JSON, references unresolved. */
  json: string
  environment: Readonly<Record<string, string | undefined>>
  /** One line each. */
  warnings: readonly string[]
}

export type FileResult = { ok: true; source: ConfigSource } | { ok: false; faults: readonly string[] }

/** Random bytes of a master key that is made for one run. */
const MASTER_KEY_BYTES = 24

/** LiteLLM's variable for what `general_settings` does not say. */
const MASTER_KEY_VARIABLE = 'LITELLM_MASTER_KEY'

/**
 * Without a master key in the file or the environment there is one for this run, which the ready line shows.
 *
 * @param file as the person wrote it, which is how messages name it
 */
export async function configOfFile(file: string, skipFaulty: boolean): Promise<FileResult> {
  const path = resolve(file)
  const environment = { ...process.env }
  if (!environment[MASTER_KEY_VARIABLE] && !(await hasMasterKey(path))) {
    environment[MASTER_KEY_VARIABLE] = `sk-${randomBytes(MASTER_KEY_BYTES).toString('base64url')}`
  }
  const loaded = await loadConfigFile(path, environment, { skipFaulty })
  if (!loaded.ok) return { ok: false, faults: loaded.issues.map((issue) => formatIssue(file, issue)) }
  const { config, json, warnings } = loaded
  const lines = warnings.map((issue) => formatIssue(file, issue))
  return { ok: true, source: { config, json, environment, warnings: lines } }
}

/** @param endpoints base URL of the simulated Bedrock by region */
export async function configOfSample(endpoints: ReadonlyMap<string, string>): Promise<ConfigSource> {
  const environment = Object.fromEntries(
    Array.from(endpoints, ([region, url]) => [`SIMULATED_BEDROCK_${region.toUpperCase().replaceAll('-', '_')}`, url]),
  )
  const yaml = parseYaml(await readFile(SAMPLE, 'utf8'))
  if (!yaml.ok) throw new Error(`${SAMPLE} is not YAML: ${yaml.issues.map((issue) => issue.message).join('; ')}`)
  const result = await resolveConfig(yaml.value, secretsFrom(environment))
  if (!result.ok) throw new Error(`${SAMPLE} is faulty: ${JSON.stringify(result.issues)}`)
  return { config: result.config, json: JSON.stringify(yaml.value), environment, warnings: [] }
}
