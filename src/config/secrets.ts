/** `os.environ/NAME`: where the values of secrets come from, and putting them in place of their references. */
import { type Issues, isObject } from './issues.ts'
import { joinPath } from './setting-path.ts'

export type SecretSource = {
  /** Value of a secret or variable for `setting`; undefined when it is not set. `alternative` names what would do as well. */
  read: (name: string, setting: string, alternative?: string) => string | undefined
  /** Value of a secret that nobody misses when it is not set. */
  readOptional: (name: string) => string | undefined
  /** Names that were read and found, in order; with `assumeSecrets` what the Worker will need. */
  names: () => readonly string[]
  /** The text with every value that was read replaced by its reference, so that no message shows a secret. */
  hide: (text: string) => string
}

/** Shorter values stand in too many words for a replacement to hide anything. */
const HIDDEN_LENGTH_MIN = 4

/** Bindings of the Worker, or `process.env`. An empty value counts as not set. */
export function secretsFrom(env: Readonly<Record<string, unknown>>): SecretSource {
  const found = new Map<string, string>()
  const read = (name: string) => {
    const value = env[name]
    if (typeof value !== 'string' || value === '') return undefined
    found.set(name, value)
    return value
  }
  return {
    read,
    readOptional: read,
    names: () => [...found.keys()],
    hide(text) {
      let hidden = text
      for (const [name, value] of found) {
        if (value.length >= HIDDEN_LENGTH_MIN) hidden = hidden.replaceAll(value, `${REFERENCE_PREFIX}${name}`)
      }
      return hidden
    },
  }
}

/** Stands for a region that is not known before the Worker runs; no check compares it with another. */
export const UNKNOWN_REGION = 'unknown-region-0'

/** What a reference is taken for, by the setting it stands in, so that everything else can be checked without it. */
const STAND_INS: Readonly<Record<string, string>> = {
  master_key: 'sk-assumed',
  model: 'bedrock/assumed',
  model_id: 'assumed',
  custom_llm_provider: 'bedrock',
  aws_region_name: UNKNOWN_REGION,
  aws_role_name: 'arn:aws:iam::000000000000:role/assumed',
  aws_sts_endpoint: 'https://assumed.invalid',
  aws_bedrock_runtime_endpoint: 'https://assumed.invalid',
  api_base: 'https://assumed.invalid',
  routing_strategy: 'simple-shuffle',
  cancel_on_disconnect: 'false',
  enable_pre_call_checks: 'false',
  try_cooling_targets: 'false',
}

/** Numbers are the commonest settings after secrets, and 1 is valid for each of them. */
const NUMERIC_SETTING =
  /^(?:weight|rpm|tpm|order|timeout|stream_timeout|cooldown_time|max_.*|num_.*|.*_cost.*|retry_after|allowed_fails|request_timeout)$/

/** Takes every secret as present: for checking a configuration away from the Worker that holds its secrets. */
export function assumeSecrets(): SecretSource {
  const needed = new Set<string>()
  return {
    read(name, setting, alternative) {
      needed.add(alternative === undefined ? name : `${name} (or ${alternative})`)
      return STAND_INS[setting] ?? (NUMERIC_SETTING.test(setting) ? '1' : 'assumed')
    },
    readOptional: () => undefined,
    names: () => [...needed],
    hide: (text) => text,
  }
}

const REFERENCE_PREFIX = 'os.environ/'
const ENVIRONMENT_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

export function isReference(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(REFERENCE_PREFIX)
}

/** In place of a value whose reference could not be resolved; the fault is reported already. */
export const UNRESOLVED: unique symbol = Symbol('unresolved')

/** The value with every reference in it resolved, however deep. */
export function resolveReferences(
  value: unknown,
  path: string,
  setting: string,
  source: SecretSource,
  issues: Issues,
): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => resolveReferences(item, joinPath(path, index), setting, source, issues))
  }
  if (isObject(value)) {
    const entries = Object.entries(value).map(([name, entry]): [string, unknown] => [
      name,
      resolveReferences(entry, joinPath(path, name), name, source, issues),
    ])
    return Object.fromEntries(entries)
  }
  if (isReference(value)) return resolveReference(value, path, setting, source, issues)
  if (typeof value === 'string' && value.includes(REFERENCE_PREFIX)) {
    issues.warn(path, `${REFERENCE_PREFIX}NAME is read only where it is the whole value; here it stays as it is`)
  }
  return value
}

function resolveReference(
  reference: string,
  path: string,
  setting: string,
  source: SecretSource,
  issues: Issues,
): string | typeof UNRESOLVED {
  const name = reference.slice(REFERENCE_PREFIX.length)
  if (!ENVIRONMENT_NAME.test(name)) {
    issues.error(path, `write ${REFERENCE_PREFIX}NAME with the name of a secret: letters, digits and _`)
    return UNRESOLVED
  }
  const value = source.read(name, setting)
  if (value !== undefined) return value
  issues.error(
    path,
    `the secret ${name} is not set: set it with "wrangler secret put ${name}", or export it for a local run`,
  )
  return UNRESOLVED
}
