import { afterEach, describe, expect, test, vi } from 'vitest'
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
  const asked: { url: string; headers: Headers; form: URLSearchParams; redirect: string | undefined }[] = []
  const fetcher: typeof fetch = async (input, init) => {
    const body = String(init?.body)
    const headers = new Headers(init?.headers)
    asked.push({ url: String(input), headers, form: new URLSearchParams(body), redirect: init?.redirect })
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

afterEach(() => {
  vi.useRealTimers()
})

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

  test('never holds more of an answer than STS can send', async () => {
    const sent = { bytes: 0, cancelled: false }
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          sent.bytes += 16_384
          controller.enqueue(new Uint8Array(16_384).fill(0x61))
        },
        cancel() {
          sent.cancelled = true
        },
      })
    for (const status of [200, 503]) {
      const { provider } = fakeSts({ answer: () => new Response(endless(), { status }) })
      const result = await provider.get(ROLE, 'us-east-1')
      expect(result).toMatchObject({ ok: false, status, code: 'malformed' })
      expect(sent.cancelled).toBe(true)
      expect(sent.bytes).toBeLessThan(200_000)
      Object.assign(sent, { bytes: 0, cancelled: false })
    }
  })

  test('keeps a bounded part of what STS says', async () => {
    const xml = `<Error><Code>${'c'.repeat(9_000)}</Code><Message>${'m'.repeat(9_000)}</Message></Error>`
    const { provider } = fakeSts({ answer: () => new Response(xml, { status: 400 }) })
    const result = await provider.get(ROLE, 'us-east-1')
    expect(result).toMatchObject({ code: 'c'.repeat(128), message: 'm'.repeat(1_024) })
  })

  test('is not looked for at another host, where a redirect points to', async () => {
    const redirect = { status: 302, headers: { location: 'https://elsewhere.example/' } }
    const { provider, asked } = fakeSts({ answer: () => new Response(null, redirect) })
    expect(await provider.get(ROLE, 'us-east-1')).toMatchObject({ ok: false, status: 302, code: 'unknown' })
    expect(asked.map(({ redirect: how }) => how)).toEqual(['manual'])
  })

  test('by an STS that stays silent fails in bounded time, for each call that waits, and is asked for again later', async () => {
    vi.useFakeTimers()
    const silent = new Promise<Response>(() => undefined)
    const asked: string[] = []
    const fetcher: typeof fetch = (input) => {
      asked.push(String(input))
      return silent
    }
    const provider = createCredentialProvider({ now: () => Date.now(), fetcher })
    const first = provider.get(ROLE, 'us-east-1')
    await vi.advanceTimersByTimeAsync(5_000)
    const second = provider.get(ROLE, 'us-east-1')
    await vi.advanceTimersByTimeAsync(11_000)
    const expected = { ok: false, status: null, code: 'network', message: 'STS did not answer in time' }
    expect(await first).toEqual(expected)
    expect(await second).toEqual(expected)
    expect(asked).toHaveLength(1)
    const third = provider.get(ROLE, 'us-east-1')
    await vi.advanceTimersByTimeAsync(11_000)
    expect(await third).toEqual(expected)
    expect(asked).toHaveLength(2)
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
