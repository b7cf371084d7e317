/**
 * One cost case as data: what was called and the pieces of its wire. The form is that of `npm run ledger -- price FILE` and of
 * `POST /spend/calculate`.
 */
import * as v from 'valibot'
import { usdFromPico } from '../../base/decimal.ts'
import { accountingOf } from '../../bedrock/usage/priced-operations.ts'
import type { WireParts } from '../../bedrock/usage/wire-parts.ts'
import type { Catalogue } from '../prices/price-row.ts'
import type { CostState } from '../record/words.ts'
import { type Cost, costOf } from './cost-of.ts'

const text = v.pipe(v.string(), v.nonEmpty('must not be empty'))

/** Header names are compared in lower case, values are text on the wire. */
const headers = v.pipe(
  v.record(v.string(), v.union([v.string(), v.pipe(v.number(), v.transform(String))])),
  v.transform((given) => Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]))),
)

const caseSchema = v.object({
  name: v.optional(v.string()),
  operation: text,
  model_id: text,
  source_region: v.nullish(v.string(), ''),
  /** Tier that was asked for. */
  service_tier: v.nullish(v.string()),
  /** Pieces of the wire; none at all is a call whose usage is not known. */
  usage: v.nullish(
    v.object({
      body: v.optional(v.unknown()),
      metadata: v.optional(v.unknown()),
      headers: v.nullish(headers),
      chunks: v.nullish(v.array(v.unknown())),
      request: v.optional(v.unknown()),
    }),
    {},
  ),
  base_model: v.nullish(text),
  resolved_model_arns: v.nullish(v.array(v.string())),
  /** Time of the call; today when absent. */
  at: v.optional(v.pipe(v.string(), v.isoTimestamp('must be an ISO 8601 time in UTC'))),
})

/** Outcome in golden.json's words: a free call is `priced` at 0. */
export type CasePrice = {
  /** Exact decimal USD, not rounded; null when not known. */
  usd: string | null
  state: Exclude<CostState, 'failed' | 'free'>
  price_row: string | null
  reason: string | null
}

export type CaseResult =
  | { ok: true; name: string | null; price: CasePrice; cost: Cost }
  /** What is wrong with the object, each with its path. */
  | { ok: false; issues: string[] }

export type CaseContext = { catalogue: Catalogue; overrides?: Catalogue | undefined; now: Date }

/** Prices one object of unknown origin. */
export function priceCase(given: unknown, context: CaseContext): CaseResult {
  const result = v.safeParse(caseSchema, given)
  if (!result.success) {
    return { ok: false, issues: result.issues.map((issue) => `${v.getDotPath(issue) ?? 'the case'}: ${issue.message}`) }
  }
  const { output } = result
  const cost = costOf({
    operation: accountingOf(output.operation),
    model: output.model_id,
    baseModel: output.base_model ?? undefined,
    resolvedModelArns: output.resolved_model_arns ?? undefined,
    region: output.source_region ?? '',
    requestedTier: output.service_tier ?? undefined,
    parts: wireParts(output.usage ?? {}),
    at: output.at === undefined ? context.now : new Date(output.at),
    overrides: context.overrides,
    catalogue: context.catalogue,
  })
  return { ok: true, name: output.name ?? null, price: priceOf(cost), cost }
}

function wireParts({
  chunks,
  headers: given,
  ...rest
}: NonNullable<v.InferOutput<typeof caseSchema>['usage']>): WireParts {
  return { ...rest, ...(given == null ? {} : { headers: given }), ...(chunks == null ? {} : { chunks }) }
}

const priceOf = (cost: Cost): CasePrice => ({
  usd: cost.picoUsd === null ? null : usdFromPico(cost.picoUsd),
  state: cost.state === 'free' ? 'priced' : cost.state,
  price_row: cost.priceRow,
  reason: cost.reason,
})
