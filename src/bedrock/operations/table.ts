/** All operations that are served, and the index by which a request finds its own. */
import { BEDROCK_RUNTIME } from './bedrock-runtime.ts'
import type { Operation } from './operation.ts'
import { type Labels, matchPath } from './path-template.ts'
import { tableFaults } from './table-faults.ts'

export const OPERATIONS: readonly Operation[] = [...BEDROCK_RUNTIME]

export type Operations = {
  readonly entries: readonly Operation[]
  /** The operation of a path, given as decoded segments without a slash at its end, and the values of its labels. */
  find(method: string, segments: readonly string[], endsWithSlash: boolean): Found | null
  /** The operation that asks a deployment for its health at this cost. */
  probe(cost: 'free' | 'paid'): Probing | null
}

export type Found = { operation: Operation; labels: Labels }

export type Probing = { operation: Operation; body: string }

/** @throws Error for a table that has a fault, with all of its faults: nothing may be served by guesswork. */
export function createOperations(entries: readonly Operation[]): Operations {
  const faults = tableFaults(entries)
  if (faults.length > 0) throw new Error(`The table of operations has faults: ${faults.join('; ')}`)
  const byStart = Map.groupBy([...entries].sort(mostSegmentsFirst), startOf)
  return {
    entries,
    find(method, segments, endsWithSlash) {
      for (const operation of byStart.get(`${method} ${segments[0]}`) ?? []) {
        if (operation.path.endsWithSlash !== endsWithSlash) continue
        const labels = matchPath(operation.path, segments, spanningLabel(operation))
        if (labels !== null) return { operation, labels }
      }
      return null
    },
    probe(cost) {
      for (const operation of entries) {
        if (operation.probe?.cost === cost) return { operation, body: operation.probe.body }
      }
      return null
    },
  }
}

/** The label of the resource may be an ARN whose slashes were left raw. */
function spanningLabel({ resource }: Operation): string | null {
  return resource.kind !== 'account' && resource.at.in === 'path' ? resource.at.label : null
}

/** A path begins with a fixed text, which the check of the table holds. */
function startOf({ method, path }: Operation): string {
  const [first] = path.segments
  return `${method} ${first !== undefined && 'literal' in first ? first.literal : ''}`
}

/** Where a label that spans could swallow fixed text, the path with more of it is meant; then the one with fewer labels. */
function mostSegmentsFirst({ path: a }: Operation, { path: b }: Operation): number {
  const literals = ({ segments }: Operation['path']) => segments.filter((segment) => 'literal' in segment).length
  return b.segments.length - a.segments.length || literals(b) - literals(a)
}
