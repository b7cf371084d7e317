/** Exceptions and errors as messages of a stream. */
import { member, parseJson } from '../../base/json.ts'
import type { Frame } from './reader.ts'

export type StreamException = {
  /** As on the wire: lower camel for modelled exceptions, the error code for others. */
  type: string
  message: string
  /** What the model behind Bedrock answered, where `modelStreamErrorException` names it. */
  originalStatusCode?: number
}

/** Keeps a summary small whatever an upstream writes. */
const MAX_MESSAGE_CHARS = 4_096

/** The exception that a message raises at the client; null for an event. */
export function readException(frame: Frame): StreamException | null {
  const messageType = frame.headers.get(':message-type')
  if (messageType === 'error') {
    return {
      type: frame.headers.get(':error-code') ?? '',
      message: (frame.headers.get(':error-message') ?? '').slice(0, MAX_MESSAGE_CHARS),
    }
  }
  if (messageType !== 'exception') return null
  const payload = parseJson(frame.payload)
  const message = member(payload, 'message') ?? member(payload, 'Message')
  const originalStatusCode = member(payload, 'originalStatusCode')
  return {
    type: frame.headers.get(':exception-type') ?? '',
    message: typeof message === 'string' ? message.slice(0, MAX_MESSAGE_CHARS) : '',
    ...(typeof originalStatusCode === 'number' ? { originalStatusCode } : {}),
  }
}
