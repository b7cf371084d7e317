/** The part of an execution context that background work needs. */
export type Background = { waitUntil(work: Promise<unknown>): void }
