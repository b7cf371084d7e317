/**
 * `include:` of LiteLLM: a list of further files whose settings are laid over those of the file that names them. Lists are
 * joined, everything else is replaced (https://docs.litellm.ai/docs/proxy/config_management).
 */
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isObject, type JsonObject } from '../../base/json.ts'
import type { ConfigIssue } from '../../config/types.ts'
import { parseYaml } from './yaml.ts'

/** `line` and `column` count from 1 and are absent where the file itself is missing; `file` only where it is an included one. */
export type FileIssue = ConfigIssue & { file?: string; line?: number; column?: number }

/** A setting's place in the files. */
export type Place = { file?: string; line: number }

export type ConfigText =
  | { ok: true; value: unknown; placeOf: (path: string) => Place; warnings: readonly FileIssue[] }
  | { ok: false; issues: readonly FileIssue[] }

/** Files of one configuration, the first included. */
const FILES_MAX = 50

/** All of them together. KV holds 25 MiB, and a configuration is far smaller (https://developers.cloudflare.com/kv/platform/limits/). */
const TOTAL_BYTES_MAX = 4 * 1024 * 1024

type Reading = { files: number; bytes: number }

/** Reads a file with all that it includes. */
export function readConfigText(path: string): Promise<ConfigText> {
  return readOne(path, [], { files: 0, bytes: 0 })
}

/** @param trail the files that led here, from the first; empty for the first file itself */
async function readOne(path: string, trail: readonly string[], reading: Reading): Promise<ConfigText> {
  const file = trail.length === 0 ? {} : { file: path }
  const refuse = (message: string): ConfigText => ({
    ok: false,
    issues: [{ severity: 'error', path: '', message, ...file }],
  })
  if (trail.includes(resolve(path))) return refuse('this file includes itself, by itself or through others')
  reading.files += 1
  if (reading.files > FILES_MAX) return refuse(`more than ${FILES_MAX} files are included`)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    return refuse(unreadable(error))
  }
  reading.bytes += Buffer.byteLength(text)
  if (reading.bytes > TOTAL_BYTES_MAX) return refuse(`the files have more than ${TOTAL_BYTES_MAX} bytes together`)
  const yaml = parseYaml(text)
  if (!yaml.ok) return { ok: false, issues: yaml.issues.map((issue) => ({ ...issue, ...file })) }
  const placeOf = (setting: string): Place => ({ ...file, line: yaml.lineOf(setting) })
  const warnings = yaml.warnings.map((issue) => ({ ...issue, ...file }))
  if (!isObject(yaml.value) || yaml.value.include === undefined || yaml.value.include === null) {
    return { ok: true, value: yaml.value, placeOf, warnings }
  }
  const { include, ...own } = yaml.value
  const names = typeof include === 'string' ? [include] : include
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string' && name !== '')) {
    const message = 'write a list of files, such as - models.yaml'
    return { ok: false, issues: [{ severity: 'error', path: 'include', message, ...placeOf('include') }] }
  }
  let merged: Merged = { value: own, placeOf, warnings }
  for (const name of names as string[]) {
    const included = await readOne(resolve(dirname(path), name), [...trail, resolve(path)], reading)
    if (!included.ok) return included
    merged = merge(merged, included)
  }
  return { ok: true, ...merged }
}

type Merged = { value: JsonObject; placeOf: (path: string) => Place; warnings: readonly FileIssue[] }

function merge(base: Merged, included: ConfigText & { ok: true }): Merged {
  if (!isObject(included.value)) return { ...base, warnings: [...base.warnings, ...included.warnings] }
  const settings = new Map(Object.entries(base.value))
  const warnings = [...base.warnings, ...included.warnings]
  /** Settings that come from the included file, with the number of list entries that stand before its own. */
  const offsets = new Map<string, number>()
  for (const [name, setting] of Object.entries(included.value)) {
    const before = settings.get(name)
    const isJoined = Array.isArray(before) && Array.isArray(setting)
    settings.set(name, isJoined ? [...before, ...setting] : setting)
    offsets.set(name, isJoined ? before.length : 0)
    if (before !== undefined && !isJoined) {
      const message = 'an included file has this setting too, and its whole value counts'
      warnings.push({ severity: 'warning', path: name, message, ...base.placeOf(name) })
    }
  }
  return { value: Object.fromEntries(settings), warnings, placeOf: (path) => placeIn(path, base, included, offsets) }
}

const FIRST_SEGMENTS = /^([A-Za-z_][\w-]*)(?:\[(\d+)\])?(.*)$/s

/** An entry of a joined list is looked up under the index that it has in its own file. */
function placeIn(
  path: string,
  base: Pick<Merged, 'placeOf'>,
  included: Pick<Merged, 'placeOf'>,
  offsets: ReadonlyMap<string, number>,
): Place {
  const [, name = '', index, rest = ''] = FIRST_SEGMENTS.exec(path) ?? []
  const offset = offsets.get(name)
  if (offset === undefined) return base.placeOf(path)
  if (index === undefined) return offset === 0 ? included.placeOf(path) : base.placeOf(path)
  const own = Number(index) - offset
  return own < 0 ? base.placeOf(path) : included.placeOf(`${name}[${own}]${rest}`)
}

function unreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file: check the path, or copy the example of the README'
  if (code === 'EISDIR') return 'this is a folder: name the configuration file in it'
  if (code === 'EACCES' || code === 'EPERM') return 'the file may not be read: check its permissions'
  return `the file could not be read (${String(code ?? error)})`
}
