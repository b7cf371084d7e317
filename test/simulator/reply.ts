/** An answer before it meets the socket. */
export type Reply = {
  status: number
  /** Lower case; `x-amzn-requestid` is added on the way out where it is absent. */
  headers: Record<string, string>
  /** One piece with a known length, or the frames of a stream, made as they are asked for. */
  body: Uint8Array | Iterable<Uint8Array>
}

/** The body's frames; a body of one piece counts as one frame. */
export function framesOf(body: Reply['body']): Iterable<Uint8Array> {
  return body instanceof Uint8Array ? [body] : body
}
