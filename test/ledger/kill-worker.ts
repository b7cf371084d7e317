import { settle } from '../../src/ledger/booking/settle.ts'
import type { Meter } from '../../src/ledger/meter/meter.ts'
import type { SpendRecord } from '../../src/ledger/record/record.ts'
import { ensureSchema } from '../../src/ledger/schema/ensure-schema.ts'

export { Meter } from '../../src/ledger/meter/meter.ts'

type Env = { METER: DurableObjectNamespace<Meter>; DB: D1Database }

/** Settles what it is sent and shows the ledger; with `?meter=` in that Meter, reserving first. */
async function serve(request: Request, env: Env): Promise<Response> {
  const url = new URL(request.url)
  const meterName = url.searchParams.get('meter')
  if (url.pathname === '/settle') {
    const record = await request.json<SpendRecord>()
    if (meterName !== null) {
      const limits = { budgetNanoUsd: '9000000000000000000', rpm: null, tpm: null }
      const call = { ...record, estimateNanoUsd: '1000000', estimateTokens: 0 }
      await env.METER.getByName(meterName).reserve({ ...call, callId: record.request_id, limits, call: record })
    }
    const deps = { meter: env.METER, db: env.DB, log: console.log, ...(meterName === null ? {} : { meterName }) }
    return Response.json(await settle(record, deps))
  }
  if (url.pathname === '/migrate') {
    await ensureSchema(env.DB)
    return new Response('done')
  }
  if (url.pathname === '/status') return Response.json(await env.METER.getByName(meterName ?? '').status())
  const ids = await env.DB.prepare('SELECT request_id FROM spend_logs').raw()
  const sums = await env.DB.prepare(
    'SELECT ifnull(sum(calls), 0) AS calls, CAST(ifnull(sum(priced_nano_usd), 0) AS TEXT) AS nano FROM spend_daily',
  ).first()
  const limited = await env.DB.prepare(
    "SELECT CAST(ifnull(sum(cost_nano_usd), 0) AS TEXT) AS nano FROM spend_logs WHERE api_key = 'limited'",
  ).first('nano')
  return Response.json({ ids: ids.flat(), ...sums, limited })
}

const handler = { fetch: serve } satisfies ExportedHandler<Env>

// workerd takes a Worker's handlers from the default export.
export { handler as default }
