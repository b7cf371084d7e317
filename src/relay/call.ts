/** What is known of one call while it travels; each step of the journey adds its part and reads the others'. */
import type { Caller } from '../access/authenticate.ts'
import type { HeaderMap } from '../base/header-map.ts'
import type { Operation } from '../bedrock/operations/operation.ts'
import type { Labels } from '../bedrock/operations/path-template.ts'
import type { GatewayConfig } from '../config/types.ts'
import type { Catalogue } from '../ledger/prices/price-row.ts'
import type { AttemptLogEntry } from '../ledger/record/record.ts'
import type { Disconnect } from './request/disconnect.ts'
import type { HeldBody } from './request/held-body.ts'
import type { RequestFacts } from './request/request-facts.ts'
import type { ResolvedModel } from './request/resolve-model.ts'

export type Call = {
  /** `x-litellm-call-id`, the ledger's primary key. */
  readonly id: string
  readonly startedMs: number
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
  readonly clientHeaders: HeaderMap
  /** The subset that goes upstream. */
  readonly upstreamHeaders: HeaderMap
  readonly body: HeldBody
  /** Whether the client is still there, and what becomes of the upstream when it is not. */
  readonly disconnect: Disconnect
  readonly attempts: AttemptLogEntry[]
  /** Access key id that the latest attempt signed with. */
  lastKeyId: string | undefined
  /** Read while an attempt waits for its upstream. */
  requestFacts: RequestFacts
  /** Time spent waiting for upstreams until an answer could be judged, over all attempts. */
  upstreamWaitMs: number
}
