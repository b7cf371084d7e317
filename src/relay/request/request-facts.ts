/**
 * The few things the books want from a request body. Parsing every prompt for them would cost all calls what few need,
 * so a body is parsed only where the operation or a name found in its text says that something is there.
 */
import type { HeaderMap } from '../../base/header-map.ts'
import { isObject, parseJson, parseJsonText } from '../../base/json.ts'
import { familyOfReference } from '../../bedrock/model/families/families.ts'
import type { Operation } from '../../bedrock/operations/bedrock-runtime.ts'

export type RequestFacts = {
  /** Parsed body where the price hangs on what was asked (images, rerank, guardrails), else null. */
  request: Record<string, unknown> | null
  /** `requestMetadata` of Converse, or its header on InvokeModel. */
  requestMetadata: Record<string, unknown> | null
  /** Bytes of the request, for an estimate of its tokens when nobody counted them. */
  sizeBytes: number
}

const METADATA_HEADER = 'x-amzn-bedrock-request-metadata'
const GUARDRAIL_HEADER = 'x-amzn-bedrock-guardrailidentifier'

/** Must run while the body is held. `priceModel` is the id whose price applies. */
export function readRequestFacts(
  operation: Operation,
  headers: HeaderMap,
  body: Uint8Array,
  priceModel: string,
): RequestFacts {
  const sizeBytes = body.byteLength
  if (operation.portable) {
    const request = mentions(body, ['"requestMetadata"', '"guardrailConfig"']) ? record(parseJson(body)) : null
    return { request, requestMetadata: record(request?.requestMetadata), sizeBytes }
  }
  const metadata = headers[METADATA_HEADER]
  const requestMetadata = metadata === undefined ? null : record(parseJsonText(metadata))
  const asked = familyOfReference(priceModel).measuredBy !== 'tokens' ? record(parseJson(body)) : null
  const guardrail = headers[GUARDRAIL_HEADER]
  const guarded = guardrail !== undefined ? { guardrailConfig: { guardrailIdentifier: guardrail } } : {}
  const request = asked === null && guardrail === undefined ? null : { ...asked, ...guarded }
  return { request, requestMetadata, sizeBytes }
}

function mentions(body: Uint8Array, names: readonly string[]): boolean {
  const text = new TextDecoder().decode(body)
  return names.some((name) => text.includes(name))
}

function record(value: unknown): Record<string, unknown> | null {
  return isObject(value) ? { ...value } : null
}
