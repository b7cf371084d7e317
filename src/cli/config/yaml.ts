/**
 * A LiteLLM `config.yaml` as plain JSON, read the way PyYAML reads it, with the line of every setting. Prices keep the
 * text that stands in the file. Node only: the Worker reads JSON.
 */
import { type Alias, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, Scalar } from 'yaml'
import { looksLikePrice } from '../../config/reading/price-fields.ts'
import { joinPath, parentPath } from '../../config/setting-path.ts'
import type { ConfigIssue } from '../../config/types.ts'
import { resolvePlain } from './yaml-scalars.ts'

export type YamlIssue = ConfigIssue & { line: number; column: number }

export type YamlResult =
  | {
      ok: true
      /** Plain JSON. */
      value: unknown
      /** Line of a setting, or of the nearest setting around it when the setting itself is absent; counted from 1. */
      lineOf: (path: string) => number
      warnings: readonly YamlIssue[]
    }
  | { ok: false; issues: readonly YamlIssue[] }

/** Bounds what aliases may expand to, so that a small file cannot fill the memory. */
const NODES_MAX = 200_000

const STANDARD_TAG = 'tag:yaml.org,2002:'

type Walk = {
  lines: LineCounter
  lineByPath: Map<string, number>
  issues: YamlIssue[]
  warnings: YamlIssue[]
  resolveAlias: (alias: Alias) => Node | undefined
  /** Collections being read now: an alias to one of them would never end. */
  open: Set<Node>
  nodes: number
}

export function parseYaml(text: string): YamlResult {
  const lines = new LineCounter()
  // `failsafe` leaves every scalar as text; its type is decided in yaml-scalars.ts.
  const document = parseDocument(text, {
    schema: 'failsafe',
    version: '1.1',
    lineCounter: lines,
    prettyErrors: false,
    // PyYAML takes the last of two equal names; readMap does, and says so.
    uniqueKeys: false,
  })
  const walk: Walk = {
    lines,
    lineByPath: new Map([['', 1]]),
    issues: [],
    warnings: [],
    resolveAlias: (alias) => alias.resolve(document),
    open: new Set(),
    nodes: 0,
  }
  for (const error of document.errors) report(walk, error.pos[0], '', errorText(error.code, error.message))
  if (walk.issues.length > 0) return { ok: false, issues: walk.issues }
  const value = readNode(walk, document.contents, '', false)
  if (walk.issues.length > 0) return { ok: false, issues: walk.issues }
  return { ok: true, value, lineOf: (path) => lineOf(walk.lineByPath, path), warnings: walk.warnings }
}

function errorText(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'the file holds more than one YAML document: keep one of them'
  return `not valid YAML: ${message}`
}

function report(walk: Walk, offset: number, path: string, message: string): void {
  walk.issues.push({ severity: 'error', path, message, ...placeOf(walk, offset) })
}

function placeOf(walk: Walk, offset: number): { line: number; column: number } {
  const { line, col } = walk.lines.linePos(offset)
  return { line, column: col }
}

function lineOf(lineByPath: ReadonlyMap<string, number>, path: string): number {
  const line = lineByPath.get(path)
  if (line !== undefined || path === '') return line ?? 1
  return lineOf(lineByPath, parentPath(path))
}

function readNode(walk: Walk, node: unknown, path: string, isPrice: boolean): unknown {
  walk.nodes += 1
  if (walk.nodes > NODES_MAX) {
    if (walk.nodes === NODES_MAX + 1) report(walk, 0, path, 'aliases make this file too large to be a configuration')
    return null
  }
  if (isAlias(node)) {
    const target = walk.resolveAlias(node)
    if (target !== undefined && !walk.open.has(target)) return readNode(walk, target, path, isPrice)
    report(walk, offsetOf(node), path, `the alias *${node.source} is unknown or stands inside its own anchor`)
    return null
  }
  if (isScalar(node)) return readScalar(walk, node, path, isPrice)
  if (!isMap(node) && !isSeq(node)) return null
  if (node.tag !== undefined && node.tag !== `${STANDARD_TAG}${isMap(node) ? 'map' : 'seq'}`) {
    report(walk, offsetOf(node), path, `the tag ${node.tag} has no meaning in a configuration`)
  }
  walk.open.add(node)
  const value = isMap(node) ? readMap(walk, node, path, isPrice) : readSeq(walk, node.items, path, isPrice)
  walk.open.delete(node)
  return value
}

