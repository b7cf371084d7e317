/** What a client says about its call for the books: tags, metadata, end user, the ids of its SDK. */
import type { HeaderMap } from '../../base/header-map.ts'
import type { RequestFacts } from './request-facts.ts'

/** Values beyond this are cut off: a row is a record, not a store. */
const VALUE_MAX_CHARS = 1024
const TAGS_MAX = 64

export type Attribution = {
  clientCallId: string | null
  clientInvocationId: string | null
  endUser: string | null
  tags: string[]
  metadata: Record<string, unknown>
}

/** Of a call about which nothing can be said. */
export const NO_ATTRIBUTION: Attribution = {
  clientCallId: null,
  clientInvocationId: null,
  endUser: null,
  tags: [],
  metadata: {},
}

/** Headers as in LiteLLM (`x-litellm-tags`, `-spend-logs-metadata`, `-customer-id`), and Bedrock's own request metadata. */
export function readAttribution(headers: HeaderMap, facts: RequestFacts): Attribution {
  return {
    clientCallId: bounded(headers['x-litellm-call-id']),
    clientInvocationId: bounded(headers['amz-sdk-invocation-id']),
    endUser: bounded(headers['x-litellm-customer-id'] ?? headers['x-litellm-end-user-id']),
    tags: (headers['x-litellm-tags'] ?? '')
      .split(',')
      .map((tag) => tag.trim().slice(0, VALUE_MAX_CHARS))
      .filter((tag) => tag !== '')
      .slice(0, TAGS_MAX),
    metadata: {
      ...spendLogsMetadata(headers),
      ...(facts.requestMetadata === null ? {} : { requestMetadata: facts.requestMetadata }),
    },
  }
}

function spendLogsMetadata(headers: HeaderMap): Record<string, unknown> {
  const text = headers['x-litellm-spend-logs-metadata']
  if (text === undefined) return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
    return { spend_logs_metadata: value }
  } catch {
    return { spend_logs_metadata: bounded(text) }
  }
}

function bounded(text: string | undefined): string | null {
  return text === undefined ? null : text.slice(0, VALUE_MAX_CHARS)
}
