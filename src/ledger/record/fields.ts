/**
 * Every field of a record, in the order in which a row is shown. One entry says all of it: the type, the column and its SQL, the
 * check, the filter of `GET /spend/logs`, and the line in the ledger's README. A new field is an entry here and a migration.
 */
import type { Field } from './kinds.ts'
import { COST_STATES, STATUSES, VERDICTS } from './words.ts'

export const FIELDS = {
  request_id: { kind: 'text', description: 'Id of the call, a UUIDv7; the client has it as `x-litellm-call-id`' },
  client_call_id: { kind: 'text-or-null', description: '`x-litellm-call-id` as the client sent it' },
  client_invocation_id: { kind: 'text-or-null', description: '`amz-sdk-invocation-id` as the client sent it' },
  startTime: { kind: 'time', description: 'When the call came in, ISO 8601 UTC with milliseconds' },
  endTime: { kind: 'time', description: 'When it ended, in the same form' },
  model_group: { kind: 'text', filter: { param: 'model_group' }, description: 'Model name that was asked for' },
  model: {
    kind: 'text',
    filter: { param: 'model', sql: '? IN (model_group, model)' },
    description: 'Model id that was sent upstream; the filter also takes the name asked for',
  },
  model_id: { kind: 'text', filter: { param: 'model_id' }, description: 'Id of the deployment' },
  routed_model: { kind: 'text-or-null', description: 'Model that a prompt router chose' },
  region: { kind: 'text', description: 'Region of the deployment' },
  api_base: { kind: 'text', description: 'Host that was asked' },
  operation: { kind: 'text', description: "AWS's name of the operation" },
  api_key: {
    kind: 'text-or-null',
    filter: { param: 'api_key' },
    description: 'SHA-256 of the virtual key; null without one',
  },
  team_id: { kind: 'text-or-null', filter: { param: 'team_id' }, description: 'Team of the key' },
  user: { kind: 'text-or-null', filter: { param: 'user_id' }, description: 'User of the key' },
  end_user: { kind: 'text-or-null', filter: { param: 'end_user' }, description: '`x-litellm-customer-id`' },
  request_tags: {
    kind: 'strings',
    filter: { param: 'tag', sql: 'EXISTS (SELECT 1 FROM json_each(request_tags) WHERE value = ?)' },
    description: '`x-litellm-tags`',
  },
  metadata: {
    kind: 'object',
    description: 'What the client attached: `x-litellm-spend-logs-metadata`, and `requestMetadata` of Converse',
  },
  metadata_truncated: {
    kind: 'boolean',
    description:
      'Something from outside was too long, too deep or too much and was left out: of `metadata`, tags, usage, a text',
  },
  status: {
    kind: 'word',
    words: STATUSES,
    otherwise: 'failure',
    filter: { param: 'status' },
    description: '`success` or `failure`',
  },
  http_status: { kind: 'count', description: 'Status that the client got' },
  verdict: {
    kind: 'word',
    words: VERDICTS,
    otherwise: 'exception',
    filter: { param: 'verdict' },
    description: 'How the call ended as seen from both sides',
  },
  usage: { kind: 'usage', description: "What was consumed, in AWS's names; absent where it was not reported" },
  raw_usage: { kind: 'json', description: 'Usage as it stood on the wire, so that a row can be priced again' },
  prompt_tokens: { kind: 'count', description: 'Input, cache reads and cache writes together' },
  completion_tokens: { kind: 'count', description: 'Output' },
  total_tokens: { kind: 'count', description: 'Sum of both' },
  cost_nano_usd: { kind: 'money', description: 'Cost in nano-USD, an integer as a string; null where it is not known' },
  known_cost_nano_usd: {
    kind: 'money',
    description: 'Where `cost_nano_usd` is null: what is known of it, in the same form, or null',
  },
  cost_missing: { kind: 'strings', description: 'Meters and fees that have no price; empty where all have one' },
  cost_state: {
    kind: 'word',
    words: COST_STATES,
    otherwise: 'unpriced',
    filter: { param: 'cost_state' },
    description: 'How the cost is known',
  },
  cost_reason: { kind: 'text-or-null', description: 'Why it is not known, or only an estimate' },
  price_row: { kind: 'text-or-null', description: 'Price row and version that were used' },
  service_tier: { kind: 'text-or-null', description: 'Service tier that answered' },
  attempts: { kind: 'count', description: 'Upstream requests made, at least 1' },
  fallbacks: { kind: 'count', description: 'Model groups that were left for another' },
  attempt_log: {
    kind: 'attempts',
    description: 'One element per attempt: deployment, region, status, error, AWS request id, ms, usage and cost',
  },
  aws_request_id: { kind: 'text-or-null', description: 'Of the last attempt' },
  ms_to_headers: { kind: 'ms', description: 'Time to the response headers, as the client saw it' },
  ms_to_first_frame: { kind: 'ms-or-null', description: 'Time to the first frame of a stream' },
  ms_total: { kind: 'ms', description: 'Time to the end' },
} as const satisfies Record<string, Field>
