/**
 * `AssumeRole` of AWS STS: one signed form post, one XML answer of which four elements matter.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
import { endpointOf } from '../partitions.ts'
import type { AssumedRole, StaticKeys } from './credentials.ts'
import { signRequest } from './sign.ts'

/** Asked lifetime of the session, seconds; one hour is also the most that role chaining allows. */
const SESSION_SECONDS = 3600

/** STS answers in well under a second; a longer silence counts as a failure of this attempt. */
const STS_TIMEOUT_MS = 10_000

export type RoleSession = { keys: StaticKeys; expiresAtMs: number }

export type StsResult =
  | { ok: true; session: RoleSession }
  | { ok: false; status: number | null; code: string; message: string }

export async function assumeRole(
  role: AssumedRole,
  region: string,
  fetcher: typeof fetch = (input, init) => fetch(input, init),
): Promise<StsResult> {
  const url = role.stsEndpoint ?? `${endpointOf('sts', region)}/`
  const form = new URLSearchParams({
    Action: 'AssumeRole',
    Version: '2011-06-15',
    RoleArn: role.roleArn,
    RoleSessionName: role.sessionName,
    DurationSeconds: String(SESSION_SECONDS),
  })
  if (role.externalId !== undefined) form.set('ExternalId', role.externalId)
  const body = form.toString()
  try {
    const headers = await signRequest(
      {
        method: 'POST',
        url,
        headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
        body,
        region,
      },
      role.source,
      'sts',
    )
    const response = await fetcher(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(STS_TIMEOUT_MS) })
    const xml = await response.text()
    return response.ok ? readSession(xml) : readError(response.status, xml)
  } catch (cause) {
    return {
      ok: false,
      status: null,
      code: 'network',
      message: cause instanceof Error ? cause.message : 'STS did not answer',
    }
  }
}

function readSession(xml: string): StsResult {
  const accessKeyId = element(xml, 'AccessKeyId')
  const secretAccessKey = element(xml, 'SecretAccessKey')
  const sessionToken = element(xml, 'SessionToken')
  const expiresAtMs = Date.parse(element(xml, 'Expiration') ?? '')
  if (accessKeyId === null || secretAccessKey === null || sessionToken === null || Number.isNaN(expiresAtMs)) {
    return { ok: false, status: 200, code: 'malformed', message: 'the answer of STS holds no credentials' }
  }
  return { ok: true, session: { keys: { kind: 'keys', accessKeyId, secretAccessKey, sessionToken }, expiresAtMs } }
}

function readError(status: number, xml: string): StsResult {
  return {
    ok: false,
    status,
    code: element(xml, 'Code') ?? 'unknown',
    message: element(xml, 'Message') ?? `STS answered ${status}`,
  }
}

/** Text of the first element of that name. STS writes these elements without attributes and without nesting. */
function element(xml: string, name: string): string | null {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]
  return text === undefined ? null : unescapeXml(text.trim())
}

function unescapeXml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
}
