/** The record of one call that reached an upstream. Its fields stand in one table, `fields.ts`; the type follows from it. */
import { neutralOf } from './check-fields.ts'
import { FIELDS } from './fields.ts'
import type { ValueOf } from './kinds.ts'

export type { AttemptLogEntry, Usage } from './consumed.ts'
export type { CostState, Verdict } from './words.ts'

export type SpendRecord = { -readonly [Name in keyof typeof FIELDS]: ValueOf<(typeof FIELDS)[Name]> }

/** A record of which nothing is known yet, for whoever fills in what it knows: a field it has not heard of stays neutral. */
export function blankRecord(): SpendRecord {
  return Object.fromEntries(Object.entries(FIELDS).map(([name, field]) => [name, neutralOf(field)])) as SpendRecord
}
