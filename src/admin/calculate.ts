/** `POST /spend/calculate`: what one exchange costs, or a request before it is sent. */
import { priceCase } from '../ledger/cost/price-case.ts'
import { BUNDLED_CATALOGUE } from '../ledger/prices/bundled.ts'
import type { Catalogue } from '../ledger/prices/price-row.ts'
import { adminErrorResponse } from './errors.ts'

/** A case is a few pieces of JSON; a whole chat does not belong here. */
const CASE_MAX_BYTES = 1024 * 1024

/** One object in the form of `npm run ledger -- price FILE`; answers `{name, usd, cost, state, price_row, reason}` with exact decimals. */
export async function calculateSpend(request: Request, overrides: Catalogue | undefined): Promise<Response> {
  const text = await request.text()
  if (text.length > CASE_MAX_BYTES) {
    return adminErrorResponse({
      status: 413,
      type: 'bad_request',
      message: `The case is larger than ${CASE_MAX_BYTES} bytes.`,
    })
  }
  const given = parse(text)
  if (given === undefined)
    return adminErrorResponse({ status: 400, type: 'bad_request', message: 'The body is not JSON.' })
  const result = priceCase(given, { catalogue: BUNDLED_CATALOGUE, overrides, now: new Date() })
  if (!result.ok) return adminErrorResponse({ status: 400, type: 'bad_request', message: result.issues.join('; ') })
  return Response.json({
    name: result.name,
    ...result.price,
    cost: result.price.usd === null ? null : Number(result.price.usd),
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
