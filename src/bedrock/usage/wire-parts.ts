/**
 * The pieces of one exchange that usage is read from, already decoded. A live call, a recorded case and
 * `POST /spend/calculate` all hand in this form, so there is one reader of usage and one formula.
 */
export type WireParts = {
  /** Parsed JSON of a non-streaming answer. */
  body?: unknown
  /** Parsed payload of ConverseStream's `metadata` event; `null` when the stream ended without one. */
  metadata?: unknown
  /** Response headers, lower case. */
  headers?: Record<string, string>
  /** Parsed JSON of the InvokeModelWithResponseStream chunks that matter: the first and the last few. */
  chunks?: unknown[]
  /** Parsed JSON of the request where the price hangs on what was asked. */
  request?: unknown
}
