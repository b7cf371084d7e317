import { Sha256 } from '@aws-crypto/sha256-js'
import { BedrockRuntimeClient, ConverseCommand } from '@aws-sdk/client-bedrock-runtime'
import { NodeHttpHandler } from '@smithy/node-http-handler'
import { SignatureV4 } from '@smithy/signature-v4'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { SIMULATOR_ACCESS_KEY_ID, SIMULATOR_SECRET_ACCESS_KEY } from './auth.ts'
import { callPath, HELLO, json, pathOf } from './raw-client.ts'
import { type Simulator, startSimulator } from './server.ts'

const MODEL = 'anthropic.claude-3-haiku-20240307-v1:0'
const SESSION = {
  accessKeyId: 'ASIASIMULATOREXAMPLE',
  secretAccessKey: 'session/secret/EXAMPLE',
  sessionToken: 'token/EXAMPLE==',
}
const EXPIRED = {
  accessKeyId: 'ASIAEXPIREDEXAMPLE00',
  secretAccessKey: 'expired/secret/EXAMPLE',
  sessionToken: 'old/EXAMPLE==',
}
const LONG_LIVED = { accessKeyId: SIMULATOR_ACCESS_KEY_ID, secretAccessKey: SIMULATOR_SECRET_ACCESS_KEY }

type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken?: string }

let simulator: Simulator
let nowMs = Date.now()

beforeAll(async () => {
  simulator = await startSimulator({
    recordings: null,
    regions: ['us-east-1', 'us-west-2'],
    keyPairs: [LONG_LIVED, SESSION, { ...EXPIRED, expired: true }],
    now: () => nowMs,
  })
})
beforeEach(() => {
  nowMs = Date.now()
})
afterAll(() => simulator.close())

/** Refusals by name as the SDK sees them; `null` when the call succeeds. */
async function converse(credentials: Keys, region = 'us-east-1', endpoint = simulator.url): Promise<string | null> {
  const client = new BedrockRuntimeClient({
    endpoint,
    region,
    credentials,
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler(),
  })
  try {
    await client.send(new ConverseCommand({ modelId: MODEL, messages: [{ role: 'user', content: [{ text: 'Hi' }] }] }))
    return null
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  } finally {
    client.destroy()
  }
}

type Signing = { service?: string; at?: Date; path?: string; sign?: Keys }

/** Headers of a request signed here, so that single parts can be spoilt afterwards. */
async function signedHeaders(
  body: string,
  { service = 'bedrock', at = new Date(nowMs), path = pathOf('Converse', MODEL), sign = LONG_LIVED }: Signing = {},
) {
  const signer = new SignatureV4({
    credentials: sign,
    region: 'us-east-1',
    service,
    sha256: Sha256,
    applyChecksum: false,
  })
  const host = new URL(simulator.url).host
  const request = { method: 'POST', protocol: 'http:', hostname: host, path, query: {}, headers: { host }, body }
  return (await signer.sign(request, { signingDate: at })).headers
}

async function refusal(
  headers: Record<string, string>,
  body = JSON.stringify(HELLO),
  path = pathOf('Converse', MODEL),
) {
  const answer = await callPath(simulator.url, path, { body, headers })
  return {
    status: answer.status,
    type: String(answer.headers['x-amzn-errortype']).split(':')[0],
    message: json(answer).message ?? json(answer).Message,
  }
}

describe('the AWS SDK for JavaScript', () => {
  test('is let in with the right key pair, with and without a session token', async () => {
    expect(await converse(LONG_LIVED)).toBeNull()
    expect(await converse(SESSION)).toBeNull()
    expect(simulator.requests().at(-1)?.auth).toEqual({
      ok: true,
      how: 'sigv4',
      accessKeyId: SESSION.accessKeyId,
      region: 'us-east-1',
    })
  })

  test('with a wrong secret gets InvalidSignatureException', async () => {
    expect(await converse({ ...LONG_LIVED, secretAccessKey: 'wrong' })).toMatch(
      /^InvalidSignatureException: The request signature we calculated/,
    )
  })

  test('with an unknown key id, a missing or a wrong session token gets UnrecognizedClientException', async () => {
    const { accessKeyId, secretAccessKey } = SESSION
    expect(await converse({ ...LONG_LIVED, accessKeyId: 'AKIAUNKNOWNEXAMPLE00' })).toMatch(
      /^UnrecognizedClientException/,
    )
    expect(await converse({ accessKeyId, secretAccessKey })).toMatch(/^UnrecognizedClientException/)
    expect(await converse({ ...SESSION, sessionToken: 'other' })).toMatch(/^UnrecognizedClientException/)
    expect(await converse({ ...LONG_LIVED, sessionToken: 'unasked' })).toMatch(/^UnrecognizedClientException/)
  })

  test('with a session that is over gets ExpiredTokenException', async () => {
    expect(await converse(EXPIRED)).toBe('ExpiredTokenException: The security token included in the request is expired')
  })

  test('is refused by the listener of a region it did not sign for, and let in by the other', async () => {
    expect(await converse(LONG_LIVED, 'us-west-2')).toMatch(
      /^InvalidSignatureException: Credential should be scoped to a valid region/,
    )
    expect(await converse(LONG_LIVED, 'us-west-2', simulator.endpoint('us-west-2'))).toBeNull()
  })
})

