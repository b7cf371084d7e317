/** Pages of `GET /spend/logs`. */
import { ROW_SQL } from '../record/columns.ts'
import { FIELDS } from '../record/fields.ts'
import { type FilterCondition, filterConditions } from './filters.ts'
import { encodeCursor, type SpendLogsQuery } from './query.ts'
import { type SpendRow, toSpendRow } from './row.ts'

/**
 * Rows that one page looks at when it has to filter. There are no indexes beside the primary key (each would cost a row
 * written per call), so a rare filter reads on; this bounds one answer, and `nextCursor` leads on where it stopped.
 */
const SCAN_ROWS_MAX = 10_000
/** How far `startTime` may lie from the time inside the id: the id is made as the call comes in. */
const ID_SLACK_MS = 5 * 60_000

export type Reader = Pick<D1Database, 'prepare' | 'batch'>

/** `nextCursor` null: there is nothing older. A page with a cursor may be short, even empty. */
export type SpendLogsPage =
  | { ok: true; rows: SpendRow[]; nextCursor: string | null }
  | { ok: false; kind: 'unavailable'; message: string }

/**
 * One page of the ledger, newest first by `request_id`, which as a UUIDv7 sorts by the time at which the call came in.
 * A walk over pages never shows a row twice and misses none that was there when it began, whatever is inserted meanwhile:
 * newer rows lie before its first page, and a late row of an older call is shown if the walk has not passed it yet.
 */
export async function readSpendLogs(db: Reader, query: SpendLogsQuery): Promise<SpendLogsPage> {
  const range = rangeOf(query)
  const filter = filterOf(query)
  const isFiltered = filter.conditions.length > 0
  const floorOf = `SELECT request_id FROM spend_logs ${where(range)} ORDER BY request_id DESC LIMIT 1 OFFSET ${SCAN_ROWS_MAX - 1}`
  const bounded = isFiltered ? [`request_id >= ifnull((${floorOf}), '')`] : []
  const pageSql = `SELECT ${ROW_SQL.select} FROM spend_logs
    ${where({ conditions: [...range.conditions, ...bounded, ...filter.conditions] })}
    ORDER BY request_id DESC LIMIT ${query.limit + 1}`
  const pageValues = [...range.values, ...(isFiltered ? range.values : []), ...filter.values]

  try {
    // One batch, so that both statements see the same rows and the floor is the one that the page was read down to.
    const [page, floor] = await db.batch<Record<string, unknown>>([
      db.prepare(pageSql).bind(...pageValues),
      ...(isFiltered ? [db.prepare(floorOf).bind(...range.values)] : []),
    ])
    const rows = (page?.results ?? []).map(toSpendRow)
    const shown = rows.slice(0, query.limit)
    const scannedTo = floor?.results[0]?.request_id
    const last = rows.length > shown.length ? shown.at(-1)?.request_id : scannedTo
    return { ok: true, rows: shown, nextCursor: typeof last === 'string' ? encodeCursor(last) : null }
  } catch (error) {
    return { ok: false, kind: 'unavailable', message: error instanceof Error ? error.message : String(error) }
  }
}

type Part = { conditions: string[]; values: string[] }

/** What narrows the walk along the primary key. */
function rangeOf({ request_id, cursor, start_date, end_date }: SpendLogsQuery): Part {
  return part([
    ['request_id = ?', request_id],
    ['request_id < ?', cursor],
    ['request_id >= ?', start_date === undefined ? undefined : firstIdAt(start_date - ID_SLACK_MS)],
    ['request_id < ?', end_date === undefined ? undefined : firstIdAt(end_date + ID_SLACK_MS)],
  ])
}

/** What each row of that range is tested for. */
function filterOf(query: SpendLogsQuery): Part {
  return part([
    ...filterConditions(FIELDS, query),
    ['startTime >= ?', query.start_date === undefined ? undefined : isoTime(query.start_date)],
    ['startTime < ?', query.end_date === undefined ? undefined : isoTime(query.end_date)],
  ])
}

function part(pairs: FilterCondition[]): Part {
  const given = pairs.filter((pair): pair is [condition: string, value: string] => pair[1] !== undefined)
  return { conditions: given.map(([condition]) => condition), values: given.map(([, value]) => value) }
}

function where({ conditions }: Pick<Part, 'conditions'>): string {
  return conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
}

/** Years beyond 9999 have a sign in ISO 8601 and would sort before all others. */
const TIME_MAX_MS = Date.UTC(9999, 11, 31)

/** The form of `startTime`. */
export function isoTime(timeMs: number): string {
  return new Date(Math.min(timeMs, TIME_MAX_MS)).toISOString()
}

/** The least UUIDv7 of a time: its first 48 bits are Unix milliseconds, https://www.rfc-editor.org/rfc/rfc9562#section-5.7. */
export function firstIdAt(timeMs: number): string {
  const hex = Math.max(0, timeMs).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}
