/**
 * From the credentials a deployment names to those a request is signed with. Static keys and API keys pass through;
 * an assumed role is fetched once, kept until five minutes before it expires, and asked for by one flight at a time.
 *
 * The cache is per isolate, so each isolate assumes a role for itself: a few STS calls an hour, which STS does not bill.
 */
import { startDeadline } from '../../base/deadline.ts'
import type { AssumedRole, BedrockApiKey, StaticKeys, UpstreamCredentials } from './credentials.ts'
import { assumeRole, type RoleSession, type StsResult } from './sts.ts'

/** A session is replaced this long before it ends, so that no request is signed with one that expires under way. */
const REFRESH_BEFORE_EXPIRY_MS = 5 * 60_000

/** Sessions kept at most; the oldest goes first. A configuration with more roles than this pays an STS call more often. */
const SESSIONS_MAX = 256

export type SigningCredentials =
  | { ok: true; credentials: StaticKeys | BedrockApiKey }
  | { ok: false; status: number | null; code: string; message: string }

export type CredentialProvider = {
  /** `refusedKeyId`: access key id of a session that AWS said is expired; it is not used again. */
  get(credentials: UpstreamCredentials, region: string, refusedKeyId?: string): Promise<SigningCredentials>
}

/** A flight belongs to the call that began it and may die with it; after this long the next call starts its own. */
const FLIGHT_SHARED_MS = 15_000

/** Longest that a call waits for a flight: what STS has for a whole answer, and the overhead of asking. */
const FLIGHT_WAIT_MS = 11_000

type Flight = { startedAtMs: number; result: Promise<StsResult> }

export function createCredentialProvider(deps: { now(): number; fetcher?: typeof fetch }): CredentialProvider {
  const sessions = new Map<string, RoleSession>()
  const flights = new Map<string, Flight>()

  async function sessionOf(
    role: AssumedRole,
    region: string,
    refusedKeyId: string | undefined,
  ): Promise<SigningCredentials> {
    const { roleArn, sessionName, externalId, stsEndpoint, source } = role
    // The whole source: a deployment with a wrong secret must not live on the session of another one.
    const key = JSON.stringify([roleArn, sessionName, externalId, stsEndpoint, source, region])
    const cached = sessions.get(key)
    if (cached !== undefined && cached.keys.accessKeyId !== refusedKeyId && deps.now() < refreshAtMs(cached)) {
      return { ok: true, credentials: cached.keys }
    }
    const shared = flights.get(key)
    const flight =
      shared !== undefined && deps.now() - shared.startedAtMs < FLIGHT_SHARED_MS
        ? shared
        : startFlight(key, role, region)
    const deadline = startDeadline(FLIGHT_WAIT_MS)
    const result = await Promise.race([flight.result, deadline.passed])
    deadline.stop()
    if (result === 'passed') return { ok: false, status: null, code: 'network', message: 'STS did not answer in time' }
    return result.ok ? { ok: true, credentials: result.session.keys } : result
  }

  function startFlight(key: string, role: AssumedRole, region: string): Flight {
    for (const [other, { startedAtMs }] of flights) {
      if (deps.now() - startedAtMs >= FLIGHT_SHARED_MS) flights.delete(other)
    }
    const flight: Flight = {
      startedAtMs: deps.now(),
      result: assumeRole(role, region, deps.fetcher).then((result) => {
        if (flights.get(key) === flight) flights.delete(key)
        if (result.ok) remember(key, result.session)
        return result
      }),
    }
    flights.set(key, flight)
    return flight
  }

  function remember(key: string, session: RoleSession): void {
    sessions.delete(key)
    const oldest = sessions.keys().next()
    if (sessions.size >= SESSIONS_MAX && !oldest.done) sessions.delete(oldest.value)
    sessions.set(key, session)
  }

  return {
    async get(credentials, region, refusedKeyId) {
      if (credentials.kind !== 'role') return { ok: true, credentials }
      return sessionOf(credentials, region, refusedKeyId)
    },
  }
}

function refreshAtMs(session: RoleSession): number {
  return session.expiresAtMs - REFRESH_BEFORE_EXPIRY_MS
}
