/**
 * `AssumeRole` of AWS STS: one signed form post, one XML answer of which four elements matter.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
import { endpointOf } from '../partitions.ts'
import type { AssumedRole, StaticKeys } from './credentials.ts'
import { signRequest } from './sign.ts'

/** Asked lifetime of the session, seconds; one hour is also the most that role chaining allows. */
const SESSION_SECONDS = 3600

/** STS answers in well under a second; a longer wait for the whole answer counts as a failure of this attempt. */
const STS_TIMEOUT_MS = 10_000

/** An answer of AssumeRole has about 2 KB, most of it the token. More than this is none, and is not held. */
const STS_ANSWER_MAX_BYTES = 65_536

/** Kept of what STS says about a refusal, in characters: it stands in the log and in errors. */
const CODE_MAX_CHARS = 128
const MESSAGE_MAX_CHARS = 1_024

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
    // A redirect would carry a request that is signed for one host to another.
    const signal = AbortSignal.timeout(STS_TIMEOUT_MS)
    const response = await fetcher(url, { method: 'POST', headers, body, redirect: 'manual', signal })
    const xml = await readText(response)
    if (xml === null) return malformed(response.status, `is longer than ${STS_ANSWER_MAX_BYTES} bytes`)
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

/** The body as text; null where it is longer than an answer of STS can be. */
async function readText(response: Response): Promise<string | null> {
  if (response.body === null) return ''
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > STS_ANSWER_MAX_BYTES) {
      await reader.cancel()
      return null
    }
    text += decoder.decode(value, { stream: true })
  }
}

function malformed(status: number, what: string): StsResult {
  return { ok: false, status, code: 'malformed', message: `the answer of STS ${what}` }
}

function readSession(xml: string): StsResult {
  const accessKeyId = element(xml, 'AccessKeyId')
  const secretAccessKey = element(xml, 'SecretAccessKey')
  const sessionToken = element(xml, 'SessionToken')
  const expiresAtMs = Date.parse(element(xml, 'Expiration') ?? '')
  if (accessKeyId === null || secretAccessKey === null || sessionToken === null || Number.isNaN(expiresAtMs)) {
    return malformed(200, 'holds no credentials')
  }
  return { ok: true, session: { keys: { kind: 'keys', accessKeyId, secretAccessKey, sessionToken }, expiresAtMs } }
}

function readError(status: number, xml: string): StsResult {
  return {
    ok: false,
    status,
    code: (element(xml, 'Code') ?? 'unknown').slice(0, CODE_MAX_CHARS),
    message: (element(xml, 'Message') ?? `STS answered ${status}`).slice(0, MESSAGE_MAX_CHARS),
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
