/**
 * Books one made-up record per request, in the ways that are compared: the gateway's own code with nothing around it.
 * JavaScript, because Worker types and Node types do not go together in one TypeScript program.
 */
import { bookRecords } from '../../src/ledger/booking/book-rows.ts'
import { settle } from '../../src/ledger/booking/settle.ts'
import { blankRecord } from '../../src/ledger/record/record.ts'
import { ensureSchema } from '../../src/ledger/schema/ensure-schema.ts'
import { newCallId } from '../../src/relay/call-id.ts'

export { Meter } from '../../src/ledger/meter/meter.ts'

/** A Meter that is asked alone; as a shard it has no limits to keep. */
const ONE_METER = 'shard-0'

/** Rows of one write, as a Meter pours them. */
const POUR_ROWS = 500

const DONE = () => new Response(null)

const WAYS = {
  '/nothing': () => DONE(),
  '/schema': (env) => ensureSchema(env.DB).then(DONE),
  '/insert'(env, ctx) {
    ctx.waitUntil(mustInsert(bookRecords(env.DB, [record()]), 1))
    return DONE()
  },
  '/settle'(env, ctx) {
    ctx.waitUntil(mustSettle(env, {}))
    return DONE()
  },
  '/one-meter': (env) => mustSettle(env, { meterName: ONE_METER }).then(DONE),
  '/one-insert': (env) => mustInsert(bookRecords(env.DB, [record()]), 1).then(DONE),
  '/one-batch': (env) =>
    mustInsert(bookRecords(env.DB, Array.from({ length: POUR_ROWS }, record)), POUR_ROWS).then(DONE),
}

async function mustInsert(writing, rows) {
  const { inserted } = await writing
  if (inserted !== rows) throw new Error(`${inserted} of ${rows} rows were inserted`)
}

async function mustSettle(env, options) {
  const settled = await settle(record(), { meter: env.METER, db: env.DB, log: console.log, ...options })
  if (settled.via !== 'meter') throw new Error(`a record went past the Meter, by ${settled.via}`)
}

function record() {
  const nowMs = Date.now()
  const usage = { inputTokens: 210, outputTokens: 200, totalTokens: 410 }
  const awsRequestId = '00000000-0000-4000-8000-000000000000'
  return {
    ...blankRecord(),
    request_id: newCallId(nowMs),
    startTime: new Date(nowMs - 900).toISOString(),
    endTime: new Date(nowMs).toISOString(),
    model_group: 'fast',
    model: 'us.amazon.nova-lite-v1:0',
    model_id: 'fast/us-east-1/0',
    region: 'us-east-1',
    api_base: 'bedrock-runtime.us-east-1.amazonaws.com',
    operation: 'Converse',
    status: 'success',
    http_status: 200,
    verdict: 'complete',
    usage,
    raw_usage: usage,
    prompt_tokens: 210,
    completion_tokens: 200,
    total_tokens: 410,
    cost_nano_usd: '60600',
    cost_state: 'priced',
    price_row: 'amazon.nova-lite-v1:0|geo|us-east-1|default@1',
    attempts: 1,
    attempt_log: [
      {
        deployment: 'fast/us-east-1/0',
        region: 'us-east-1',
        status: 200,
        error_type: null,
        aws_request_id: awsRequestId,
        ms: 890,
        usage,
        cost_nano_usd: '60600',
      },
    ],
    aws_request_id: awsRequestId,
    ms_to_headers: 890,
    ms_to_first_frame: 890,
    ms_total: 900,
  }
}

// biome-ignore lint/style/noDefaultExport: where workerd looks for the handlers
export default {
  fetch(request, env, ctx) {
    const way = WAYS[new URL(request.url).pathname]
    return way === undefined ? new Response(null, { status: 404 }) : way(env, ctx)
  },
}
