import { describe, expect, test } from 'vitest'
import { createCredentialProvider } from '../../../src/bedrock/signing/credential-provider.ts'
import type { AssumedRole } from '../../../src/bedrock/signing/credentials.ts'

const ROLE: AssumedRole = {
  kind: 'role',
  roleArn: 'arn:aws:iam::123456789012:role/bedrock-caller',
  sessionName: 'gateway',
  externalId: 'tenant&42',
  source: { kind: 'keys', accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-example' },
}
const HOUR_MS = 3_600_000

/** An STS that hands out numbered sessions of one hour, or what the test says, and remembers what it was asked. */
function fakeSts(options: { answer?: () => Response } = {}) {
  const clock = { nowMs: Date.parse('2026-11-24T12:00:00Z') }
  const asked: { url: string; headers: Headers; form: URLSearchParams }[] = []
  const fetcher: typeof fetch = async (input, init) => {
    const body = String(init?.body)
    asked.push({ url: String(input), headers: new Headers(init?.headers), form: new URLSearchParams(body) })
    return options.answer?.() ?? new Response(sessionXml(asked.length, clock.nowMs + HOUR_MS))
  }
  const provider = createCredentialProvider({ now: () => clock.nowMs, fetcher })
  return { clock, asked, provider }
}

function sessionXml(number: number, expiresAtMs: number): string {
  return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
    <AssumedRoleUser><AssumedRoleId>X:gateway</AssumedRoleId></AssumedRoleUser>
    <Credentials><AccessKeyId>ASIA${number}</AccessKeyId><SecretAccessKey>s&amp;${number}</SecretAccessKey>
    <SessionToken>token-${number}</SessionToken><Expiration>${new Date(expiresAtMs).toISOString()}</Expiration></Credentials>
    </AssumeRoleResult></AssumeRoleResponse>`
}

test('keys and API keys pass through without a call', async () => {
  const { provider, asked } = fakeSts()
  const apiKey = { kind: 'api-key', token: 'ABSKexample' } as const
  expect(await provider.get(apiKey, 'us-east-1')).toEqual({ ok: true, credentials: apiKey })
  expect(await provider.get(ROLE.source, 'us-east-1')).toEqual({ ok: true, credentials: ROLE.source })
  expect(asked).toHaveLength(0)
})

describe('an assumed role', () => {
  test('is asked for with a signed form post to the regional endpoint', async () => {
    const { provider, asked } = fakeSts()
    const result = await provider.get(ROLE, 'eu-west-1')
    expect(result).toEqual({
      ok: true,
      credentials: { kind: 'keys', accessKeyId: 'ASIA1', secretAccessKey: 's&1', sessionToken: 'token-1' },
    })
    const [call] = asked
    expect(call?.url).toBe('https://sts.eu-west-1.amazonaws.com/')
    expect(Object.fromEntries(call?.form ?? [])).toEqual({
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: ROLE.roleArn,
      RoleSessionName: 'gateway',
      DurationSeconds: '3600',
      ExternalId: 'tenant&42',
    })
    expect(call?.headers.get('authorization')).toMatch(/Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/sts\/aws4_request/)
  })

  test('fifty concurrent first calls are one STS call', async () => {
    const { provider, asked } = fakeSts()
    const results = await Promise.all(Array.from({ length: 50 }, () => provider.get(ROLE, 'us-east-1')))
    expect(asked).toHaveLength(1)
    for (const result of results) expect(result).toMatchObject({ ok: true, credentials: { accessKeyId: 'ASIA1' } })
  })

  test('is kept until five minutes before it expires, then fetched again', async () => {
    const { provider, asked, clock } = fakeSts()
    await provider.get(ROLE, 'us-east-1')
    clock.nowMs += HOUR_MS - 5 * 60_000 - 1
    expect(await provider.get(ROLE, 'us-east-1')).toMatchObject({ credentials: { accessKeyId: 'ASIA1' } })
    clock.nowMs += 1
    expect(await provider.get(ROLE, 'us-east-1')).toMatchObject({ credentials: { accessKeyId: 'ASIA2' } })
    expect(asked).toHaveLength(2)
  })

  test('is fetched again when the session in hand was said to be expired', async () => {
    const { provider, asked } = fakeSts()
    await provider.get(ROLE, 'us-east-1')
    expect(await provider.get(ROLE, 'us-east-1', 'ASIA1')).toMatchObject({
      credentials: { accessKeyId: 'ASIA2' },
    })
    expect(await provider.get(ROLE, 'us-east-1', 'ASIA1')).toMatchObject({
      credentials: { accessKeyId: 'ASIA2' },
    })
    expect(asked).toHaveLength(2)
  })

  test('of two regions is two sessions', async () => {
    const { provider, asked } = fakeSts()
    await provider.get(ROLE, 'us-east-1')
    await provider.get(ROLE, 'us-west-2')
    expect(asked.map(({ url }) => url)).toEqual([
      'https://sts.us-east-1.amazonaws.com/',
      'https://sts.us-west-2.amazonaws.com/',
    ])
  })
})

describe('a role that cannot be assumed', () => {
  test('gives the code and text of STS, and the next call asks again', async () => {
    const xml =
      '<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not allowed &lt;here&gt;</Message></Error></ErrorResponse>'
    const { provider, asked } = fakeSts({ answer: () => new Response(xml, { status: 403 }) })
    const expected = { ok: false, status: 403, code: 'AccessDenied', message: 'not allowed <here>' }
    expect(await provider.get(ROLE, 'us-east-1')).toEqual(expected)
    expect(await provider.get(ROLE, 'us-east-1')).toEqual(expected)
    expect(asked).toHaveLength(2)
  })

  test('is told apart from an answer that makes no sense', async () => {
    const { provider } = fakeSts({ answer: () => new Response('<html>proxy</html>') })
    expect(await provider.get(ROLE, 'us-east-1')).toMatchObject({ ok: false, code: 'malformed' })
  })

  test('never shows the secret of its source', async () => {
    const { provider } = fakeSts({
      answer: () => {
        throw new Error('network down')
      },
    })
    const result = await provider.get(ROLE, 'us-east-1')
    expect(result).toMatchObject({ ok: false, status: null, code: 'network' })
    expect(JSON.stringify(result)).not.toContain('secret-example')
  })
})
