/** The SQL that books rows: the row itself, the sums of its day, and the note for a Meter that did not see it. */
import { ROW_SQL, type RowSql } from '../record/columns.ts'

/**
 * The statements that book an array of records, each with the array's JSON as `?1`. They run in the order below in one
 * transaction (`D1Database.batch`), because the first two look at which rows the last one is going to insert.
 */

/** Records of the array, ids made distinct: of a doubled id the first element counts, as it is the one the insert keeps. */
const DISTINCT_RECORDS = `(SELECT value, min(key) FROM json_each(?1) GROUP BY value->>'request_id')`

const NOT_BOOKED = `NOT EXISTS (SELECT 1 FROM spend_logs WHERE spend_logs.request_id = value->>'request_id')`

const COST = `CAST(value->>'cost_nano_usd' AS INTEGER)`
const ESTIMATED = `value->>'cost_state' = 'estimated'`

/** SQL that adds each counter of the roll-up up, by column. */
const COUNTERS = {
  calls: `count(*)`,
  failures: `sum(value->>'status' = 'failure')`,
  prompt_tokens: `sum(value->>'prompt_tokens')`,
  completion_tokens: `sum(value->>'completion_tokens')`,
  total_tokens: `sum(value->>'total_tokens')`,
  cache_read_tokens: `sum(ifnull(value->>'$.usage.cacheReadInputTokens', 0))`,
  cache_write_tokens: `sum(ifnull(value->>'$.usage.cacheWriteInputTokens', 0))`,
  priced_nano_usd: `sum(iif(${ESTIMATED}, 0, ifnull(${COST}, 0)))`,
  estimated_nano_usd: `sum(iif(${ESTIMATED}, ifnull(${COST}, 0), 0))`,
  estimated_calls: `sum(${ESTIMATED})`,
  unpriced_calls: `sum(value->>'cost_nano_usd' IS NULL)`,
}

const KEY = 'day, api_key, team_id, model_group, model, model_id, region'
const COUNTER_NAMES = Object.keys(COUNTERS)

/** Adds exactly the rows that `INSERT_RECORDS` will insert, except expired reservations (`verdict` `unknown`). */
export const ADD_TO_DAILY = `
INSERT INTO spend_daily (${KEY}, ${COUNTER_NAMES.join(', ')})
SELECT substr(value->>'startTime', 1, 10), ifnull(value->>'api_key', ''), ifnull(value->>'team_id', ''),
  value->>'model_group', value->>'model', value->>'model_id', value->>'region',
  ${Object.values(COUNTERS).join(',\n  ')}
FROM ${DISTINCT_RECORDS}
WHERE ${NOT_BOOKED} AND value->>'verdict' <> 'unknown'
GROUP BY 1, 2, 3, 4, 5, 6, 7
ON CONFLICT (${KEY}) DO UPDATE SET
  ${COUNTER_NAMES.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`

/** Notes the same rows for the Meter `?2` that did not see them. */
export const NOTE_UNMETERED = `
INSERT INTO spend_unmetered (meter, request_id, cost_nano_usd)
SELECT ?2, value->>'request_id', ${COST}
FROM ${DISTINCT_RECORDS}
WHERE ${NOT_BOOKED}
ON CONFLICT (meter, request_id) DO NOTHING`

/**
 * Leaves out what is booked already, so that a record that breaks a rule of the table is a repeat once a mended version of
 * it is there: SQLite checks NOT NULL before the conflict. Not `INSERT OR IGNORE`, which would swallow such a record.
 * Returns one row per row inserted.
 */
export const INSERT_RECORDS = insertRecords(ROW_SQL)

/** The statement for a table of fields. */
export function insertRecords(row: Pick<RowSql, 'names' | 'values'>): string {
  return `
INSERT INTO spend_logs (${row.names})
SELECT ${row.values}
FROM json_each(?1) WHERE ${NOT_BOOKED}
ON CONFLICT (request_id) DO NOTHING RETURNING request_id`
}
