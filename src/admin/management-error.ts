/** Errors of the management API, in LiteLLM's form: `{"error": {message, type, param, code}}`. */
import { errorOfRefusal } from '../access/aws-error.ts'
import type { Refusal } from '../access/refusal.ts'

export type AdminError = { status: number; type: string; message: string; param?: string }

export function adminErrorResponse(error: AdminError): Response {
  const { status, type, message, param } = error
  return Response.json({ error: { message, type, param: param ?? null, code: String(status) } }, { status })
}

/** Refusals as LiteLLM's users know them: 401 `auth_error` for a key that is missing or unknown. */
export function adminErrorOfRefusal(refusal: Refusal): AdminError {
  const { status, message } = errorOfRefusal(refusal)
  switch (refusal.kind) {
    case 'no-credential':
    case 'unknown-key':
    case 'malformed-authorization':
      return { status: 401, type: 'auth_error', message: `Authentication Error, ${message}` }
    case 'not-allowed':
      return { status, type: 'permission_error', message }
    case 'bad-path':
    case 'unsignable':
    case 'unroutable':
    case 'body-too-large':
    case 'body-unreadable':
    case 'body-stalled':
      return { status, type: 'bad_request', message }
    case 'unknown-operation':
    case 'unknown-model':
      return { status, type: 'not_found', message }
    case 'too-busy':
    case 'cooling':
    case 'upstream-unreachable':
    case 'no-config':
      return { status, type: 'unavailable', message }
    case 'upstream-misrouted':
    case 'client-left':
    case 'internal':
      return { status, type: 'internal_error', message }
    default:
      return refusal satisfies never
  }
}
