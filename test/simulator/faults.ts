/**
 * Faults as data: what a request may be answered with instead of, or on top of, a sound answer.
 * Every field is optional and they combine; README.md has the table. Frame numbers count from 0 over the whole stream.
 */
import * as v from 'valibot'
import { ERROR_NAMES } from './errors.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const positive = v.pipe(v.number(), v.integer(), v.minValue(1))
const headers = v.record(v.string(), v.string())
const yes = v.literal(true)

/** Longest wait a fault may ask for: one day, in ms. `setTimeout` fires at once beyond 24.8 days. */
const WAIT_MAX_MS = 86_400_000
const waitMs = v.pipe(v.number(), v.minValue(0), v.maxValue(WAIT_MAX_MS))

/** Exceptions that a stream of bedrock-runtime may hold, as members of its union. */
export const STREAM_EXCEPTIONS = [
  'internalServerException',
  'modelStreamErrorException',
  'validationException',
  'throttlingException',
  'serviceUnavailableException',
  'modelTimeoutException',
] as const

const UsageSchema = v.strictObject({
  inputTokens: v.exactOptional(count),
  outputTokens: v.exactOptional(count),
  cacheReadInputTokens: v.exactOptional(count),
  cacheWriteInputTokens: v.exactOptional(count),
  /** The split of the cache writes by lifetime: `ttl` is `5m` or `1h`. */
  cacheDetails: v.exactOptional(v.array(v.strictObject({ ttl: v.string(), inputTokens: count }))),
})

export const FaultSchema = v.strictObject({
  /** Instead of an answer: an error of the table in `errors.ts`. */
  error: v.exactOptional(
    v.strictObject({
      name: v.picklist(ERROR_NAMES),
      message: v.exactOptional(v.string()),
      status: v.exactOptional(v.pipe(positive, v.minValue(400), v.maxValue(599))),
      capitalMessage: v.exactOptional(v.boolean()),
      originalStatusCode: v.exactOptional(count),
      originalMessage: v.exactOptional(v.string()),
      resourceName: v.exactOptional(v.string()),
      headers: v.exactOptional(headers),
    }),
  ),
  /** Instead of an answer: status 200 and `UnknownOperationException` in the body. */
  unknownOperation: v.exactOptional(yes),
  /** Instead of an answer: an HTML page with status 503. */
  html: v.exactOptional(yes),
  /** Instead of an answer: exactly this. The body is base64. */
  raw: v.exactOptional(
    v.strictObject({ status: positive, headers: v.exactOptional(headers), bodyBase64: v.exactOptional(v.string()) }),
  ),
  /** Instead of an answer: the recorded exchange of this name (`file name without .json`, `#n` for the n-th from 0). */
  recording: v.exactOptional(v.string()),

  /** The whole text of the answer. */
  text: v.exactOptional(v.string()),
  /** So many text frames (a body that is not streamed holds the text of all of them), each of `frameChars` characters. */
  frames: v.exactOptional(positive),
  frameChars: v.exactOptional(positive),
  /** A body that is not streamed is filled with text to at least so many bytes. */
  bodyBytes: v.exactOptional(positive),
  /** Replaces single values of the usage. */
  usage: v.exactOptional(UsageSchema),
  /** Usage without its sum (`totalTokens`, `total_tokens`). */
  omitTotals: v.exactOptional(yes),
  /** No usage anywhere: no `metadata` event, no invocation metrics, no token headers, no `usage` in a body. */
  omitUsage: v.exactOptional(yes),
  /** The tier that served, whatever was asked for. */
  serviceTier: v.exactOptional(v.string()),
  /** `performanceConfig.latency` that served. */
  performanceLatency: v.exactOptional(v.string()),

  /** Streams: an exception frame after so many frames, then a clean end. 0 makes it the first frame. */
  exception: v.exactOptional(
    v.strictObject({
      name: v.union([v.picklist(STREAM_EXCEPTIONS), v.pipe(v.string(), v.minLength(1))]),
      afterFrames: v.exactOptional(count),
      message: v.exactOptional(v.string()),
      originalStatusCode: v.exactOptional(count),
      originalMessage: v.exactOptional(v.string()),
    }),
  ),
  /** Streams: a frame of `:message-type` `error` after so many frames, then a clean end. */
  errorFrame: v.exactOptional(
    v.strictObject({ code: v.string(), message: v.string(), afterFrames: v.exactOptional(count) }),
  ),
  /** Streams: an event of a type nobody knows, put in after so many frames; the stream goes on. */
  unknownEventAfterFrames: v.exactOptional(count),
  /** Streams: one frame with a wrong checksum. */
  wrongCrc: v.exactOptional(v.strictObject({ frame: count, checksum: v.picklist(['prelude', 'message']) })),

  /** The body ends cleanly (last chunk sent) too early: at a frame boundary, in the middle of a frame, or after so many bytes. */
  endAfterFrames: v.exactOptional(count),
  endInsideFrame: v.exactOptional(count),
  endAfterBytes: v.exactOptional(count),
  /** The TCP connection is closed within the body: at a frame boundary, in the middle of a frame, or after so many bytes. */
  cutAfterFrames: v.exactOptional(count),
  cutInsideFrame: v.exactOptional(count),
  cutAfterBytes: v.exactOptional(count),
  /** The TCP connection is reset (RST) before a status line. */
  resetBeforeHeaders: v.exactOptional(yes),

  /** Writes of so many bytes at most, each flushed on its own. */
  bytesPerWrite: v.exactOptional(positive),
  /** Wait before every frame but the first, in ms. */
  msBetweenFrames: v.exactOptional(waitMs),
  /** Silence before the status line, or after so many frames; for `ms`, else until it is released. */
  hold: v.exactOptional(v.strictObject({ at: v.union([v.literal('headers'), count]), ms: v.exactOptional(waitMs) })),
})

