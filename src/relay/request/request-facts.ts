/**
 * The few facts of a request body that the ledger records. Most calls have none of them, so a body is parsed only where the operation
 * needs it or a name found in its text says that one of them is there.
 */
import type { HeaderMap } from '../../base/header-map.ts'
import { isObject, parseBoundedJson } from '../../base/json.ts'
import { familyOfReference } from '../../bedrock/model/families/families.ts'
import type { Operation, Place } from '../../bedrock/operations/operation.ts'
import { valueAt } from '../../bedrock/operations/place.ts'
import { requestedTier } from '../../bedrock/usage/requested-tier.ts'

export type RequestFacts = {
  /** Parsed body where the price hangs on what was asked (images, rerank, guardrails), else null. */
  request: Record<string, unknown> | null
  /** What the client attached where the operation has a place for it. */
  requestMetadata: Record<string, unknown> | null
  /** Service tier that was asked for. */
  requestedTier: string | null
  /** Bytes of the request, for an estimate of its tokens when nobody counted them. */
  sizeBytes: number
}

/** Must run while the body is held. `priceModel` is the id whose price applies. */
export function readRequestFacts(
  operation: Operation,
  headers: HeaderMap,
  body: Uint8Array,
  priceModel: string,
): RequestFacts {
  const asked = isBodyWanted(operation, body, priceModel) ? record(parseBoundedJson(body)) : null
  const guardrail = operation.guardrail?.in === 'header' ? headers[operation.guardrail.name] : undefined
  const guarded = guardrail === undefined ? {} : { guardrailConfig: { guardrailIdentifier: guardrail } }
  return {
    request: asked === null && guardrail === undefined ? null : { ...asked, ...guarded },
    requestMetadata: record(valueAt(operation.requestMetadata, headers, asked)),
    requestedTier: requestedTier(operation.serviceTier, headers, body),
    sizeBytes: body.byteLength,
  }
}

function isBodyWanted(operation: Operation, body: Uint8Array, priceModel: string): boolean {
  const { pricedByRequest, requestMetadata, guardrail } = operation
  if (pricedByRequest === 'always') return true
  if (pricedByRequest === 'by-model' && familyOfReference(priceModel).measuredBy !== 'tokens') return true
  return mentions(body, [requestMetadata, guardrail].flatMap(firstMember))
}

/** Name of the top-level member that holds the value of a place in the body, as it stands in JSON. */
function firstMember(place: Place | null): string[] {
  return place?.in === 'body' ? [`"${place.path[0]}"`] : []
}

function mentions(body: Uint8Array, names: readonly string[]): boolean {
  if (names.length === 0) return false
  const text = new TextDecoder().decode(body)
  return names.some((name) => text.includes(name))
}

function record(value: unknown): Record<string, unknown> | null {
  return isObject(value) ? { ...value } : null
}
