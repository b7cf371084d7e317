/** What must not come of a hostile request, whatever it was. */
import { MASTER_KEY } from '../clients/harness.ts'
import { SIMULATOR_SECRET_ACCESS_KEY } from '../simulator/auth.ts'
import type { HostileRequest } from './hostile-requests.ts'
import type { Exchange, Reply } from './raw-exchange.ts'

/** Statuses with which workerd itself refuses what is no HTTP for it, as plain text. */
const REFUSED_BY_WORKERD: readonly number[] = [400, 413, 414, 431, 501]
const TEXT_OF_WORKERD = /^(?:ERROR: |invalid )/

/** A sentence where something is wrong, else null. */
export function faultOf(request: HostileRequest, { reply, end }: Exchange): string | null {
  if (end === 'hung') return 'no end of an answer'
  if (reply === null) {
    return request.leaves !== null || request.isBroken ? null : 'the connection was closed without an answer'
  }
  return faultOfReply(reply, end === 'left')
}

function faultOfReply({ status, headers, body }: Reply, isCut: boolean): string | null {
  if (!(status >= 200 && status <= 599)) return `a status that is none: ${status}`
  if (`${JSON.stringify(headers)}${body}`.includes(SIMULATOR_SECRET_ACCESS_KEY)) return 'the answer holds a secret'
  if (body.includes(MASTER_KEY)) return 'the answer holds the key of the caller'
  if (status === 408) return '408, which no client should get'
  const type = headers['content-type'] ?? ''
  if (type.startsWith('text/plain')) {
    const isOfWorkerd = REFUSED_BY_WORKERD.includes(status) && (isCut || body === '' || TEXT_OF_WORKERD.test(body))
    return isOfWorkerd ? null : `plain text under ${status}: ${body.slice(0, 200)}`
  }
  if (status >= 500 && !isDeclaredBusy(status, headers))
    return `${status} ${headers['x-amzn-errortype'] ?? ''}: ${body.slice(0, 200)}`
  if (status >= 400 && !isCut && headers['content-type'] === 'application/json' && !isErrorJson(body)) {
    return `an error under ${status} that is no JSON object of an error: ${body.slice(0, 200)}`
  }
  return null
}

/** The gateway may say that it holds as many bodies as it can. */
function isDeclaredBusy(status: number, headers: Reply['headers']): boolean {
  const ms = Number(headers['x-amz-retry-after'] ?? Number.NaN)
  const isAgreed = headers['retry-after'] === String(Math.max(1, Math.ceil(ms / 1_000)))
  return status === 503 && headers['x-amzn-errortype'] === 'ServiceUnavailableException' && isAgreed
}

/** HEAD has no body. */
function isErrorJson(body: string): boolean {
  if (body === '') return true
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null && ('message' in value || 'error' in value || 'Message' in value)
  } catch {
    return false
  }
}
