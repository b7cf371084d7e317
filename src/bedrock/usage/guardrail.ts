/**
 * Guardrail units by policy.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailUsage.html
 */
import { child, isObject, type JsonObject } from '../../base/json.ts'
import type { Counters } from './counters.ts'
import type { Amount } from './reading.ts'
import { boundedNames, countsSomething } from './unknown-members.ts'

type Units = Readonly<Record<string, Amount>>

const UNITS_SUFFIX = 'Units'
/** Counts policies, not units. */
const POLICIES = 'automatedReasoningPolicies'
const REASONING_UNITS = 'automatedReasoningPolicyUnits'

/** Units of one `usage` object. */
export function guardrailUnits(usage: JsonObject, counters: Counters): Units {
  const units: Record<string, Amount> = {}
  for (const key of Object.keys(usage)) {
    if (!key.endsWith(UNITS_SUFFIX)) continue
    const amount = counters.json(usage, key)
    if (amount !== undefined) units[key] = amount
  }
  // Billed by unit and policy; whether the counter already holds the product is not documented, so two policies leave it open.
  if ((counters.json(usage, POLICIES) ?? 0) > 1 && (units[REASONING_UNITS] ?? 0) > 0) units[REASONING_UNITS] = null
  return units
}

/** Members beside the units that count something. */
export function unknownUnits(usage: JsonObject): readonly string[] {
  const found = Object.entries(usage).filter(
    ([name, value]) =>
      name !== POLICIES && !(name.endsWith(UNITS_SUFFIX) && !isObject(value)) && countsSomething(value),
  )
  return boundedNames(found.map(([name]) => name))
}

/** `usage` of InvokeGuardrailChecks: text units by check. */
export function checkUnits(usage: JsonObject, counters: Counters): Units {
  const units: Record<string, Amount> = {}
  for (const check of Object.keys(usage)) {
    const amount = counters.json(child(usage, check), 'textUnits')
    if (amount !== undefined) units[`${check}.textUnits`] = amount
  }
  return units
}

/** Deepest nesting of a trace that is searched; AWS nests four levels. */
const TRACE_DEPTH_MAX = 8

/**
 * Units of a guardrail that ran inside a model call: they stand in the trace, which is there only when it was asked for.
 * Undefined: no guardrail ran as far as the answer shows. Null: one ran, and its units are not shown.
 */
export function tracedGuardrailUnits(
  answer: JsonObject,
  request: unknown,
  counters: Counters,
): Units | null | undefined {
  const trace = child(answer, 'trace').guardrail ?? child(answer, 'amazon-bedrock-trace').guardrail
  const found: Units[] = []
  collectUsages(trace, counters, found, 0)
  if (found.length > 0) return found.reduce(addUnits)
  const ran =
    trace !== undefined ||
    answer.stopReason === 'guardrail_intervened' ||
    answer['amazon-bedrock-guardrailAction'] !== undefined ||
    (isObject(request) && isObject(request.guardrailConfig))
  return ran ? null : undefined
}

function collectUsages(node: unknown, counters: Counters, found: Units[], depth: number): void {
  if (depth > TRACE_DEPTH_MAX) return
  if (Array.isArray(node)) {
    for (const item of node) collectUsages(item, counters, found, depth + 1)
    return
  }
  if (!isObject(node)) return
  for (const [key, value] of Object.entries(node)) {
    const usage = key === 'invocationMetrics' ? child(value, 'usage') : {}
    if (Object.keys(usage).length > 0) found.push(guardrailUnits(usage, counters))
    else collectUsages(value, counters, found, depth + 1)
  }
}

function addUnits(left: Units, right: Units): Units {
  const sum: Record<string, Amount> = { ...left }
  for (const [key, amount] of Object.entries(right)) {
    const before = sum[key] ?? (key in sum ? null : 0)
    sum[key] = before === null || amount === null ? null : before + amount
  }
  return sum
}
