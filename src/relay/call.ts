/** What is known of one call while it travels; each step of the journey adds its part and reads the others'. */
import type { Caller } from '../access/caller.ts'
import type { HeaderMap } from '../base/header-map.ts'
import type { Operation } from '../bedrock/operations/operation.ts'
import type { Labels } from '../bedrock/operations/path-template.ts'
import type { GatewayConfig } from '../config/types.ts'
import type { Catalogue } from '../ledger/prices/price-row.ts'
import type { Attempt } from '../routing/router.ts'
import type { Usage } from '../routing/strategies/strategy.ts'
import type { Disconnect } from './request/disconnect.ts'
import type { HeldBody } from './request/held-body.ts'
import type { RequestFacts } from './request/request-facts.ts'
import type { ResolvedModel } from './request/resolve-model.ts'
import type { Delivery } from './upstream/delivery.ts'

/** Gives back what a call holds; `usage` is what it consumed, as far as that is known. */
export type GiveBack = (usage: Usage) => void

/** A call from the moment it came in. */
export type Call = {
  /** `x-litellm-call-id`, the ledger's primary key. */
  readonly id: string
  readonly startedMs: number
  readonly method: string
  readonly clientHeaders: HeaderMap
  /** Every attempt at an upstream, in order. */
  readonly attempts: Attempt<Delivery>[]
  /** What `endCall` has to give back. */
  readonly holds: GiveBack[]
  /** Set by `endCall`, which does nothing the second time. */
  isOver: boolean
  /** The call with all that the steps before routing found out, as soon as they have. */
  admitted: AdmittedCall | null
}

/** A call that may be sent to an upstream. */
export type AdmittedCall = Call & {
  readonly config: GatewayConfig
  /** Live price rows, which win over the bundled ones. */
  readonly prices: Catalogue | undefined
  readonly caller: Caller
  readonly operation: Operation
  /** Labels of the request's path, decoded. */
  readonly labels: Labels
  /** The model as the client asked for it. */
  readonly model: string
  /** Where that model is served. */
  readonly resolved: ResolvedModel
  /** Query string with its `?`, passed on as it came. */
  readonly search: string
  /** The subset of the client's headers that goes upstream. */
  readonly upstreamHeaders: HeaderMap
  readonly body: HeldBody
  /** Whether the client is still there, and what becomes of the upstream when it is not. */
  readonly disconnect: Disconnect
  /** Access key id that the latest attempt signed with. */
  lastKeyId: string | undefined
  /** Read while an attempt waits for its upstream. */
  requestFacts: RequestFacts
  /** Time spent waiting for upstreams until an answer could be judged, over all attempts. */
  upstreamWaitMs: number
}

export function beginCall(id: string, startedMs: number, method: string, clientHeaders: HeaderMap): Call {
  return { id, startedMs, method, clientHeaders, attempts: [], holds: [], isOver: false, admitted: null }
}

export type AdmittedFacts = Omit<AdmittedCall, keyof Call | 'lastKeyId' | 'requestFacts' | 'upstreamWaitMs'>

/** The same call with what was found out. `endCall` gives back the body and the watch over the client. */
export function admitCall(call: Call, facts: AdmittedFacts): AdmittedCall {
  const { sizeBytes } = facts.body
  const requestFacts: RequestFacts = {
    request: null,
    requestMetadata: null,
    isMetadataCut: false,
    requestedTier: null,
    sizeBytes,
  }
  const admitted = Object.assign(call, facts, { lastKeyId: undefined, requestFacts, upstreamWaitMs: 0 })
  call.admitted = admitted
  call.holds.push(facts.disconnect.end)
  return admitted
}
