/** Which operation a raw request path means at AWS: strictly three segments, the middle one percent-encoded. */

export type OperationName =
  | 'Converse'
  | 'ConverseStream'
  | 'InvokeModel'
  | 'InvokeModelWithResponseStream'
  | 'CountTokens'

export const OPERATION_NAMES: readonly OperationName[] = [
  'Converse',
  'ConverseStream',
  'InvokeModel',
  'InvokeModelWithResponseStream',
  'CountTokens',
]

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html */
const OPERATION_BY_ACTION: ReadonlyMap<string, OperationName> = new Map([
  ['converse', 'Converse'],
  ['converse-stream', 'ConverseStream'],
  ['invoke', 'InvokeModel'],
  ['invoke-with-response-stream', 'InvokeModelWithResponseStream'],
  ['count-tokens', 'CountTokens'],
])

export type Route = {
  operation: OperationName
  /** Decoded model id, profile id or ARN. */
  model: string
}

/**
 * `null` where AWS finds no operation. The raw path is split before anything is decoded, so an ARN
 * whose slashes were not escaped leads nowhere, as it does at AWS.
 */
export function route(method: string, rawUrl: string): Route | null {
  const path = rawUrl.split('?', 1)[0] ?? ''
  const segments = path.split('/')
  const [empty, collection, rawModel, action] = segments
  if (method !== 'POST' || segments.length !== 4 || empty !== '' || collection !== 'model') return null
  const operation = OPERATION_BY_ACTION.get(action ?? '')
  const model = decode(rawModel ?? '')
  return operation === undefined || model === '' ? null : { operation, model }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return ''
  }
}
