/** Turns the frames of a sound answer into the bytes of a faulty one. */

import type { Fault } from './faults.ts'
import { errorFrame, eventFrame, exceptionFrame, padded, withWrongCrc } from './frames.ts'

/** How the body ends: whole; too early, but with a proper end; or with the connection closed inside it. */
export type Ending = 'complete' | 'ended-early' | 'cut'

export function* misbehave(frames: Iterable<Uint8Array>, fault: Fault): Generator<Uint8Array, Ending> {
  let number = 0
  let bytesBefore = 0
  for (const frame of withStrangeFrames(frames, fault)) {
    const stop = stopAt(number, bytesBefore, frame.byteLength, fault)
    if (stop !== null) {
      if (stop.bytes > 0) yield frame.subarray(0, stop.bytes)
      return stop.ending
    }
    yield frame
    number += 1
    bytesBefore += frame.byteLength
  }
  return stopAt(number, bytesBefore, 0, fault)?.ending ?? 'complete'
}

/** Bytes of this frame that still go out, when the body stops before the frame's end. */
function stopAt(
  number: number,
  before: number,
  length: number,
  fault: Fault,
): { ending: Ending; bytes: number } | null {
  const half = Math.floor(length / 2)
  const within = (limit: number | undefined) => limit !== undefined && before + length >= limit
  if (fault.cutAfterFrames === number) return { ending: 'cut', bytes: 0 }
  if (fault.endAfterFrames === number) return { ending: 'ended-early', bytes: 0 }
  if (fault.cutInsideFrame === number && half > 0) return { ending: 'cut', bytes: half }
  if (fault.endInsideFrame === number && half > 0) return { ending: 'ended-early', bytes: half }
  if (within(fault.cutAfterBytes)) return { ending: 'cut', bytes: (fault.cutAfterBytes ?? 0) - before }
  if (within(fault.endAfterBytes)) return { ending: 'ended-early', bytes: (fault.endAfterBytes ?? 0) - before }
  return null
}

/** Exceptions, errors and unknown events at their places, and a wrong checksum where one is asked for. */
function* withStrangeFrames(frames: Iterable<Uint8Array>, fault: Fault): Generator<Uint8Array> {
  let number = 0
  for (const frame of frames) {
    const last = lastFrame(number, fault)
    if (last !== null) {
      yield last
      return
    }
    if (fault.unknownEventAfterFrames === number) {
      yield eventFrame('somethingNewEvent', padded({ detail: 'an event of a type that no client knows' }, number))
    }
    yield fault.wrongCrc?.frame === number ? withWrongCrc(frame, fault.wrongCrc.checksum) : frame
    number += 1
  }
  const last = lastFrame(number, fault)
  if (last !== null) yield last
}

/** The frame that takes the place of all that would follow. */
function lastFrame(number: number, fault: Fault): Uint8Array | null {
  const { exception, errorFrame: error } = fault
  if (exception !== undefined && (exception.afterFrames ?? 0) === number) {
    return exceptionFrame(exception.name, {
      message: exception.message ?? 'The simulated stream was asked to fail here.',
      ...(exception.originalStatusCode === undefined ? {} : { originalStatusCode: exception.originalStatusCode }),
      ...(exception.originalMessage === undefined ? {} : { originalMessage: exception.originalMessage }),
    })
  }
  if (error !== undefined && (error.afterFrames ?? 0) === number) return errorFrame(error.code, error.message)
  return null
}
