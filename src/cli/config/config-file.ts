/** A `config.yaml` on disk: reading it, checking it whole, and saying where in the file each fault stands. */
import { readFile } from 'node:fs/promises'
import { resolveConfig } from '../../config/resolve.ts'
import { assumeSecrets, type SecretSource, secretsFrom } from '../../config/secrets.ts'
import type { ConfigIssue, GatewayConfig } from '../../config/types.ts'
import { parseYaml } from './yaml.ts'

/** `line` and `column` count from 1 and are absent where the file itself is missing. */
export type FileIssue = ConfigIssue & { line?: number; column?: number }

export type LoadedFile =
  | {
      ok: true
      /** The text that KV, or CONFIG_JSON, holds: the file as JSON, references unresolved. */
      json: string
      raw: unknown
      config: GatewayConfig
      warnings: readonly FileIssue[]
      /** Names of the secrets that the configuration reads. */
      secrets: readonly string[]
      /** Line of a setting in the file. */
      lineOf: (path: string) => number
    }
  | { ok: false; issues: readonly FileIssue[] }

/** Checks a file for a gateway on this machine: references and shared credentials are read from the environment. */
export function loadConfigFile(path: string): Promise<LoadedFile> {
  return readConfigFile(path, secretsFrom(process.env))
}

/** Checks a file for a gateway elsewhere: every secret it names is taken as present. */
export function checkConfigFile(path: string): Promise<LoadedFile> {
  return readConfigFile(path, assumeSecrets())
}

async function readConfigFile(path: string, source: SecretSource): Promise<LoadedFile> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    return { ok: false, issues: [{ severity: 'error', path: '', message: unreadable(error) }] }
  }
  const yaml = parseYaml(text)
  if (!yaml.ok) return { ok: false, issues: yaml.issues }
  const locate = (issues: readonly ConfigIssue[]) =>
    issues.map((issue) => ({ ...issue, line: yaml.lineOf(issue.path) })).toSorted((a, b) => a.line - b.line)
  const result = await resolveConfig(yaml.value, source)
  if (!result.ok) return { ok: false, issues: locate(result.issues) }
  return {
    ok: true,
    json: JSON.stringify(yaml.value),
    raw: yaml.value,
    config: result.config,
    warnings: locate(result.warnings),
    secrets: source.names(),
    lineOf: yaml.lineOf,
  }
}

function unreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file: check the path, or copy the example of the README'
  if (code === 'EISDIR') return 'this is a folder: name the configuration file in it'
  if (code === 'EACCES' || code === 'EPERM') return 'the file may not be read: check its permissions'
  return `the file could not be read (${String(code ?? error)})`
}

/** `error config.yaml:12 model_list[2].litellm_params.model: names no provider: …` */
export function formatIssue(file: string, issue: FileIssue): string {
  const place = [file, issue.line, issue.column].filter((part) => part !== undefined).join(':')
  return `${issue.severity} ${place}${issue.path === '' ? '' : ` ${issue.path}`}: ${issue.message}`
}
