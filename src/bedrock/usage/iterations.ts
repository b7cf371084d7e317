/**
 * Anthropic's `usage.iterations`: the runs of the model that one answer is made of, each with counters of its own. The counters of
 * the top level sum up the runs of type `message`; a compaction of the conversation is billed beside them.
 *
 * Source: https://docs.claude.com/en/docs/build-with-claude/compaction
 */
import { isObject, type JsonObject } from '../../base/json.ts'
import type { Counters } from './counters.ts'
import type { TokenUsage } from './reading.ts'
import { anthropicTokens, sumOf } from './token-shapes.ts'
import { boundedNames, countsSomething, unknownMembers } from './unknown-members.ts'

export type Iterations = {
  /** What is billed, run by run; null where no run of a known type is told. */
  parts: readonly TokenUsage[] | null
  /** What may be billed and is not known. */
  unknown: readonly string[]
}

/** Runs at the price of the model that was called. The advisor tool's runs, for one, are another model's. */
const MESSAGE = 'message'
const COMPACTION = 'compaction'

/** More runs than one answer has. */
const ITERATIONS_MAX = 64

/** @param top the counters of the top level, which for a stream are complete at its end only */
export function iterationsOf(usage: JsonObject, top: TokenUsage | null, counters: Counters): Iterations {
  const { iterations } = usage
  if (!Array.isArray(iterations)) {
    return { parts: null, unknown: countsSomething(iterations) ? boundedNames(['iterations']) : [] }
  }
  const messages: TokenUsage[] = []
  const compactions: TokenUsage[] = []
  const unknown: string[] = []
  for (const [index, run] of iterations.entries()) {
    if (!countsSomething(run)) continue
    const type = isObject(run) ? run.type : undefined
    const tokens = isObject(run) ? anthropicTokens(run, counters) : null
    const list = type === MESSAGE ? messages : type === COMPACTION ? compactions : null
    if (list === null || tokens === null || index >= ITERATIONS_MAX) unknown.push(`iterations of type ${type}`)
    else list.push(tokens)
    if (isObject(run))
      unknown.push(...unknownMembers(run, 'anthropic').map((name) => name.replace('usage', 'iterations')))
  }
  return { parts: partsOf(messages, compactions, top, counters), unknown: boundedNames(unknown) }
}

function partsOf(
  messages: readonly TokenUsage[],
  compactions: readonly TokenUsage[],
  top: TokenUsage | null,
  counters: Counters,
): readonly TokenUsage[] | null {
  const runs = [...compactions, ...messages]
  if (runs.length === 0) return null
  if (top === null || isSame(sumOf(runs), top)) return runs
  const [last, ...before] = messages.toReversed()
  const outputRest = (top.outputTokens ?? 0) - before.reduce((sum, { outputTokens = 0 }) => sum + outputTokens, 0)
  // The start of a stream knows the input of its last run, and not yet the output.
  if (last !== undefined && outputRest >= 0) {
    const completed = [...before.toReversed(), { ...last, outputTokens: outputRest }]
    if (isSame(sumOf(completed), top)) return [...compactions, ...completed]
  }
  if (messages.length > 0) counters.note('usage.iterations do not add up to the usage beside them')
  return [...compactions, top]
}

function isSame(one: TokenUsage, other: TokenUsage): boolean {
  const names = ['inputTokens', 'outputTokens', 'cacheReadInputTokens', 'cacheWriteInputTokens'] as const
  return names.every((name) => (one[name] ?? 0) === (other[name] ?? 0))
}
