/**
 * Faults that a person can ask for by the model id alone: `…fault-<name>` at its end, as in
 * `anthropic.claude-sonnet-4-5:fault-cut` or `us.amazon.nova-micro-v1:fault-ThrottlingException`.
 */
import { ERROR_NAMES } from './errors.ts'
import type { Fault } from './faults.ts'

const SUFFIX = /(?:^|[.:-])fault-([A-Za-z0-9-]+)$/

/** Frames that are whole before a named fault of a stream strikes: messageStart and two pieces of text. */
const FRAMES_BEFORE = 3

const STREAM_FAULTS: Readonly<Record<string, Fault>> = {
  'first-frame-throttling': { exception: { name: 'throttlingException' } },
  'mid-stream-exception': { exception: { name: 'modelStreamErrorException', afterFrames: FRAMES_BEFORE } },
  'error-frame': { errorFrame: { code: 'InternalFailure', message: 'unmodelled failure', afterFrames: FRAMES_BEFORE } },
  'unknown-event': { unknownEventAfterFrames: FRAMES_BEFORE },
  cut: { cutInsideFrame: FRAMES_BEFORE },
  early: { endAfterFrames: FRAMES_BEFORE },
  half: { endInsideFrame: FRAMES_BEFORE },
  'wrong-crc': { wrongCrc: { frame: FRAMES_BEFORE, checksum: 'message' } },
  bytewise: { bytesPerWrite: 1 },
  drip: { msBetweenFrames: 1000 },
  silence: { hold: { at: 'headers', ms: 60_000 } },
  'no-metadata': { omitUsage: true },
  'no-totals': { omitTotals: true },
  cache: {
    usage: {
      cacheReadInputTokens: 1024,
      cacheWriteInputTokens: 1712,
      cacheDetails: [
        { ttl: '5m', inputTokens: 1200 },
        { ttl: '1h', inputTokens: 512 },
      ],
    },
  },
  'unknown-operation': { unknownOperation: true },
  html: { html: true },
  reset: { resetBeforeHeaders: true },
}

/** Every error by its AWS name, then the rest. */
export const NAMED_FAULTS: Readonly<Record<string, Fault>> = {
  ...Object.fromEntries(ERROR_NAMES.map((name): [string, Fault] => [name, { error: { name } }])),
  ...STREAM_FAULTS,
}

export function namedFault(model: string): Fault | null {
  const name = SUFFIX.exec(model)?.[1]
  return name !== undefined && Object.hasOwn(NAMED_FAULTS, name) ? (NAMED_FAULTS[name] ?? null) : null
}