function offsetOf(node: { range?: readonly [number, number, number] | null | undefined }): number {
  return node.range?.[0] ?? 0
}

function readScalar(walk: Walk, node: Scalar, path: string, isPrice: boolean): unknown {
  const text = String(node.value ?? '')
  const tag = node.tag?.startsWith(STANDARD_TAG) ? node.tag.slice(STANDARD_TAG.length) : node.tag
  if (tag === 'str' || tag === '!' || (tag === undefined && node.type !== Scalar.PLAIN)) return text
  const scalar = resolvePlain(text)
  if (tag !== undefined && tag !== scalar.kind && !(tag === 'float' && scalar.kind === 'int')) {
    report(
      walk,
      offsetOf(node),
      path,
      `the tag ${node.tag} does not fit this value or has no meaning in a configuration`,
    )
  }
  const isNumber = scalar.kind === 'int' || scalar.kind === 'float'
  return isPrice && isNumber && scalar.decimal ? text.replaceAll('_', '') : scalar.value
}

function readSeq(walk: Walk, items: readonly unknown[], path: string, isPrice: boolean): unknown[] {
  return items.map((item, index) => {
    const itemPath = joinPath(path, index)
    markLine(walk, item, itemPath)
    return readNode(walk, item, itemPath, isPrice)
  })
}

function markLine(walk: Walk, node: unknown, path: string): void {
  const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined
  if (range) walk.lineByPath.set(path, walk.lines.linePos(range[0]).line)
}

/** Merged mappings come first and give way to the mapping's own settings (https://yaml.org/type/merge.html). */
function readMap(
  walk: Walk,
  map: { items: readonly { key: unknown; value: unknown }[] },
  path: string,
  isPrice: boolean,
) {
  const entries = new Map<string, unknown>()
  const isMerge = (key: unknown) => isScalar(key) && key.type === Scalar.PLAIN && key.value === '<<'
  for (const { key, value } of map.items) {
    if (isMerge(key)) mergeInto(walk, entries, value, path)
  }
  const own = map.items.filter(({ key }) => !isMerge(key))
  const lastByName = new Map(own.map(({ key }) => [isScalar(key) ? String(key.value ?? '') : key, key]))
  for (const { key, value } of own) {
    if (!isScalar(key)) {
      report(walk, 0, path, 'the name of a setting is a list or a mapping: write plain text')
      continue
    }
    const name = String(key.value ?? '')
    const entryPath = joinPath(path, name)
    if (lastByName.get(name) !== key) {
      const message =
        'this setting stands again further down in the same block, and the last one counts: keep one of them'
      walk.warnings.push({ severity: 'warning', path: entryPath, message, ...placeOf(walk, offsetOf(key)) })
      continue
    }
    markLine(walk, key, entryPath)
    entries.set(name, readNode(walk, value, entryPath, isPrice || looksLikePrice(name)))
  }
  return Object.fromEntries(entries)
}

function mergeInto(walk: Walk, entries: Map<string, unknown>, value: unknown, path: string): void {
  const target = isAlias(value) ? walk.resolveAlias(value) : value
  // The first of several sources wins, so the last is laid down first.
  const sources = isSeq(target) ? target.items.toReversed() : [value]
  for (const source of sources) {
    const merged = readNode(walk, source, path, false)
    if (typeof merged !== 'object' || merged === null || Array.isArray(merged)) {
      const offset = isScalar(source) || isAlias(source) || isSeq(source) ? offsetOf(source) : 0
      report(walk, offset, path, 'a merge key << takes a mapping or a list of mappings')
      return
    }
    for (const [name, entry] of Object.entries(merged)) entries.set(name, entry)
  }
}
