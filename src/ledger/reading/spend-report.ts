/** Sums of `GET /global/spend/report`. */
import { INT64_MAX } from '../record/nano-usd.ts'
import { firstIdAt, isoTime, type Reader } from './logs.ts'
import type { GroupBy, SpendReportQuery } from './query.ts'
import { toDisplayUsd } from './row.ts'

/**
 * Sums of a group. Money is exact nano-USD as a decimal string; `cost_nano_usd` = priced + estimated, which is all that is
 * known. `unpriced_calls` says how many calls are missing from it. Expired reservations are in no sum.
 */
export type SpendSums = {
  calls: number
  failures: number
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  cache_read_tokens: number
  cache_write_tokens: number
  cost_nano_usd: string
  /** USD for display only. */
  spend: number
  priced_nano_usd: string
  estimated_nano_usd: string
  estimated_calls: number
  unpriced_calls: number
}

/** `group`: the value grouped by; null for calls that have none (no key, no team, no customer). */
export type SpendReportRow = SpendSums & { group: string | null }

export type SpendReport =
  | {
      ok: true
      group_by: GroupBy
      rows: SpendReportRow[]
      total: SpendSums /** More groups than `limit`. */
      truncated: boolean
    }
  | { ok: false; kind: 'sum-too-large' | 'unavailable'; message: string }

const COLUMN = {
  api_key: 'api_key',
  team: 'team_id',
  model: 'model_group',
  deployment: 'model_id',
  region: 'region',
  day: 'day',
  customer: 'end_user',
} as const satisfies Record<GroupBy, string>

/** `sum()` of an empty set is NULL. Sums leave as text, since a JavaScript number rounds above 2^53. */
const sum = (expression: string, name: string) => `CAST(ifnull(sum(${expression}), 0) AS TEXT) AS ${name}`

const COUNTERS = [
  'calls',
  'failures',
  'prompt_tokens',
  'completion_tokens',
  'total_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'estimated_calls',
  'unpriced_calls',
] as const
const MONEY = ['priced_nano_usd', 'estimated_nano_usd'] as const

const DAILY_SUMS = [...COUNTERS, ...MONEY].map((name) => sum(name, name)).join(', ')

/** The same sums from the rows: `end_user` is not part of the roll-up, since its values have no bound. */
const LOG_SUMS = [
  sum('1', 'calls'),
  sum(`status = 'failure'`, 'failures'),
  sum('prompt_tokens', 'prompt_tokens'),
  sum('completion_tokens', 'completion_tokens'),
  sum('total_tokens', 'total_tokens'),
  sum(`ifnull(usage->>'cacheReadInputTokens', 0)`, 'cache_read_tokens'),
  sum(`ifnull(usage->>'cacheWriteInputTokens', 0)`, 'cache_write_tokens'),
  sum(`cost_state = 'estimated'`, 'estimated_calls'),
  sum('cost_nano_usd IS NULL', 'unpriced_calls'),
  sum(`iif(cost_state = 'estimated', 0, ifnull(cost_nano_usd, 0))`, 'priced_nano_usd'),
  sum(`iif(cost_state = 'estimated', ifnull(cost_nano_usd, 0), 0)`, 'estimated_nano_usd'),
].join(', ')

/** Spend by one property over whole UTC days, largest first (days in their order). */
export async function readSpendReport(db: Reader, query: SpendReportQuery): Promise<SpendReport> {
  const { group_by } = query
  const column = COLUMN[group_by]
  const source = group_by === 'customer' ? fromLogs(query) : fromDaily(query)
  const order = group_by === 'day' ? '1' : 'sum(by_cost) DESC, 1'
  const grouped = `SELECT ${column} AS grouped, ${source.sums} FROM ${source.from}
    GROUP BY 1 ORDER BY ${order} LIMIT ${query.limit + 1}`
  const total = `SELECT ${source.sums} FROM ${source.from}`
  try {
    const [groups, all] = await db.batch<Record<string, string | null>>([
      db.prepare(grouped).bind(...source.values),
      db.prepare(total).bind(...source.values),
    ])
    const rows = (groups?.results ?? []).map((row) => ({ group: row.grouped || null, ...toSums(row) }))
    return {
      ok: true,
      group_by,
      rows: rows.slice(0, query.limit),
      total: toSums(all?.results[0] ?? {}),
      truncated: rows.length > query.limit,
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    if (!/integer overflow|beyond/.test(message)) return { ok: false, kind: 'unavailable', message }
    return { ok: false, kind: 'sum-too-large', message: 'A sum exceeds 2^63 - 1; ask for a shorter range.' }
  }
}

type Source = { from: string; sums: string; values: string[] }

/** `by_cost` orders groups; a double is good enough for that and cannot overflow. */
function fromDaily({ start_date, end_date }: SpendReportQuery): Source {
  return {
    from: `(SELECT *, priced_nano_usd * 1.0 + estimated_nano_usd AS by_cost FROM spend_daily WHERE day >= ? AND day <= ?)`,
    sums: DAILY_SUMS,
    values: [start_date ?? '0000', end_date ?? '9999'],
  }
}

function fromLogs({ start_date, end_date }: SpendReportQuery): Source {
  const fromMs = Date.parse(start_date ?? '')
  const untilMs = Date.parse(end_date ?? '') + 86_400_000
  const slackMs = 3_600_000
  return {
    from: `(SELECT *, ifnull(cost_nano_usd, 0) * 1.0 AS by_cost FROM spend_logs
      WHERE request_id >= ? AND request_id < ? AND startTime >= ? AND startTime < ? AND verdict <> 'unknown')`,
    sums: LOG_SUMS,
    values: [firstIdAt(fromMs - slackMs), firstIdAt(untilMs + slackMs), isoTime(fromMs), isoTime(untilMs)],
  }
}

function toSums(row: Record<string, string | null>): SpendSums {
  const priced = BigInt(row.priced_nano_usd ?? '0')
  const estimated = BigInt(row.estimated_nano_usd ?? '0')
  // Added here: in SQL `+` beyond 64 bits turns into a double without a word.
  const cost = priced + estimated
  if (cost > INT64_MAX) throw new RangeError('a sum is beyond 64 bits')
  const count = (name: (typeof COUNTERS)[number]) => {
    const value = Number(row[name] ?? '0')
    if (!Number.isSafeInteger(value)) throw new RangeError(`${name} is beyond 2^53`)
    return value
  }
  return {
    calls: count('calls'),
    failures: count('failures'),
    prompt_tokens: count('prompt_tokens'),
    completion_tokens: count('completion_tokens'),
    total_tokens: count('total_tokens'),
    cache_read_tokens: count('cache_read_tokens'),
    cache_write_tokens: count('cache_write_tokens'),
    cost_nano_usd: cost.toString(),
    spend: toDisplayUsd(cost.toString()),
    priced_nano_usd: priced.toString(),
    estimated_nano_usd: estimated.toString(),
    estimated_calls: count('estimated_calls'),
    unpriced_calls: count('unpriced_calls'),
  }
}
