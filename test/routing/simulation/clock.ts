/** Virtual time in whole milliseconds, as `Date.now` has them: nothing waits, and everything happens in the order of its instant, for equal instants in the order asked. */

export type VirtualClock = {
  now(): number
  sleep(ms: number): Promise<void>
  /** Lets time pass until nobody sleeps any more. */
  run(): Promise<void>
}

type Sleeper = { atMs: number; order: number; wake: () => void }

/** Turns of the microtask queue after each instant: more than any chain of promises between two sleeps needs. */
const TURNS = 40

export function createClock(startMs: number): VirtualClock {
  const heap: Sleeper[] = []
  let nowMs = startMs
  let order = 0

  const isBefore = (one: Sleeper, other: Sleeper) =>
    one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
  const at = (index: number): Sleeper => heap[index] ?? { atMs: Number.POSITIVE_INFINITY, order: 0, wake: () => {} }
  function swap(one: number, other: number): void {
    const moved = at(one)
    heap[one] = at(other)
    heap[other] = moved
  }
  function push(sleeper: Sleeper): void {
    let index = heap.push(sleeper) - 1
    for (let parent = (index - 1) >> 1; index > 0 && isBefore(at(index), at(parent)); parent = (index - 1) >> 1) {
      swap(index, parent)
      index = parent
    }
  }
  function pop(): Sleeper | undefined {
    swap(0, heap.length - 1)
    const first = heap.pop()
    for (let index = 0; ; ) {
      const left = 2 * index + 1
      const child = left + 1 < heap.length && isBefore(at(left + 1), at(left)) ? left + 1 : left
      if (child >= heap.length || !isBefore(at(child), at(index))) break
      swap(index, child)
      index = child
    }
    return first
  }

  return {
    now: () => nowMs,
    sleep: (ms) => new Promise((wake) => push({ atMs: nowMs + Math.ceil(Math.max(ms, 0)), order: order++, wake })),
    async run() {
      for (;;) {
        for (let turn = 0; turn < TURNS; turn++) await undefined
        if (heap.length === 0) return
        const next = pop()
        if (next === undefined) return
        nowMs = next.atMs
        next.wake()
      }
    },
  }
}
