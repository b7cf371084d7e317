/**
 * The services of Bedrock: where each is reached and by which name requests to it are signed.
 * Source: `endpointPrefix` and `signingName` in AWS's service models, https://github.com/aws/aws-models
 */

export type Service = {
  /** First label of its hosts: `<hostPrefix>.<region>.amazonaws.com`. */
  readonly hostPrefix: string
  /** Service name in the credential scope of SigV4. */
  readonly signingName: string
  /** Property of a deployment that holds the base URL of this service. */
  readonly endpoint: 'runtimeEndpoint'
}

export const SERVICES = {
  'bedrock-runtime': { hostPrefix: 'bedrock-runtime', signingName: 'bedrock', endpoint: 'runtimeEndpoint' },
} as const satisfies Readonly<Record<string, Service>>

export type ServiceName = keyof typeof SERVICES
