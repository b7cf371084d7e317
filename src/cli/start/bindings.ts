/** Which variables of the environment the Worker gets as its secrets: those its configuration can ask for, and no others. */

/** What a configuration without a master key, and a deployment without credentials or region of its own, read. */
const SHARED_NAMES = [
  'LITELLM_MASTER_KEY',
  'AWS_BEARER_TOKEN_BEDROCK',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_REGION_NAME',
  'AWS_REGION',
]

const REFERENCE = /"os\.environ\/([A-Za-z_][A-Za-z0-9_]*)"/g

/** @param configJson the configuration as KV holds it, references unresolved */
export function secretBindings(
  configJson: string,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const names = new Set([...SHARED_NAMES, ...Array.from(configJson.matchAll(REFERENCE), ([, name = '']) => name)])
  const bindings: Record<string, string> = {}
  for (const name of names) {
    const value = environment[name]
    if (value !== undefined) bindings[name] = value
  }
  return bindings
}
