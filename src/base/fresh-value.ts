/**
 * A value from outside that one isolate keeps and keeps fresh: read before the first use, then again in the background.
 *
 * All first calls of a cold isolate wait for the same read. Later calls get what is there at once; a new version is seen by the
 * call after the one that set off the refresh. A bad version never replaces a good one, and each problem is told once.
 * Isolates may hold different versions for the refresh interval, and as long as the source itself serves an old one.
 */

/** What a read found. */
export type Found<Value, Problem> =
  /** `text` tells one version from another; `take` is asked once for each. */
  | { kind: 'version'; text: string; take: () => Taken<Value, Problem> | Promise<Taken<Value, Problem>> }
  /** The source holds nothing. What is in use stays, unless nothing is itself a value. */
  | { kind: 'absent'; problem: Problem }
  | { kind: 'absent'; value: Value }
  /** The source did not answer. */
  | { kind: 'unreadable'; problem: Problem }

export type Taken<Value, Problem> = { ok: true; value: Value } | { ok: false; problem: Problem }

export type FreshValueOptions<Source, Value, Problem> = {
  /** Milliseconds since the epoch. */
  now: () => number
  /** What is used before anything was read. */
  initial: Value
  /** Must not throw. */
  read: (source: Source) => Promise<Found<Value, Problem>>
  /** `until-read`: the first read is waited for, whatever it finds. `until-taken`: every call waits until there is a version. */
  wait: 'until-read' | 'until-taken'
  refreshIntervalMs: number
  onProblem: (problem: Problem) => void
}

export type FreshValue<Source, Value> = {
  /** The value in use. `waitUntil` holds a read that others may be waiting for when the call that began it is gone. */
  load: (source: Source, waitUntil: (work: Promise<unknown>) => void) => Promise<Value>
}

/** A read that takes longer belongs to a call that may be gone; the next call that has to wait starts its own. */
const FLIGHT_SHARED_MS = 5_000

type Flight = { promise: Promise<void>; startedAtMs: number }

export function createFreshValue<Source, Value, Problem>(
  options: FreshValueOptions<Source, Value, Problem>,
): FreshValue<Source, Value> {
  const { now, read, onProblem } = options
  let current = options.initial
  let currentText: string | null = null
  let isThere = false
  let startedAtMs = Number.NEGATIVE_INFINITY
  let flight: Flight | null = null
  /** What was told last, so that the next read does not tell it again. */
  let told: string | null = null

  function tellOnce(what: string, problem: Problem): void {
    if (told === what) return
    told = what
    onProblem(problem)
  }

  function use(value: Value, text: string | null): void {
    current = value
    currentText = text
    told = null
  }

  /** `isStale`: a newer read has begun meanwhile, whose result must not be replaced by an older one. */
  async function refresh(source: Source, isStale: () => boolean): Promise<void> {
    const found = await read(source)
    if (isStale()) return
    if (found.kind !== 'version') {
      if ('value' in found) use(found.value, null)
      else tellOnce(found.kind, found.problem)
      return
    }
    if (found.text === currentText) {
      told = null
      return
    }
    const version = `version ${found.text}`
    if (told === version) return
    const taken = await found.take()
    if (isStale()) return
    if (!taken.ok) return tellOnce(version, taken.problem)
    use(taken.value, found.text)
    isThere = true
  }

  function start(source: Source, waitUntil: (work: Promise<unknown>) => void): Promise<void> {
    startedAtMs = now()
    const started: Flight = { startedAtMs, promise: Promise.resolve() }
    started.promise = refresh(source, () => flight !== started).finally(() => {
      if (flight !== started) return
      flight = null
      if (options.wait === 'until-read') isThere = true
    })
    flight = started
    waitUntil(started.promise)
    return started.promise
  }

  return {
    async load(source, waitUntil) {
      const shared = flight !== null && now() - flight.startedAtMs < FLIGHT_SHARED_MS ? flight.promise : null
      if (!isThere) await (shared ?? start(source, waitUntil))
      else if (shared === null && now() - startedAtMs >= options.refreshIntervalMs) start(source, waitUntil)
      return current
    },
  }
}
