/** The operations that the simulator serves: the path of each as AWS writes it, and who makes its answers. */
import { converse, converseStream, countTokens, invokeModel, invokeModelStream } from './answers/answer.ts'
import type { Json } from './answers/prompt.ts'
import type { Fault } from './faults.ts'
import type { Reply } from './reply.ts'

/** A request whose body is JSON, and what a fault asks of the content of its answer. */
export type SimulatedRequest = {
  /** Decoded value of the path's first label; empty where the path has none. */
  model: string
  headers: Readonly<Record<string, string>>
  body: Json
  /** Fields that shape the content are honoured by the maker; those of the transport are not looked at. */
  fault: Fault
}

export type SimulatedOperation = {
  /** AWS's name. */
  name: string
  method: string
  /** `/model/{modelId}/converse` */
  path: string
  answer: (request: SimulatedRequest) => Reply
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html */
export const SIMULATED_OPERATIONS: readonly SimulatedOperation[] = [
  { name: 'Converse', method: 'POST', path: '/model/{modelId}/converse', answer: converse },
  { name: 'ConverseStream', method: 'POST', path: '/model/{modelId}/converse-stream', answer: converseStream },
  { name: 'InvokeModel', method: 'POST', path: '/model/{modelId}/invoke', answer: invokeModel },
  {
    name: 'InvokeModelWithResponseStream',
    method: 'POST',
    path: '/model/{modelId}/invoke-with-response-stream',
    answer: invokeModelStream,
  },
  { name: 'CountTokens', method: 'POST', path: '/model/{modelId}/count-tokens', answer: countTokens },
]
