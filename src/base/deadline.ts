/** Bounds on how long a promise is waited for. */
export type Deadline = { passed: Promise<'passed'>; stop: () => void }

/** A promise that resolves after `ms`, to race against calls that may hang; `stop` frees the timer. */
export function startDeadline(ms: number): Deadline {
  const { promise, resolve } = Promise.withResolvers<'passed'>()
  const timer = setTimeout(() => resolve('passed'), ms)
  return { passed: promise, stop: () => clearTimeout(timer) }
}

/** The promise's value, or an error once `ms` have passed. What comes of the promise after that is dropped. */
export async function withinDeadline<Value>(promise: Promise<Value>, ms: number, what: string): Promise<Value> {
  const deadline = startDeadline(ms)
  // A promise that lost the race may still reject; without a handler that would be an unhandled rejection.
  promise.catch(() => {})
  try {
    const first = await Promise.race([promise.then((value) => ({ value })), deadline.passed])
    if (first === 'passed') throw new Error(`${what} did not answer within ${ms} ms`)
    return first.value
  } finally {
    deadline.stop()
  }
}
