/** What every client is put through: requests, upstream faults, and what AWS would have the client see. */
import { ERRORS, type ErrorName } from '../simulator/errors.ts'
import type { Fault, STREAM_EXCEPTIONS } from '../simulator/faults.ts'
import { splitFrames } from '../simulator/frames.ts'
import { call } from '../simulator/raw-client.ts'
import type { Simulator } from '../simulator/server.ts'

export const MESSAGES = [{ role: 'user' as const, content: [{ text: 'Say this is a test' }] }]

/** Body of InvokeModel for Anthropic's models. */
export const CLAUDE_REQUEST = JSON.stringify({
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 64,
  messages: [{ role: 'user', content: 'Say this is a test' }],
})

/** A model id that is nobody else's, so that a fault of one test, and what routing learns of it, stays with that test. */
export function modelIdOf(name: string): string {
  return `anthropic.claude-${name}-v1:0`
}

/** Model names with ids of their own, as `startPair` wants them. */
export function modelsOf(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, modelIdOf(name)]))
}

/** Characters that a text survives only where nobody encodes, escapes or trims it. */
export function awkwardMessage(name: string): string {
  return `  ${name}: “quoted”, 100 % – naïve {braces} <tags> & "more"\n\tof it `
}

/** `status`: what a client gets. */
export type UpstreamError = { name: ErrorName; status: number; operation: 'Converse' | 'InvokeModel' }

const upstreamError = (name: ErrorName, operation: UpstreamError['operation'] = 'Converse'): UpstreamError => ({
  name,
  // No client gets 408, which some repeat; the name keeps the class.
  status: ERRORS[name].status === 408 ? 424 : ERRORS[name].status,
  operation,
})

/** HTTP errors that the service model gives a class, each on an operation that has it. */
export const UPSTREAM_ERRORS: readonly UpstreamError[] = [
  upstreamError('ValidationException'),
  upstreamError('AccessDeniedException'),
  upstreamError('ResourceNotFoundException'),
  upstreamError('ThrottlingException'),
  upstreamError('ModelNotReadyException'),
  upstreamError('ModelTimeoutException'),
  upstreamError('ModelErrorException'),
  upstreamError('InternalServerException'),
  upstreamError('ServiceUnavailableException'),
  upstreamError('ServiceQuotaExceededException', 'InvokeModel'),
]

type StreamException = (typeof STREAM_EXCEPTIONS)[number]

/** Members of ConverseStream's union that are exceptions, with the error and the status that each stands for. */
export const CONVERSE_STREAM_EXCEPTIONS: readonly { member: StreamException; error: ErrorName; status: number }[] = [
  { member: 'throttlingException', error: 'ThrottlingException', status: 429 },
  { member: 'serviceUnavailableException', error: 'ServiceUnavailableException', status: 503 },
  { member: 'internalServerException', error: 'InternalServerException', status: 500 },
  { member: 'modelStreamErrorException', error: 'ModelStreamErrorException', status: 424 },
  { member: 'validationException', error: 'ValidationException', status: 400 },
]

/** Text frames of the streams that break. In front of them are messageStart, or message_start and content_block_start. */
export const TEXT_FRAMES = 4

/** `frames` come whole. `typed`: the client is told by an exception; else by a frame whose checksum is wrong. */
export type BrokenStream = { title: string; frames: number; typed: boolean; fault(firstFrameBytes: number): Fault }

/** Ways in which an upstream leaves a stream unfinished after content has gone out. */
export const BROKEN_STREAMS: readonly BrokenStream[] = [
  { title: 'loses the connection between two frames', frames: 3, typed: true, fault: () => ({ cutAfterFrames: 3 }) },
  { title: 'loses the connection inside a payload', frames: 3, typed: false, fault: () => ({ cutInsideFrame: 3 }) },
  {
    title: 'loses the connection 1 byte into a frame',
    frames: 1,
    typed: true,
    fault: (first) => ({ cutAfterBytes: first + 1 }),
  },
  {
    title: 'loses the connection inside the lengths of a frame',
    frames: 1,
    typed: true,
    fault: (first) => ({ cutAfterBytes: first + 6 }),
  },
  {
    title: 'loses the connection inside a prelude checksum',
    frames: 1,
    typed: true,
    fault: (first) => ({ cutAfterBytes: first + 10 }),
  },
  {
    title: 'loses the connection inside the headers of a frame',
    frames: 1,
    typed: false,
    fault: (first) => ({ cutAfterBytes: first + 30 }),
  },
  { title: 'ends the body cleanly between two frames', frames: 3, typed: true, fault: () => ({ endAfterFrames: 3 }) },
  { title: 'ends the body cleanly inside a frame', frames: 3, typed: false, fault: () => ({ endInsideFrame: 3 }) },
  {
    title: 'ends the body cleanly after all text',
    frames: TEXT_FRAMES + 2,
    typed: true,
    fault: () => ({ endAfterFrames: TEXT_FRAMES + 2 }),
  },
]

/** Arms the fault for every request for the model; it knows the stream's first frame from one of the simulator's own answers. */
export async function breakStream(
  simulator: Simulator,
  operation: 'ConverseStream' | 'InvokeModelWithResponseStream',
  model: string,
  { fault }: BrokenStream,
): Promise<void> {
  const sound = simulator.fault(model, { frames: TEXT_FRAMES })
  const body = operation === 'ConverseStream' ? { messages: MESSAGES } : CLAUDE_REQUEST
  const answer = await call(simulator.url, operation, model, { body })
  simulator.clearFaults(sound)
  const [first] = splitFrames(answer.body)
  simulator.fault(model, { frames: TEXT_FRAMES, ...fault(first?.byteLength ?? 0) })
}
