/** One entry of the table of settings: what becomes of a setting of LiteLLM's `config.yaml` that is known by name. */
import * as v from 'valibot'
import type { Issues } from '../issues.ts'

/** Whether people may see the value (`npm run config -- pull`); what may be a secret stays hidden. */
export type Visibility = 'shown' | 'hidden'

/** The gateway reads it, by this schema. */
export type UsedSetting<Schema extends v.GenericSchema = v.GenericSchema> = {
  effect: 'used'
  schema: Schema
  visibility: Visibility
  /** Valid text that a reference is taken for where its secret is not at hand, so that everything else can be checked. */
  standIn?: string
}

/**
 * - `meaningless`: has no counterpart here; one warning.
 * - `restricts`: LiteLLM refuses or limits calls by it and this gateway does not; an error, for there is no silent bypass.
 * - `unsupported`: decides where a call goes or with whose credentials, in a way that does not exist here; an error.
 *
 * `because` completes "…: <because>" and says how to mend.
 */
export type UnusedSetting = {
  effect: 'meaningless' | 'restricts' | 'unsupported'
  because: string
  visibility: Visibility
}

/** Harmless or a restriction, which hangs on its value. */
export type JudgedSetting = { effect: 'judged'; judge: Judge; visibility: Visibility }

export type Judge = (value: unknown, path: string, issues: Issues, siblings: Siblings) => void

/** What else in the file a judgement hangs on. */
export type Siblings = { deploymentsHaveTags: boolean }

export type Setting = UsedSetting | UnusedSetting | JudgedSetting

export type UsedSettings = Readonly<Record<string, UsedSetting>>

/** The settings of one section of the file; those that are used are typed by their names. */
export type SettingTable<Used extends UsedSettings = UsedSettings> = {
  used: Used
  /** Every setting by its name, the used ones too. */
  all: ReadonlyMap<string, Setting>
}

type Named = readonly [name: string, setting: UnusedSetting | JudgedSetting]

/** Throws where a name stands twice: of two entries one would be without effect. */
export function settingTable<const Used extends UsedSettings>(
  used: Used,
  ...others: readonly (readonly Named[])[]
): SettingTable<Used> {
  const entries: (readonly [string, Setting])[] = [...Object.entries(used), ...others.flat()]
  const all = new Map(entries)
  const twice = entries.find(([name, setting]) => all.get(name) !== setting)
  if (twice !== undefined) throw new Error(`${twice[0]} stands twice in the table of one section`)
  return { used, all }
}

export function used<const Schema extends v.GenericSchema>(
  schema: Schema,
  visibility: Visibility,
  standIn?: string,
): UsedSetting<Schema> {
  return { effect: 'used', schema, visibility, ...(standIn === undefined ? {} : { standIn }) }
}

export function judged(name: string, judge: Judge, visibility: Visibility = 'hidden'): readonly Named[] {
  return [[name, { effect: 'judged', judge, visibility }]]
}

/** Settings that share an effect and its reason: those whose values stay hidden, and those that may be shown. */
type Group = (because: string, hidden: readonly string[], shown?: readonly string[]) => readonly Named[]

const group =
  (effect: UnusedSetting['effect']): Group =>
  (because, hidden, shown = []) => [
    ...hidden.map((name): Named => [name, { effect, because, visibility: 'hidden' }]),
    ...shown.map((name): Named => [name, { effect, because, visibility: 'shown' }]),
  ]

export const meaningless = group('meaningless')
export const restricts = group('restricts')
export const unsupported = group('unsupported')

/** Text, number, switch: one of them is valid for most settings. */
const STAND_INS = ['assumed', '1', 'false'] as const

/** What a reference in this setting is taken for. */
export function standInOf(setting: Setting | undefined): string {
  const [text] = STAND_INS
  if (setting?.effect !== 'used') return text
  return setting.standIn ?? STAND_INS.find((standIn) => v.is(setting.schema, standIn)) ?? text
}
