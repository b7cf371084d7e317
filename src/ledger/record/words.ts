/** The closed lists of words that a record may hold. Every type, check and query that names one of them reads it from here. */

/**
 * How a cost is known: by a price row and what the answer reported, not at all, from what was seen of a broken call, as
 * nothing because the operation is free, or as nothing because every attempt failed without consuming anything.
 */
export const COST_STATES = ['priced', 'unpriced', 'estimated', 'free', 'failed'] as const
export type CostState = (typeof COST_STATES)[number]

/** How the call ended as seen from both sides; `unknown` only for a reservation that expired. */
export const VERDICTS = ['complete', 'exception', 'cut', 'abandoned', 'unknown'] as const
export type Verdict = (typeof VERDICTS)[number]

export const STATUSES = ['success', 'failure'] as const
export type Status = (typeof STATUSES)[number]
