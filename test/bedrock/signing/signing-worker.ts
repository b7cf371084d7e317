/** A Worker that signs for one URL and sends to another, for the tests beside it. */
import { signRequest } from '../../../src/bedrock/signing/sign.ts'

type Order = { signedUrl: string; sentUrl: string; headers: Record<string, string>; body: string; setHost: boolean }

const CREDENTIALS = {
  kind: 'keys',
  accessKeyId: 'AKIASIMULATOREXAMPLE',
  secretAccessKey: 'simulator/secret/that/opens/nothing/EXAMPLE',
} as const

export default {
  async fetch(request: Request): Promise<Response> {
    const { signedUrl, sentUrl, headers, body, setHost }: Order = await request.json()
    const signed = await signRequest(
      { method: 'POST', url: signedUrl, headers, body, region: 'us-east-1' },
      CREDENTIALS,
    )
    if (setHost) signed.set('host', new URL(signedUrl).host)
    return fetch(sentUrl, { method: 'POST', headers: signed, body })
  },
}
