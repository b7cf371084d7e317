/** A `config.yaml` on disk: reading it, checking it whole, and saying where in its files each fault stands. */
import { isObject } from '../../base/json.ts'
import { resolveConfig } from '../../config/resolve.ts'
import { assumeSecrets, type SecretSource, secretsFrom } from '../../config/secrets.ts'
import type { ConfigIssue, GatewayConfig } from '../../config/types.ts'
import { type FileIssue, type Place, readConfigText } from './included-files.ts'

export type { FileIssue } from './included-files.ts'

export type LoadedFile =
  | {
      ok: true
      /** The text that KV, or CONFIG_JSON, holds: the files as JSON, references unresolved. */
      json: string
      raw: unknown
      config: GatewayConfig
      warnings: readonly FileIssue[]
      /** Names of the secrets that the configuration reads. */
      secrets: readonly string[]
      /** Where a setting stands. */
      placeOf: (path: string) => Place
    }
  | { ok: false; issues: readonly FileIssue[] }

export type LoadOptions = {
  /** Entries that cannot be served are left out; what is stored says so, so that the Worker does the same. */
  skipFaulty?: boolean
}

/** Checks a file for a gateway on this machine: references and shared credentials are read from `environment`. */
export function loadConfigFile(
  path: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  options: LoadOptions = {},
): Promise<LoadedFile> {
  return readConfigFile(path, secretsFrom(environment), options)
}

/** Checks a file for a gateway elsewhere: every secret it names is taken as present. */
export function checkConfigFile(path: string, options: LoadOptions = {}): Promise<LoadedFile> {
  return readConfigFile(path, assumeSecrets(), options)
}

async function readConfigFile(path: string, source: SecretSource, options: LoadOptions): Promise<LoadedFile> {
  const text = await readConfigText(path)
  if (!text.ok) return text
  const { placeOf } = text
  const raw = options.skipFaulty === true ? withSkipFaulty(text.value) : text.value
  const located = (issues: readonly ConfigIssue[]): FileIssue[] =>
    [...issues.map((issue) => ({ ...issue, ...placeOf(issue.path) })), ...text.warnings].toSorted(inFileOrder)
  const result = await resolveConfig(raw, source)
  if (!result.ok) return { ok: false, issues: located(result.issues) }
  return {
    ok: true,
    json: JSON.stringify(raw),
    raw,
    config: result.config,
    warnings: located(result.warnings),
    secrets: source.names(),
    placeOf,
  }
}

/** The file that was named comes first, then the included ones by name. */
function inFileOrder(one: FileIssue, other: FileIssue): number {
  const [file, otherFile] = [one.file ?? '', other.file ?? '']
  if (file !== otherFile) return file < otherFile ? -1 : 1
  return (one.line ?? 0) - (other.line ?? 0)
}

function withSkipFaulty(value: unknown): unknown {
  if (!isObject(value)) return value
  const general = value.general_settings ?? {}
  return isObject(general) ? { ...value, general_settings: { ...general, skip_faulty: true } } : value
}

/** Whether a file has a master key of its own, or names the secret that is one. */
export async function hasMasterKey(path: string): Promise<boolean> {
  const text = await readConfigText(path)
  if (!text.ok || !isObject(text.value) || !isObject(text.value.general_settings)) return false
  const { master_key: key } = text.value.general_settings
  return key !== undefined && key !== null && key !== ''
}

/** `error config.yaml:12 model_list[2].litellm_params.model: missing: …` */
export function formatIssue(file: string, issue: FileIssue): string {
  const place = [issue.file ?? file, issue.line, issue.column].filter((part) => part !== undefined).join(':')
  return `${issue.severity} ${place}${issue.path === '' ? '' : ` ${issue.path}`}: ${issue.message}`
}
