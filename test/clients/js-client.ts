/** The AWS SDK for JavaScript, set up for a gateway on plain http. */
import { BedrockRuntimeClient, type BedrockRuntimeClientConfig } from '@aws-sdk/client-bedrock-runtime'
import { NodeHttpHandler } from '@smithy/node-http-handler'

/** Ways in which the SDK can carry a key of the gateway. */
export type JsCredential = { accessKeyId: string } | { bearer: string }

/**
 * @param url origin of the gateway
 * @param maxAttempts the SDK's own tries, its default where absent
 */
export function jsClient(url: string, credential: JsCredential, maxAttempts?: number): BedrockRuntimeClient {
  const identity: BedrockRuntimeClientConfig =
    'bearer' in credential
      ? { token: { token: credential.bearer }, authSchemePreference: ['httpBearerAuth'] }
      : {
          credentials: { accessKeyId: credential.accessKeyId, secretAccessKey: 'any secret' },
          authSchemePreference: ['sigv4'],
        }
  return new BedrockRuntimeClient({
    region: 'us-east-1',
    endpoint: `${url}/bedrock`,
    // The default handler speaks HTTP/2 only, which over plain http means h2c with prior knowledge.
    requestHandler: new NodeHttpHandler(),
    ...identity,
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
  })
}

export type Read<Event> = { events: Event[]; error: unknown }

/** The events of a stream, and what it threw behind them; `error` is null where it ended quietly. */
export async function readEvents<Event>(stream: AsyncIterable<Event> | undefined): Promise<Read<Event>> {
  const events: Event[] = []
  try {
    for await (const event of stream ?? []) events.push(event)
    return { events, error: null }
  } catch (error) {
    return { events, error }
  }
}

/** What a promise was rejected with; null where it was not. */
export async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
    return null
  } catch (error) {
    return error
  }
}