describe('a request', () => {
  test('without a credential gets MissingAuthenticationTokenException with status 403', async () => {
    expect(await refusal({ authorization: '' })).toEqual({
      status: 403,
      type: 'MissingAuthenticationTokenException',
      message: 'Missing Authentication Token',
    })
  })

  test('with an unknown Bedrock API key gets AccessDeniedException, its message under a capital letter', async () => {
    const headers = { authorization: 'Bearer somebody-elses' }
    expect(await refusal(headers)).toMatchObject({
      status: 403,
      type: 'AccessDeniedException',
      message: expect.stringContaining('API Key'),
    })
  })

  test.each([
    ['of an unknown kind', 'Basic dXNlcjpwYXNz'],
    [
      'without a signature',
      'AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host',
    ],
    ['with a short credential', 'AWS4-HMAC-SHA256 Credential=a/us-east-1, SignedHeaders=host, Signature=00'],
  ])(
    'with an Authorization header %s gets IncompleteSignatureException with status 400',
    async (_what, authorization) => {
      expect(await refusal({ authorization })).toMatchObject({ status: 400, type: 'IncompleteSignatureException' })
    },
  )

  test('signed by hand is let in, and refused once its body, path or a signed header has changed', async () => {
    const body = JSON.stringify(HELLO)
    const good = await signedHeaders(body)
    expect((await callPath(simulator.url, pathOf('Converse', MODEL), { body, headers: good })).status).toBe(200)
    expect((await refusal(good, `${body} `)).type).toBe('InvalidSignatureException')
    expect((await refusal(good, body, pathOf('Converse', `${MODEL}x`))).type).toBe('InvalidSignatureException')
    expect((await refusal({ ...good, host: 'elsewhere' })).type).toBe('InvalidSignatureException')
  })

  test('is checked against the raw path: a colon signed as %3A does not hold for one sent raw', async () => {
    const body = JSON.stringify(HELLO)
    const raw = `/model/${MODEL}/converse`
    const headers = await signedHeaders(body, { path: raw })
    expect((await callPath(simulator.url, raw, { body, headers })).status).toBe(200)
    expect((await refusal(headers, body)).type).toBe('InvalidSignatureException')
  })

  test('whose announced body hash is not that of its body is refused', async () => {
    const headers = await signedHeaders(JSON.stringify(HELLO))
    expect((await refusal({ ...headers, 'x-amz-content-sha256': '0'.repeat(64) })).type).toBe(
      'InvalidSignatureException',
    )
  })

  test('scoped to another service than bedrock is refused', async () => {
    const headers = await signedHeaders(JSON.stringify(HELLO), { service: 'bedrock-runtime' })
    expect((await refusal(headers)).message).toBe("Credential should be scoped to correct service: 'bedrock'.")
  })

  test('is let in up to five minutes from its date and refused beyond, on both sides', async () => {
    const body = JSON.stringify(HELLO)
    const at = new Date(Math.floor(Date.now() / 1000) * 1000)
    const headers = await signedHeaders(body, { at })
    const status = async () => (await callPath(simulator.url, pathOf('Converse', MODEL), { body, headers })).status
    nowMs = at.getTime() + 300_000
    expect(await status()).toBe(200)
    nowMs += 1
    expect(await refusal(headers)).toMatchObject({
      status: 403,
      type: 'InvalidSignatureException',
      message: expect.stringMatching(/^Signature expired/),
    })
    nowMs = at.getTime() - 300_000
    expect(await status()).toBe(200)
    nowMs -= 1
    expect((await refusal(headers)).message).toMatch(/^Signature not yet current/)
  })

  test('that does not sign its host is refused', async () => {
    const headers = await signedHeaders(JSON.stringify(HELLO))
    const authorization = String(headers.authorization).replace('SignedHeaders=host;', 'SignedHeaders=')
    expect((await refusal({ ...headers, authorization })).message).toContain("'host' must be a 'SignedHeader'")
  })
})

test('a simulator with its checks off lets everything in', async () => {
  const open = await startSimulator({ recordings: null, auth: 'off' })
  try {
    const answer = await callPath(open.url, pathOf('Converse', MODEL), { headers: { authorization: '' } })
    expect(answer.status).toBe(200)
    expect(open.requests()[0]?.auth).toEqual({ ok: true, how: 'unchecked' })
  } finally {
    await open.close()
  }
})
