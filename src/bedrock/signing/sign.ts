/**
 * Signing a request for Bedrock with explicit credentials: SigV4, or a Bedrock API key as bearer.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { AwsV4Signer } from 'aws4fetch'
import type { HeaderMap } from '../../base/header-map.ts'
import type { BedrockApiKey, StaticKeys } from './credentials.ts'

/** Signing name of all Bedrock services; the signer would guess `bedrock-runtime` from the host, which AWS refuses. */
const SIGNING_NAME = 'bedrock'

/** Derived keys kept per isolate: one per secret, day, region and service. A full cache is emptied, which costs four HMACs a key. */
const DERIVED_KEYS_MAX = 512

const derivedKeys = new Map<string, ArrayBuffer>()

export type UnsignedRequest = {
  method: string
  /**
   * The URL that is signed: AWS's, with its query as `canonicalQuery` spells it. Where a proxy stands between, the request is
   * sent to another one. A Worker then names the proxy as host, whatever header is set, and the proxy has to hand the request
   * on under the host and the path that are signed here.
   */
  url: string
  /** Only headers that no intermediary rewrites, as `signableHeaders` gives them: signed and sent they are the same. */
  headers: HeaderMap
  body: Uint8Array | string
  region: string
}

/** Headers to send. What is fetched must have the path and the query of the URL handed in, as they are. */
export async function signRequest(
  request: UnsignedRequest,
  credentials: StaticKeys | BedrockApiKey,
  service: string = SIGNING_NAME,
): Promise<Headers> {
  if (credentials.kind === 'api-key') {
    const headers = new Headers(request.headers)
    headers.set('authorization', `Bearer ${credentials.token}`)
    return headers
  }
  if (derivedKeys.size >= DERIVED_KEYS_MAX) derivedKeys.clear()
  const signer = new AwsV4Signer({
    method: request.method,
    url: request.url,
    headers: request.headers,
    // A body never lies in shared memory, which DOM's types of Node allow for.
    body: request.body as Uint8Array<ArrayBuffer> | string,
    accessKeyId: credentials.accessKeyId,
    secretAccessKey: credentials.secretAccessKey,
    ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken }),
    service,
    region: request.region,
    cache: derivedKeys,
  })
  return (await signer.sign()).headers
}
