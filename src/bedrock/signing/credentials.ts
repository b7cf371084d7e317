/** Credentials that a deployment names for its calls upstream. There is no ambient chain. */

/** Long-lived or session keys for SigV4. */
export type StaticKeys = {
  kind: 'keys'
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

/** A Bedrock API key, sent as `Authorization: Bearer`. */
export type BedrockApiKey = { kind: 'api-key'; token: string }

/** A role that is assumed with `source` through STS before the call. */
export type AssumedRole = {
  kind: 'role'
  roleArn: string
  sessionName: string
  externalId?: string
  /** Absolute URL of the STS endpoint; the regional one when absent. */
  stsEndpoint?: string
  source: StaticKeys
}

export type UpstreamCredentials = StaticKeys | BedrockApiKey | AssumedRole
