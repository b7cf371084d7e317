/** `model_list`: its entries for Bedrock one by one, without those that are left out. */
import { isObject } from '../../base/json.ts'
import { joinPath } from '../setting-path.ts'
import type { Siblings } from '../settings/setting.ts'
import { type Draft, readDeployment } from './deployment.ts'
import { entryName, type Leavings, otherProvider, partEntries } from './left-out.ts'
import type { Reading } from './reading-context.ts'

const LIST_PATH = 'model_list'

export type ModelList = {
  drafts: readonly Draft[]
  siblings: Siblings
  /** `model_name` of the entries that are left out: settings that speak of such a group are left out too. */
  leftOutNames: ReadonlySet<string>
}

/** @param skipped indices of entries that are not to be read */
export function readModelList(
  value: unknown,
  skipped: ReadonlyMap<number, unknown>,
  leavings: Leavings,
  reading: Omit<Reading, 'siblings'>,
): ModelList {
  const { issues, source, credentials } = reading
  if (!Array.isArray(value) || value.length === 0) {
    issues.error(LIST_PATH, 'missing or empty: write at least one entry with model_name and litellm_params')
    return { drafts: [], siblings: { deploymentsHaveTags: false }, leftOutNames: new Set() }
  }
  const { kept, names } = partEntries(value, leavings, (entry) => otherProvider(entry, credentials, source))
  const entries = kept.filter(({ index }) => !skipped.has(index))
  const leftOutNames = new Set(names)
  for (const index of skipped.keys()) leftOutNames.add(entryName(value[index]))
  if (entries.length === 0) {
    issues.error(LIST_PATH, 'no entry is left that Amazon Bedrock serves: write at least one with model: bedrock/…')
  }
  const siblings = { deploymentsHaveTags: haveTags(entries.map(({ entry }) => entry)) }
  const drafts = entries.map(({ entry, index }) =>
    readDeployment(entry, joinPath(LIST_PATH, index), { ...reading, siblings }),
  )
  return { drafts, siblings, leftOutNames }
}

function haveTags(entries: readonly unknown[]): boolean {
  return entries.some((entry) => {
    const params = isObject(entry) && isObject(entry.litellm_params) ? entry.litellm_params : {}
    return [params.tags, params.tag_regex].some((tags) => tags !== undefined && tags !== null)
  })
}
