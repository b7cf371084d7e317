/**
 * Every reason for which the gateway itself refuses a call, as one closed union.
 * `aws-error.ts` beside this file turns one into an error as AWS would say it, `admin/management-error.ts` into one of the management API.
 */
import type { PathFault } from '../bedrock/operations/path.ts'
import type { Unsignable } from '../bedrock/signing/unsignable.ts'

export type Refusal =
  | { kind: 'no-credential' }
  | { kind: 'unknown-key' }
  | { kind: 'malformed-authorization'; detail: string }
  | PathFault
  | Unsignable
  | { kind: 'unknown-model'; model: string; known: readonly string[] }
  | { kind: 'body-too-large'; limitBytes: number }
  | { kind: 'body-unreadable' }
  /** The upload made no progress for this long. */
  | { kind: 'body-stalled'; afterMs: number }
  /** The caller is known and may not do this. */
  | { kind: 'not-allowed'; action: string }
  /** The client left before there was an answer; nobody receives this one. */
  | { kind: 'client-left' }
  | { kind: 'too-busy'; retryAfterMs: number }
  /** `reason`: row of the routing policy that took out the deployment which returns first. */
  | { kind: 'cooling'; status: 429 | 503; model: string; reason: string; retryAfterMs: number }
  | { kind: 'upstream-unreachable'; model: string; detail: string; retryAfterMs: number }
  /** Routing found no deployment that may be asked: the prompt fits into none, or all lie outside the call's regions. */
  | { kind: 'unroutable'; status: 400 | 403; message: string }
  | { kind: 'upstream-misrouted'; model: string }
  | { kind: 'no-config' }
  | { kind: 'internal' }
