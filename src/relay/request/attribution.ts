/**
 * What a client says about its call for the ledger: tags, metadata, end user, the ids of its SDK. Depth, size and number are bounded
 * before anything is kept, and `isCut` says whether something was left out.
 */
import { boundJson, type JsonBounds } from '../../base/bound-json.ts'
import type { HeaderMap } from '../../base/header-map.ts'
import { isObject, parseJsonText } from '../../base/json.ts'
import type { RequestFacts } from './request-facts.ts'

/** Values beyond this are cut off: a row is a record, not a store. */
const VALUE_MAX_CHARS = 1024
const TAGS_MAX = 64
const METADATA_BOUNDS: JsonBounds = { maxDepth: 16, maxEntries: 1_000, maxTextChars: 4_096, maxChars: 12_288 }

export type Attribution = {
  clientCallId: string | null
  clientInvocationId: string | null
  endUser: string | null
  tags: string[]
  metadata: Record<string, unknown>
  /** Whether something was left out or shortened. */
  isCut: boolean
}

/** For a call whose attribution could not be read. */
export const NO_ATTRIBUTION: Attribution = {
  clientCallId: null,
  clientInvocationId: null,
  endUser: null,
  tags: [],
  metadata: {},
  isCut: false,
}

/** Headers as in LiteLLM (`x-litellm-tags`, `-spend-logs-metadata`, `-customer-id`), and Bedrock's own request metadata. */
export function readAttribution(headers: HeaderMap, facts: RequestFacts): Attribution {
  let isCut = facts.isMetadataCut
  const text = (given: string | undefined): string | null => {
    if (given === undefined) return null
    if (given.length > VALUE_MAX_CHARS) isCut = true
    return given.slice(0, VALUE_MAX_CHARS)
  }
  const named = (headers['x-litellm-tags'] ?? '').split(',').map((tag) => tag.trim())
  const tags = named.filter((tag) => tag !== '')
  const metadata = boundJson(
    {
      ...spendLogsMetadata(headers),
      ...(facts.requestMetadata === null ? {} : { requestMetadata: facts.requestMetadata }),
    },
    METADATA_BOUNDS,
  )
  if (metadata.truncated || tags.length > TAGS_MAX) isCut = true
  const attribution = {
    clientCallId: text(headers['x-litellm-call-id']),
    clientInvocationId: text(headers['amz-sdk-invocation-id']),
    endUser: text(headers['x-litellm-customer-id'] ?? headers['x-litellm-end-user-id']),
    tags: tags.slice(0, TAGS_MAX).map((tag) => text(tag) ?? ''),
    metadata: isObject(metadata.value) ? { ...metadata.value } : {},
  }
  return { ...attribution, isCut }
}

function spendLogsMetadata(headers: HeaderMap): Record<string, unknown> {
  const text = headers['x-litellm-spend-logs-metadata']
  if (text === undefined) return {}
  const value = parseJsonText(text)
  return isObject(value) ? { ...value } : { spend_logs_metadata: value ?? text }
}
