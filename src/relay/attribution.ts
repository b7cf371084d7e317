/** What a client says about its call for the books: tags, metadata, end user, the ids of its SDK. */
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

/** Headers as in LiteLLM (`x-litellm-tags`, `-spend-logs-metadata`, `-customer-id`), and Bedrock's own request metadata. */
export function readAttribution(headers: Headers, facts: RequestFacts): Attribution {
  return {
    clientCallId: bounded(headers.get('x-litellm-call-id')),
    clientInvocationId: bounded(headers.get('amz-sdk-invocation-id')),
    endUser: bounded(headers.get('x-litellm-customer-id') ?? headers.get('x-litellm-end-user-id')),
    tags: (headers.get('x-litellm-tags') ?? '')
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

function spendLogsMetadata(headers: Headers): Record<string, unknown> {
  const text = headers.get('x-litellm-spend-logs-metadata')
  if (text === null) return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
    return { spend_logs_metadata: value }
  } catch {
    return { spend_logs_metadata: bounded(text) }
  }
}

function bounded(text: string | null): string | null {
  return text === null ? null : text.slice(0, VALUE_MAX_CHARS)
}
