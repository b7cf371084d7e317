/** Reading the ledger, in LiteLLM's paths: `GET /spend/logs` and `GET /global/spend/report`. */
import { readSpendLogs } from '../ledger/reading/logs.ts'
import { parseSpendLogsQuery, parseSpendReportQuery, type QueryIssue } from '../ledger/reading/query.ts'
import { readSpendReport } from '../ledger/reading/spend-report.ts'
import { ensureSchema } from '../ledger/schema/ensure-schema.ts'
import { adminErrorResponse } from './management-error.ts'

/** Newest first; the next page is named in `link: <…>; rel="next"` (https://www.rfc-editor.org/rfc/rfc8288). */
export async function spendLogs(request: Request, db: D1Database): Promise<Response> {
  const url = new URL(request.url)
  const parsed = parseSpendLogsQuery(Object.fromEntries(url.searchParams))
  if (!parsed.ok) return badQuery(parsed.issues)
  if (!(await isThere(db))) return ledgerAway()
  const page = await readSpendLogs(db, parsed.query)
  if (!page.ok) return ledgerAway()
  if (page.nextCursor === null) return Response.json(page.rows)
  url.searchParams.set('cursor', page.nextCursor)
  return Response.json(page.rows, { headers: { link: `<${nextPage(url)}>; rel="next"` } })
}

export async function spendReport(request: Request, db: D1Database): Promise<Response> {
  const parsed = parseSpendReportQuery(Object.fromEntries(new URL(request.url).searchParams))
  if (!parsed.ok) return badQuery(parsed.issues)
  if (!(await isThere(db))) return ledgerAway()
  const report = await readSpendReport(db, parsed.query)
  if (report.ok) {
    const { group_by, rows, total, truncated } = report
    return Response.json({ group_by, results: rows, total, truncated })
  }
  if (report.kind === 'unavailable') return ledgerAway()
  return adminErrorResponse({ status: 422, type: 'sum_too_large', message: report.message })
}

/** Names of this machine, which lead nowhere else. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** The host is what the caller wrote into `Host`, so elsewhere the link is relative: it leads to where the answer came from. */
function nextPage({ href, hostname, pathname, search }: URL): string {
  return LOOPBACK.test(hostname) ? href : `${pathname}${search}`
}

/** The tables are made at their first use. */
async function isThere(db: D1Database): Promise<boolean> {
  return ensureSchema(db).then(
    () => true,
    () => false,
  )
}

function badQuery(issues: readonly QueryIssue[]): Response {
  const message = issues.map(({ param, message }) => (param === '' ? message : `${param} ${message}`)).join('; ')
  const [first] = issues
  const param = first === undefined || first.param === '' ? {} : { param: first.param }
  return adminErrorResponse({ status: 400, type: 'bad_request', message, ...param })
}

/** What D1 said is in its own log; a caller needs to know only that asking again may help. */
function ledgerAway(): Response {
  return adminErrorResponse({
    status: 503,
    type: 'no_db_connection',
    message: 'The ledger does not answer. Try again.',
  })
}
