/** LiteLLM's list of fallbacks from one model group to others, as a graph whose edges know where they stand in the file. */
import type { Issues } from '../../issues.ts'
import { joinPath } from '../../setting-path.ts'

/** One fallback, with the path of the setting that names it. */
export type Edge = { to: string; path: string }

export type EdgesByGroup = ReadonlyMap<string, readonly Edge[]>

export type FallbackGraph = {
  fallbacks: EdgesByGroup
  contextWindowFallbacks: EdgesByGroup
  defaultFallbacks: readonly Edge[]
}

/** LiteLLM's key for a fallback of every group. */
const ANY_GROUP = '*'

/** `[{"a": ["b", "c"]}, …]`. Of two lists for one group LiteLLM takes the first. */
export function readFallbackList(
  maps: readonly Readonly<Record<string, readonly string[]>>[],
  path: string,
  issues: Issues,
): { byGroup: EdgesByGroup; forAll: readonly Edge[] } {
  const byGroup = new Map<string, readonly Edge[]>()
  maps.forEach((map, index) => {
    for (const [group, targets] of Object.entries(map)) {
      const groupPath = joinPath(joinPath(path, index), group)
      if (byGroup.has(group)) issues.warn(groupPath, 'this group has fallbacks already; the first list counts')
      else
        byGroup.set(
          group,
          targets.map((to, position) => ({ to, path: joinPath(groupPath, position) })),
        )
    }
  })
  const forAll = byGroup.get(ANY_GROUP) ?? []
  byGroup.delete(ANY_GROUP)
  return { byGroup, forAll }
}
