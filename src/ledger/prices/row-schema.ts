/** Validation of price rows that come from outside the build: the live override in KV. */
import * as v from 'valibot'
import { picoFromUsd } from '../../base/decimal.ts'
import { type Catalogue, TOKEN_METERS } from './price-row.ts'

const usd = v.pipe(
  v.string('a price is a decimal string'),
  v.check(
    (text) => picoFromUsd(text) !== null,
    'a price is a decimal in USD, not negative and not finer than a pico-dollar',
  ),
)
const tokenPrices = v.strictObject(v.entriesFromList(TOKEN_METERS, v.optional(usd)))
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1))
const day = v.pipe(v.string(), v.isoDate('a day is written as YYYY-MM-DD'))
const text = v.pipe(v.string(), v.nonEmpty())

const priceRow = v.strictObject({
  id: v.pipe(
    text,
    v.check((id) => !id.endsWith(':0'), 'ids are written without a trailing :0'),
  ),
  scopes: v.pipe(v.array(v.picklist(['global', 'geo', 'region', 'gov'])), v.nonEmpty()),
  regions: v.pipe(v.array(text), v.nonEmpty()),
  tier: v.optional(text, 'default'),
  meters: tokenPrices,
  over: v.optional(v.array(v.strictObject({ tokens: count, meters: tokenPrices }))),
  other: v.optional(
    v.strictObject({
      image: v.optional(usd),
      imageGrades: v.optional(
        v.array(
          v.strictObject({
            maxPixels: v.optional(count),
            maxSteps: v.optional(count),
            maxSide: v.optional(count),
            quality: v.optional(text),
            usd,
          }),
        ),
      ),
      inputImage: v.optional(usd),
      query: v.optional(usd),
      videoSecond: v.optional(usd),
      audioSecond: v.optional(usd),
      guardrailUnit: v.optional(v.record(v.string(), usd)),
    }),
  ),
  from: v.optional(day),
  until: v.optional(day),
  source: v.optional(text, 'override'),
  how: v.optional(v.picklist(['listed', 'derived']), 'listed'),
  rules: v.optional(v.array(text)),
})

const catalogue = v.strictObject({ version: text, rows: v.array(priceRow) })

export type OverrideResult =
  | { ok: true; catalogue: Catalogue }
  /** `path` as in `rows[2].meters.input`. */
  | { ok: false; issues: { path: string; message: string }[] }

/** Reads price rows in the normal form, `{version, rows}`. They win over the bundled rows, each for its own key. */
export function parseOverride(value: unknown): OverrideResult {
  const result = v.safeParse(catalogue, value)
  if (result.success)
    return { ok: true, catalogue: { version: result.output.version, rows: result.output.rows.map(sorted) } }
  return {
    ok: false,
    issues: result.issues.map((issue) => ({ path: v.getDotPath(issue) ?? '', message: issue.message })),
  }
}

/** Steps are searched from the largest down, so their order must be known. */
function sorted(row: v.InferOutput<typeof priceRow>): Catalogue['rows'][number] {
  const { over, ...rest } = row
  const steps = over === undefined ? {} : { over: over.toSorted((left, right) => left.tokens - right.tokens) }
  return { ...rest, ...steps } as Catalogue['rows'][number]
}
