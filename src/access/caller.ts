/**
 * Who calls, and what that caller may do. A permission is said for each caller and asked for by each route, never inferred from
 * the kind of key: a caller that may call models may not for that reason read the spend of others.
 */

/** How far a permission reaches; `none` is no permission. */
export const SCOPES = ['none', 'own', 'team', 'all'] as const
export type Scope = (typeof SCOPES)[number]

/** `call`: operations of Bedrock. `see`: spend, models and health. `manage`: configuration, probes and keys. */
export type Permission = 'call' | 'see' | 'manage'

export type Caller = {
  /** Digest of its key; null for the master key. */
  readonly apiKey: string | null
  readonly teamId: string | null
  readonly userId: string | null
  readonly may: Readonly<Record<Permission, Scope>>
}

/** The master key may do everything. */
export const MASTER: Caller = {
  apiKey: null,
  teamId: null,
  userId: null,
  may: { call: 'all', see: 'all', manage: 'all' },
}

/** What a route asks for. */
export type Demand = { permission: Permission; scope: Exclude<Scope, 'none'> }

export function mayDo(caller: Caller, { permission, scope }: Demand): boolean {
  return SCOPES.indexOf(caller.may[permission]) >= SCOPES.indexOf(scope)
}
