/**
 * Bedrock's operations as data: routes, signing and accounting are driven by this table.
 * Source: AWS service model of `bedrock-runtime`, https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html
 */
import {
  type Accounting,
  converseBody,
  converseMetadata,
  modelBody,
  modelChunks,
  nothing,
  type UsageReader,
} from '../usage/accounting.ts'

/** AWS's names of the operations served here. */
export type OperationName =
  | 'Converse'
  | 'ConverseStream'
  | 'InvokeModel'
  | 'InvokeModelWithResponseStream'
  | 'CountTokens'

/** Host prefix of the service an operation belongs to. Signing name is `bedrock` for all of them. */
export type BedrockService = 'bedrock-runtime'

export type Operation = {
  name: OperationName
  method: 'POST'
  service: BedrockService
  /** Path below the service root; `{modelId}` may span several segments when a client leaves slashes raw. */
  action: string
  /** The success answer is `application/vnd.amazon.eventstream`. */
  streams: boolean
  bills: Accounting['bills']
  /** Reads the usage of an exchange. */
  usage: UsageReader
  /** The request body means the same to every model, so another model group may answer it. */
  portable: boolean
}

export const OPERATIONS: readonly Operation[] = [
  {
    name: 'Converse',
    method: 'POST',
    service: 'bedrock-runtime',
    action: 'converse',
    streams: false,
    bills: 'model',
    usage: converseBody,
    portable: true,
  },
  {
    name: 'ConverseStream',
    method: 'POST',
    service: 'bedrock-runtime',
    action: 'converse-stream',
    streams: true,
    bills: 'model',
    usage: converseMetadata,
    portable: true,
  },
  {
    name: 'InvokeModel',
    method: 'POST',
    service: 'bedrock-runtime',
    action: 'invoke',
    streams: false,
    bills: 'model',
    usage: modelBody,
    portable: false,
  },
  {
    name: 'InvokeModelWithResponseStream',
    method: 'POST',
    service: 'bedrock-runtime',
    action: 'invoke-with-response-stream',
    streams: true,
    bills: 'model',
    usage: modelChunks,
    portable: false,
  },
  {
    name: 'CountTokens',
    method: 'POST',
    service: 'bedrock-runtime',
    action: 'count-tokens',
    streams: false,
    bills: 'nothing',
    usage: nothing,
    portable: false,
  },
]
