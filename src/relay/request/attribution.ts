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
  /** Something above was cut off. */
  truncated: boolean
}

/** Of a call about which nothing can be said. */
export const NO_ATTRIBUTION: Attribution = {
  clientCallId: null,
  clientInvocationId: null,
  endUser: null,
  tags: [],
  metadata: {},
  truncated: false,
}

/** Headers as in LiteLLM (`x-litellm-tags`, `-spend-logs-metadata`, `-customer-id`), and Bedrock's own request metadata. */
export function readAttribution(headers: HeaderMap, facts: RequestFacts): Attribution {
  let truncated = false
  const bounded = (text: string): string => {
    truncated ||= text.length > VALUE_MAX_CHARS
    return text.slice(0, VALUE_MAX_CHARS)
  }
  const textOf = (name: string): string | null => {
    const text = headers[name]
    return text === undefined ? null : bounded(text)
  }
  const tags = (headers['x-litellm-tags'] ?? '')
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
  truncated ||= tags.length > TAGS_MAX
  const attribution = {
    clientCallId: textOf('x-litellm-call-id'),
    clientInvocationId: textOf('amz-sdk-invocation-id'),
    endUser: textOf('x-litellm-customer-id') ?? textOf('x-litellm-end-user-id'),
    tags: tags.slice(0, TAGS_MAX).map(bounded),
    metadata: {
      ...spendLogsMetadata(headers, bounded),
      ...(facts.requestMetadata === null ? {} : { requestMetadata: facts.requestMetadata }),
    },
  }
  return { ...attribution, truncated }
}

function spendLogsMetadata(headers: HeaderMap, bounded: (text: string) => string): Record<string, unknown> {
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