export type Fault = v.InferOutput<typeof FaultSchema>

/** Which requests something is about; what is absent fits all. */
export const MatchSchema = v.strictObject({
  /** Decoded model id, profile id or ARN, as a whole. */
  model: v.exactOptional(v.string()),
  /** AWS's name of the operation. */
  operation: v.exactOptional(v.string()),
  /** Region of the listener the request came in on. */
  region: v.exactOptional(v.string()),
})

export type Match = v.InferOutput<typeof MatchSchema>

/** A model id alone, or several conditions of which all must hold. */
export type MatchInput = string | Match

export type Matched = { model: string | null; operation: string | null; region: string }

export function matches(match: MatchInput, subject: Matched): boolean {
  if (typeof match === 'string') return subject.model === match
  return (
    (match.model === undefined || match.model === subject.model) &&
    (match.operation === undefined || match.operation === subject.operation) &&
    (match.region === undefined || match.region === subject.region)
  )
}

export type FaultOptions = {
  /** Requests it applies to before it is used up; without it, all until it is cleared. */
  times?: number
  /** Matching requests that it lets pass first. */
  skip?: number
}

export type ArmedFault = { id: number; match: MatchInput; fault: Fault; left: number; skip: number }

export type FaultQueue = ReturnType<typeof faultQueue>

/** Faults in the order they were set: the first that fits a request applies, so limited ones make a script. */
export function faultQueue() {
  let armed: ArmedFault[] = []
  let lastId = 0
  return {
    arm(match: MatchInput, fault: Fault, options: FaultOptions = {}): number {
      lastId += 1
      armed.push({ id: lastId, match, fault, left: options.times ?? Number.POSITIVE_INFINITY, skip: options.skip ?? 0 })
      return lastId
    },

    /** The fault for this request, or `null`; counts as one of its times. */
    take(subject: Matched): Fault | null {
      for (const entry of armed) {
        if (!matches(entry.match, subject)) continue
        if (entry.skip > 0) {
          entry.skip -= 1
          continue
        }
        entry.left -= 1
        if (entry.left <= 0) armed = armed.filter((other) => other !== entry)
        return entry.fault
      }
      return null
    },

    /** One fault by its id, else all. */
    clear(id?: number): void {
      armed = id === undefined ? [] : armed.filter((entry) => entry.id !== id)
    },

    list: (): readonly ArmedFault[] => armed,
  }
}
