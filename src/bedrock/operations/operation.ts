/**
 * What one entry of the table of operations says: everything in which Bedrock's operations differ. Routing, signing, the tap,
 * verdict, repair, usage and price read it here, so that a new operation is one new entry.
 */
import type { Accounting } from '../usage/accounting.ts'
import type { PathTemplate } from './path-template.ts'
import type { ServiceName } from './services.ts'

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Where a value stands in a request: a label of the path, a member of the JSON body (by its path), or a header in lower case. */
export type Place =
  | { readonly in: 'path'; readonly label: string }
  | { readonly in: 'body'; readonly path: readonly [string, ...string[]] }
  | { readonly in: 'header'; readonly name: string }

export const RESOURCE_KINDS = ['model', 'guardrail', 'knowledge-base', 'agent', 'flow', 'account-resource'] as const

/**
 * What a request is about. `account-resource`: anything else that lives in one account and region (a session, an asynchronous
 * invocation); `account`: the account itself, as in a listing.
 */
export type Resource =
  | { readonly kind: (typeof RESOURCE_KINDS)[number]; readonly at: Place }
  | { readonly kind: 'account' }

export type StreamAnswer = {
  readonly kind: 'event-stream'
  /** Types of the events that carry output: their number is the estimate of a stream whose usage never came. */
  readonly content: readonly string[]
  /**
   * Where usage stands: in the last event of a type, in the model's own JSON inside the events of a type (base64 in `bytes`),
   * or nowhere.
   */
  readonly usageIn:
    | { readonly kind: 'event'; readonly event: string }
    | { readonly kind: 'model-chunks'; readonly event: string }
    | { readonly kind: 'nowhere' }
  /** What ends a whole one: an event of a type, what the model's family says in its chunks, or no more than a clean end. */
  readonly end:
    | { readonly by: 'event'; readonly event: string }
    | { readonly by: 'model-chunks' }
    | { readonly by: 'clean-end' }
  /** The exception put at the end of a stream that broke: a member of the operation's own union that no client retries. */
  readonly cut: string
}

/** A success answer: JSON of AWS's own, bytes of the model's (for most models JSON too), or an event stream. */
export type AnswerForm = { readonly kind: 'json' } | { readonly kind: 'blob' } | StreamAnswer

export type Operation = Accounting & {
  readonly service: ServiceName
  readonly method: HttpMethod
  /** Below the root of the service. */
  readonly path: PathTemplate
  readonly resource: Resource
  readonly answer: AnswerForm
  readonly successStatuses: readonly number[]
  /**
   * Whether the price hangs on what was asked (images, documents to rank): for every request, for models that are measured
   * by more than tokens, or for none.
   */
  readonly pricedByRequest: 'always' | 'by-model' | 'never'
  /** Who else may answer: any model group (the body means the same to every model), groups of the same body form, or none. */
  readonly fallback: 'any-group' | 'same-body-family' | 'none'
  /** Whether it may be asked again once bytes of it were sent. `before-sending`: what it does must not happen twice. */
  readonly repeat: 'always' | 'before-sending'
  /** Kinds of credentials that AWS takes for it. */
  readonly credentials: readonly ('keys' | 'api-key')[]
  /** Whose health its failures speak of: that of the deployment, or of this operation alone. */
  readonly health: 'deployment' | 'own'
  /** Where a client attaches its metadata; null where it cannot. */
  readonly requestMetadata: Place | null
  /** Where a request names a guardrail; null where it cannot. */
  readonly guardrail: Place | null
  /** Where a request asks for a service tier; null where it cannot. */
  readonly serviceTier: Place | null
  /** How it asks a deployment for its health: what that costs and the JSON body to send. Null: it is not asked for that. */
  readonly probe: { readonly cost: 'free' | 'paid'; readonly body: string } | null
}
