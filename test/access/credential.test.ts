import { describe, expect, test } from 'vitest'
import { identify } from '../../src/access/authenticate.ts'
import { MASTER } from '../../src/access/caller.ts'
import { presentedKey } from '../../src/access/credential.ts'

const KEY = 'sk-master-1234'
const sigV4 = (credential: string) =>
  `AWS4-HMAC-SHA256 Credential=${credential}/20261124/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature=00ff`

describe('the key is found wherever a client may carry it', () => {
  test.each([
    ['Authorization: Bearer', { authorization: `Bearer ${KEY}` }],
    ['Authorization: bearer in lower case', { authorization: `bearer ${KEY}` }],
    ['x-api-key', { 'x-api-key': KEY }],
    ['x-litellm-api-key', { 'x-litellm-api-key': KEY }],
    ['x-litellm-api-key with Bearer', { 'x-litellm-api-key': `Bearer ${KEY}` }],
    ['SigV4 access key id', { authorization: sigV4(KEY) }],
    ['SigV4 access key id with Bearer', { authorization: sigV4(`Bearer ${KEY}`) }],
  ])('%s', (_where, headers) => {
    expect(presentedKey(headers)).toEqual({ ok: true, value: KEY })
  })

  test('x-litellm-api-key wins over Authorization, which wins over x-api-key', () => {
    const all = { 'x-litellm-api-key': 'sk-a', authorization: 'Bearer sk-b', 'x-api-key': 'sk-c' }
    expect(presentedKey(all)).toEqual({ ok: true, value: 'sk-a' })
    const { authorization, 'x-api-key': apiKey } = all
    expect(presentedKey({ authorization, 'x-api-key': apiKey })).toEqual({ ok: true, value: 'sk-b' })
  })
})

describe('what cannot be read as a key is refused by what is wrong with it', () => {
  test.each([
    ['no header at all', {}, 'no-credential'],
    ['an empty bearer', { authorization: 'Bearer ' }, 'no-credential'],
    ['another scheme', { authorization: 'Basic abc' }, 'malformed-authorization'],
    [
      'SigV4 without SignedHeaders',
      { authorization: 'AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, Signature=0' },
      'malformed-authorization',
    ],
    [
      'SigV4 without a signature',
      { authorization: 'AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=host' },
      'malformed-authorization',
    ],
    [
      'a credential scope with too few parts',
      { authorization: 'AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0' },
      'malformed-authorization',
    ],
  ])('%s', (_case, headers, kind) => {
    expect(presentedKey(headers)).toMatchObject({ ok: false, reason: { kind } })
  })
})

describe('only the master key is let in', () => {
  test('the master key is the master caller', async () => {
    expect(await identify({ authorization: `Bearer ${KEY}` }, KEY)).toEqual({ ok: true, value: MASTER })
  })

  test.each(['sk-master-123', 'sk-master-12345', 'SK-MASTER-1234', 'x'])('%s is refused', async (wrong) => {
    expect(await identify({ authorization: `Bearer ${wrong}` }, KEY)).toEqual({
      ok: false,
      reason: { kind: 'unknown-key' },
    })
  })
})
