/**
 * Every reason for which the gateway itself refuses a call, as one closed union.
 * `errors.ts` beside this file is the only place that turns one into a status, an AWS error name and a message.
 */
export type Refusal =
  | { kind: 'no-credential' }
  | { kind: 'unknown-key' }
  | { kind: 'malformed-authorization'; detail: string }
  | { kind: 'bad-path'; detail: string }
  | { kind: 'unknown-operation'; method: string; path: string }
  | { kind: 'unknown-model'; model: string; known: readonly string[] }
  | { kind: 'body-too-large'; limitBytes: number }
  | { kind: 'body-unreadable' }
  | { kind: 'too-busy'; retryAfterMs: number }
  /** `reason`: row of the routing policy that took out the deployment which returns first. */
  | { kind: 'cooling'; status: 429 | 503; model: string; reason: string; retryAfterMs: number }
  | { kind: 'upstream-unreachable'; model: string; detail: string; retryAfterMs: number }
  /** Routing found no deployment that may be asked: the prompt fits into none, or all lie outside the call's regions. */
  | { kind: 'unroutable'; status: 400 | 403; message: string }
  | { kind: 'upstream-misrouted'; model: string }
  | { kind: 'no-config' }
  | { kind: 'internal' }
