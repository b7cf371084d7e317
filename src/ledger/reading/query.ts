/** The parameters of `GET /spend/logs` and `GET /global/spend/report`, checked. */
import * as v from 'valibot'
import { FIELDS } from '../record/fields.ts'
import { filterChecks, nameParam } from './filters.ts'

/** One fault of a query, for a 400. */
export type QueryIssue = { param: string; message: string }
export type QueryResult<Query> = { ok: true; query: Query } | { ok: false; issues: QueryIssue[] }

const LIMIT_DEFAULT = 100
const LIMIT_MAX = 1_000
const DAY = /^\d{4}-\d\d-\d\d$/

const limit = v.pipe(
  v.string(),
  v.regex(/^\d{1,4}$/, `must be an integer from 1 to ${LIMIT_MAX}`),
  v.transform(Number),
  v.minValue(1, `must be an integer from 1 to ${LIMIT_MAX}`),
  v.maxValue(LIMIT_MAX, `must be an integer from 1 to ${LIMIT_MAX}`),
)

const WHEN_MESSAGE = 'must be a day (2026-11-23) or an ISO 8601 time with its zone (2026-11-23T10:00:00Z)'
const when = v.pipe(v.string(), v.check(isWhen, WHEN_MESSAGE))

/** A day as `end_date` includes the whole of it; a time includes its millisecond. Milliseconds since 1970, exclusive. */
const until = v.pipe(
  when,
  v.transform((text) => Date.parse(text) + (DAY.test(text) ? 86_400_000 : 1)),
)
const from = v.pipe(
  when,
  v.transform((text) => Date.parse(text)),
)

/** Keeps the id of the last row of a page; opaque to clients. */
const cursor = v.pipe(
  v.string(),
  v.check((text) => decodeCursor(text) !== null, 'is not one of ours'),
  v.transform((text) => decodeCursor(text) ?? ''),
)

/** Strict: a filter that is misspelt and therefore ignored would show other rows than were asked for. */
const spendLogsQuery = v.strictObject({
  ...filterChecks(FIELDS),
  request_id: v.optional(nameParam),
  start_date: v.optional(from),
  end_date: v.optional(until),
  limit: v.optional(limit),
  cursor: v.optional(cursor),
})

/** `start_date` (inclusive) and `end_date` (exclusive) in milliseconds, `cursor` decoded, `limit` always there. */
export type SpendLogsQuery = v.InferOutput<typeof spendLogsQuery> & { limit: number }

/** Reads the parameters of `GET /spend/logs`. */
export function parseSpendLogsQuery(params: Record<string, string>): QueryResult<SpendLogsQuery> {
  const parsed = v.safeParse(spendLogsQuery, params)
  if (!parsed.success) return { ok: false, issues: parsed.issues.map(toIssue) }
  return { ok: true, query: { ...parsed.output, limit: parsed.output.limit ?? LIMIT_DEFAULT } }
}

export const GROUP_BY = ['api_key', 'team', 'model', 'deployment', 'region', 'day', 'customer'] as const
export type GroupBy = (typeof GROUP_BY)[number]

/** Calls are grouped by customer from the rows themselves, so the range they are read over has to be bounded. */
const CUSTOMER_DAYS_MAX = 31

const day = v.pipe(v.string(), v.regex(DAY, 'must be a day (2026-11-23)'), v.check(isWhen, 'is no day'))

const spendReportQuery = v.pipe(
  v.strictObject({
    group_by: v.picklist(GROUP_BY, `must be one of ${GROUP_BY.join(', ')}`),
    start_date: v.optional(day),
    end_date: v.optional(day),
    limit: v.optional(limit),
  }),
  v.forward(
    v.check(
      ({ start_date, end_date }) => start_date === undefined || end_date === undefined || start_date <= end_date,
      'must not be before start_date',
    ),
    ['end_date'],
  ),
  v.forward(
    v.check(
      ({ group_by, start_date, end_date }) => group_by !== 'customer' || isShortRange(start_date, end_date),
      `is needed together with end_date, at most ${CUSTOMER_DAYS_MAX} days apart, when grouping by customer`,
    ),
    ['start_date'],
  ),
)

/** Both days inclusive, UTC. */
export type SpendReportQuery = v.InferOutput<typeof spendReportQuery> & { limit: number }

/** Reads the parameters of `GET /global/spend/report`. */
export function parseSpendReportQuery(params: Record<string, string>): QueryResult<SpendReportQuery> {
  const parsed = v.safeParse(spendReportQuery, params)
  if (!parsed.success) return { ok: false, issues: parsed.issues.map(toIssue) }
  return { ok: true, query: { ...parsed.output, limit: parsed.output.limit ?? LIMIT_MAX } }
}

/** base64url of the id. */
export function encodeCursor(requestId: string): string {
  return btoa(requestId).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function decodeCursor(text: string): string | null {
  try {
    return atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  } catch {
    return null
  }
}

function isWhen(text: string): boolean {
  const isDay = DAY.test(text)
  if (!isDay && !/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return false
  const ms = Date.parse(text)
  // `Date.parse` takes February 30th for March 2nd.
  return !Number.isNaN(ms) && (!isDay || new Date(ms).toISOString().startsWith(text))
}

function isShortRange(start: string | undefined, end: string | undefined): boolean {
  if (start === undefined || end === undefined) return false
  return (Date.parse(end) - Date.parse(start)) / 86_400_000 < CUSTOMER_DAYS_MAX
}

function toIssue(issue: v.BaseIssue<unknown>): QueryIssue {
  const param = String(issue.path?.[0]?.key ?? '')
  if (issue.type === 'strict_object') {
    return { param, message: issue.expected === 'never' ? 'is not a parameter of this route' : 'is missing' }
  }
  return { param, message: issue.message }
}
