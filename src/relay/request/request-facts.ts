/**
 * The few facts of a request body that the ledger records. A body is built into a tree only where the price depends on what was
 * asked; else it is scanned for the members that are wanted.
 */
import type { HeaderMap } from '../../base/header-map.ts'
import { isObject, parseBoundedJson } from '../../base/json.ts'
import { familyOfReference } from '../../bedrock/model/families/families.ts'
import { membersOfBody } from '../../bedrock/operations/body-members.ts'
import type { Operation, Place } from '../../bedrock/operations/operation.ts'
import { valueAt } from '../../bedrock/operations/place.ts'
import { tierAt } from '../../bedrock/usage/requested-tier.ts'

export type RequestFacts = {
  /** The body where the price depends on what was asked (images, rerank), else its members that the ledger records; null for none. */
  request: Record<string, unknown> | null
  /** What the client attached where the operation has a place for it. */
  requestMetadata: Record<string, unknown> | null
  /** What the client attached is too large to be read. */
  isMetadataCut: boolean
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
  const { requestMetadata, guardrail, serviceTier } = operation
  const isWhole = isBodyWanted(operation, priceModel)
  const members = membersOfBody(body, [requestMetadata, guardrail, serviceTier].flatMap(firstMember))
  const tree = isWhole || members.isCut ? record(parseBoundedJson(body)) : null
  const asked = tree ?? (isWhole ? null : record(members.value))
  const named = guardrail?.in === 'header' ? headers[guardrail.name] : undefined
  const guarded = named === undefined ? {} : { guardrailConfig: { guardrailIdentifier: named } }
  return {
    request: asked === null && named === undefined ? null : { ...asked, ...guarded },
    requestMetadata: record(valueAt(requestMetadata, headers, tree ?? members.value)),
    isMetadataCut: members.isCut && tree === null,
    requestedTier: tierAt(serviceTier, headers, tree ?? members.value),
    sizeBytes: body.byteLength,
  }
}

function isBodyWanted({ pricedByRequest }: Operation, priceModel: string): boolean {
  if (pricedByRequest === 'always') return true
  return pricedByRequest === 'by-model' && familyOfReference(priceModel).measuredBy !== 'tokens'
}

/** Name of the top-level member that holds the value of a place in the body. */
function firstMember(place: Place | null): string[] {
  return place?.in === 'body' ? [place.path[0]] : []
}

function record(value: unknown): Record<string, unknown> | null {
  return isObject(value) ? { ...value } : null
}
