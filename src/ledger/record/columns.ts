import type { SpendRecord } from './record.ts'

/**
 * How a field of a record lies in SQLite: `text` and `count` as they are, `json` as its JSON text, `money` as an
 * INTEGER that comes in from a decimal string and leaves as one.
 */
export type ColumnKind = 'text' | 'count' | 'json' | 'money'

/** Every column of `spend_logs`, in the order in which a row is shown. */
export const SPEND_COLUMNS = {
  request_id: 'text',
  client_call_id: 'text',
  client_invocation_id: 'text',
  startTime: 'text',
  endTime: 'text',
  model_group: 'text',
  model: 'text',
  model_id: 'text',
  region: 'text',
  api_base: 'text',
  operation: 'text',
  api_key: 'text',
  team_id: 'text',
  user: 'text',
  end_user: 'text',
  request_tags: 'json',
  metadata: 'json',
  status: 'text',
  http_status: 'count',
  verdict: 'text',
  usage: 'json',
  raw_usage: 'json',
  prompt_tokens: 'count',
  completion_tokens: 'count',
  total_tokens: 'count',
  cost_nano_usd: 'money',
  cost_state: 'text',
  cost_reason: 'text',
  price_row: 'text',
  service_tier: 'text',
  attempts: 'count',
  fallbacks: 'count',
  attempt_log: 'json',
  aws_request_id: 'text',
  ms_to_headers: 'count',
  ms_to_first_frame: 'count',
  ms_total: 'count',
} as const satisfies Record<keyof SpendRecord, ColumnKind>

const COLUMNS: [string, ColumnKind][] = Object.entries(SPEND_COLUMNS)

/** Expression that takes one column out of a record's JSON. `->` keeps JSON, `->>` gives the SQL value. */
function fromJson([name, kind]: [string, ColumnKind]): string {
  if (kind === 'json') return `nullif(value->'${name}', 'null')`
  if (kind === 'money') return `CAST(value->>'${name}' AS INTEGER)`
  return `value->>'${name}'`
}

/** Names of all columns, for `INSERT INTO spend_logs (…)`. */
export const INSERT_NAMES: string = COLUMNS.map(([name]) => name).join(', ')

/** The same columns out of `value`, one element of a JSON array of records. */
export const INSERT_VALUES: string = COLUMNS.map(fromJson).join(', ')

/** The same columns for reading. A JavaScript number rounds integers above 2^53, hence money leaves as text. */
export const SELECT_LIST: string = COLUMNS.map(([name, kind]) =>
  kind === 'money' ? `CAST(${name} AS TEXT) AS ${name}` : name,
).join(', ')
