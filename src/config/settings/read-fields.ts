/** Reads the used settings of a section by their schemas. */
import * as v from 'valibot'
import type { JsonObject } from '../../base/json.ts'
import { type Issues, typeName } from '../issues.ts'
import { UNRESOLVED } from '../secrets.ts'
import { formatPath, joinPath, type PathSegment } from '../setting-path.ts'
import type { SettingTable, UsedSetting, UsedSettings } from './setting.ts'

/** The used settings of a section that are present and valid. */
export type Fields<Table extends SettingTable> = {
  [Name in keyof Table['used']]?: v.InferOutput<Table['used'][Name]['schema']>
}

/**
 * What is left when every used setting of a section has been taken out of its fields. `rest satisfies AllRead` does not
 * compile while there is a used setting that nothing reads.
 */
export type AllRead = Readonly<Record<string, never>>

/** The same where the rest is handed to a reader: the type of the rest if the reader takes all of it, else nothing. */
export type AllReadBy<Reader, Rest> = Exclude<keyof Rest, keyof Reader> extends never ? Rest : never

/**
 * Reads every present setting by its schema and reports every fault. A faulty setting is left out of the result, so that
 * the checks that need the others still run.
 */
export function readFields<const Used extends UsedSettings>(
  table: SettingTable<Used>,
  settings: JsonObject,
  path: string,
  issues: Issues,
): Fields<SettingTable<Used>> {
  const fields: Fields<SettingTable<Used>> = {}
  for (const name of Object.keys(table.used) as (keyof Used & string)[]) {
    const setting = table.used[name]
    if (setting === undefined) continue
    const value = readField(setting, settings[name], joinPath(path, name), issues)
    if (value !== undefined) fields[name] = value
  }
  return fields
}

/** One setting by its schema; undefined where it is absent or faulty. */
export function readField<const Schema extends v.GenericSchema>(
  { schema }: UsedSetting<Schema>,
  value: unknown,
  path: string,
  issues: Issues,
): v.InferOutput<Schema> | undefined {
  if (value === undefined || value === UNRESOLVED) return undefined
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  reportFaults(result.issues, value, path, issues)
  return undefined
}

function reportFaults(faults: readonly v.BaseIssue<unknown>[], value: unknown, path: string, issues: Issues): void {
  for (const fault of faults) {
    const segments = (fault.path ?? []).map((item) => item.key as PathSegment)
    const input = fault.path?.at(-1)?.value ?? value
    const kind = fault.kind === 'schema' && input !== undefined ? ` (it is ${typeName(input)})` : ''
    issues.error(segments.length === 0 ? path : `${path}${suffix(segments)}`, `${fault.message}${kind}`)
  }
}

/** The path below a setting: it begins with a dot or a bracket. */
function suffix(segments: readonly PathSegment[]): string {
  const relative = formatPath(segments)
  return relative.startsWith('[') ? relative : `.${relative}`
}
