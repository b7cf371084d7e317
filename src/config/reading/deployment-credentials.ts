/** Which credentials a deployment uses upstream. There is no ambient chain beyond the secrets named here. */
import * as v from 'valibot'
import type { JsonObject } from '../../base/json.ts'
import type { AssumedRole, StaticKeys, UpstreamCredentials } from '../../bedrock/signing/credentials.ts'
import type { Issues } from '../issues.ts'
import type { SecretSource } from '../secrets.ts'
import { joinPath } from '../setting-path.ts'
import type { MODEL_PARAMS } from '../settings/model-params-table.ts'
import type { Fields } from '../settings/read-fields.ts'
import { credential } from '../settings/schema-parts.ts'

/** The settings of a deployment that are, or choose, credentials. */
export type CredentialFields = Pick<
  Fields<typeof MODEL_PARAMS>,
  (typeof CREDENTIAL_SETTINGS)[number] | 'aws_session_name' | 'aws_external_id' | 'aws_sts_endpoint'
>

/** Names the session in CloudTrail where `aws_session_name` does not. */
const DEFAULT_SESSION_NAME = 'bedrock-edge'

/** An entry with one of these has credentials of its own. */
export const CREDENTIAL_SETTINGS = [
  'aws_access_key_id',
  'aws_secret_access_key',
  'aws_session_token',
  'aws_bearer_token_bedrock',
  'api_key',
  'aws_role_name',
] as const

/** Null when a fault was reported, here or where the setting was read. */
export function readCredentials(
  params: CredentialFields,
  settings: JsonObject,
  path: string,
  source: SecretSource,
  issues: Issues,
): UpstreamCredentials | null {
  const isFaulty = CREDENTIAL_SETTINGS.some((name) => settings[name] !== undefined && params[name] === undefined)
  if (isFaulty || !keysAreComplete(params, path, issues)) return null
  const apiKey = params.aws_bearer_token_bedrock ?? params.api_key
  const keys = ownKeys(params)
  if (params.aws_role_name !== undefined) {
    if (apiKey !== undefined) {
      issues.error(
        joinPath(path, 'aws_role_name'),
        'a role is assumed with access keys, not with a Bedrock API key: keep one',
      )
      return null
    }
    return assumedRole(params, params.aws_role_name, keys ?? sharedKeys(path, source, issues), path, issues)
  }
  warnOfIdleSettings(params, path, issues)
  if (apiKey !== undefined) {
    if (keys !== undefined) issues.warn(joinPath(path, 'aws_access_key_id'), 'has no effect beside a Bedrock API key')
    return { kind: 'api-key', token: apiKey }
  }
  return keys ?? sharedCredentials(path, source, issues)
}

function keysAreComplete(params: CredentialFields, path: string, issues: Issues): boolean {
  const hasId = params.aws_access_key_id !== undefined
  const hasSecret = params.aws_secret_access_key !== undefined
  if (hasId !== hasSecret) {
    const missing = hasId ? 'aws_secret_access_key' : 'aws_access_key_id'
    issues.error(joinPath(path, missing), 'access keys come in pairs: add this one or remove the other')
    return false
  }
  if (params.aws_session_token !== undefined && !hasId) {
    issues.error(
      joinPath(path, 'aws_session_token'),
      'a session token needs aws_access_key_id and aws_secret_access_key',
    )
    return false
  }
  return true
}

function ownKeys(params: CredentialFields): StaticKeys | undefined {
  return staticKeys(params.aws_access_key_id, params.aws_secret_access_key, params.aws_session_token)
}

function staticKeys(
  id: string | undefined,
  secret: string | undefined,
  token: string | undefined,
): StaticKeys | undefined {
  if (id === undefined || secret === undefined) return undefined
  const keys: StaticKeys = { kind: 'keys', accessKeyId: id, secretAccessKey: secret }
  return token === undefined ? keys : { ...keys, sessionToken: token }
}

function assumedRole(
  params: CredentialFields,
  roleArn: string,
  source: StaticKeys | undefined,
  path: string,
  issues: Issues,
): AssumedRole | null {
  if (source === undefined) {
    issues.error(
      joinPath(path, 'aws_role_name'),
      'no keys to assume the role with: add aws_access_key_id and aws_secret_access_key, or set the secrets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    )
    return null
  }
  return {
    kind: 'role',
    roleArn,
    sessionName: params.aws_session_name ?? DEFAULT_SESSION_NAME,
    ...(params.aws_external_id === undefined ? {} : { externalId: params.aws_external_id }),
    ...(params.aws_sts_endpoint === undefined ? {} : { stsEndpoint: params.aws_sts_endpoint }),
    source,
  }
}

function warnOfIdleSettings(params: CredentialFields, path: string, issues: Issues): void {
  for (const name of ['aws_session_name', 'aws_external_id', 'aws_sts_endpoint'] as const) {
    if (params[name] !== undefined) issues.warn(joinPath(path, name), 'has no effect without aws_role_name')
  }
}

/** What a shared credential is taken for where secrets are only assumed. */
const STAND_IN = 'assumed'

const SHARED_KEYS = 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'

/** Reads what every deployment without credentials of its own shares; a value that cannot be one is reported. */
function checked(name: string, value: string | undefined, path: string, issues: Issues): string | undefined {
  if (value !== undefined && !v.is(credential, value)) {
    issues.error(path, `the secret ${name} holds a space, a line break or a letter that no credential of AWS has`)
  }
  return value
}

function sharedKeys(path: string, source: SecretSource, issues: Issues): StaticKeys | undefined {
  const read = (name: string) => checked(name, source.read(name, STAND_IN), path, issues)
  const id = read('AWS_ACCESS_KEY_ID')
  const secret = read('AWS_SECRET_ACCESS_KEY')
  const token = checked('AWS_SESSION_TOKEN', source.readOptional('AWS_SESSION_TOKEN'), path, issues)
  return staticKeys(id, secret, token)
}

function sharedCredentials(path: string, source: SecretSource, issues: Issues): UpstreamCredentials | null {
  const name = 'AWS_BEARER_TOKEN_BEDROCK'
  const token = checked(name, source.read(name, STAND_IN, SHARED_KEYS), path, issues)
  if (token !== undefined) return { kind: 'api-key', token }
  const keys = sharedKeys(path, source, issues)
  if (keys !== undefined) return keys
  issues.error(
    path,
    `no credentials: add aws_access_key_id and aws_secret_access_key, or api_key, or set the secret ${name} or the secrets ${SHARED_KEYS}`,
  )
  return null
}
