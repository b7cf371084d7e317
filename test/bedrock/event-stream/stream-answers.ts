/** How the streams of the table are answered, for tests of the tap. */
import type { StreamAnswer } from '../../../src/bedrock/operations/operation.ts'
import { OPERATIONS } from '../../../src/bedrock/operations/table.ts'

export type StreamingOperation = 'ConverseStream' | 'InvokeModelWithResponseStream'

export function streamAnswerOf(name: StreamingOperation): StreamAnswer {
  const answer = OPERATIONS.find((operation) => operation.name === name)?.answer
  if (answer?.kind !== 'event-stream') throw new Error(`${name} does not stream`)
  return answer
}
