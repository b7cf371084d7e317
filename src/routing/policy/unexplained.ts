/**
 * A 400 whose text is not known and which may be about the account or about the request. A sibling deployment is asked the same
 * request, and its outcome is remembered for this text: where the sibling answers, the fault lies with the account of the first
 * deployment; where it refuses in the same words, the fault lies with the request, and later requests are asked only once.
 *
 * The memory is that of one isolate and bounded; what it forgets costs one attempt to learn again.
 */
import type { PolicyRow } from './policy-row.ts'
import { mayBeOfAccount } from './texts.ts'
import { MISCONFIGURED, REQUEST, UNLESS_REFUTED } from './treatments.ts'

/** Most texts that are remembered. */
const TEXTS_MAX = 256

/** How long a text is remembered: an account may be mended, and a sibling that said the same may have had the same fault. */
const REMEMBERED_MS = 15 * 60_000

/** Longer texts are told apart by their beginnings. */
const TEXT_MAX_CHARS = 256

export const UNEXPLAINED: PolicyRow = {
  name: 'unexplained-refusal',
  when: { statuses: [400], message: mayBeOfAccount },
  ...REQUEST,
  otherTarget: 'one-sibling',
  source: 'https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html',
}

/** A sibling has answered the request that was refused so. A caller may still be the cause, by asking for what only one account has. */
export const ANSWERED_BY_SIBLING: PolicyRow = {
  ...UNEXPLAINED,
  ...MISCONFIGURED,
  name: 'answered-by-sibling',
  coolDown: UNLESS_REFUTED,
}

/** A sibling has refused the request in the same words. */
export const REPEATED_BY_SIBLING: PolicyRow = { ...UNEXPLAINED, ...REQUEST, name: 'repeated-by-sibling' }

export type TextMemory = {
  /** What the words mean that a deployment says. */
  rowOf(deploymentId: string, message: string, nowMs: number): PolicyRow
  /** A sibling has answered the request to which this deployment said the words. */
  answered(deploymentId: string, message: string, nowMs: number): void
  /** A sibling has said them too. */
  repeated(message: string, nowMs: number): void
}

export function createTextMemory(): TextMemory {
  const sinceMs = new Map<string, number>()

  function remember(key: string, nowMs: number): void {
    sinceMs.delete(key)
    const [oldest] = sinceMs.keys()
    if (sinceMs.size >= TEXTS_MAX && oldest !== undefined) sinceMs.delete(oldest)
    sinceMs.set(key, nowMs)
  }
  const knows = (key: string, nowMs: number) => nowMs - (sinceMs.get(key) ?? Number.NEGATIVE_INFINITY) < REMEMBERED_MS

  return {
    rowOf(deploymentId, message, nowMs) {
      const text = textKey(message)
      if (knows(accountKey(deploymentId, text), nowMs)) return ANSWERED_BY_SIBLING
      return knows(text, nowMs) ? REPEATED_BY_SIBLING : UNEXPLAINED
    },
    answered: (deploymentId, message, nowMs) => remember(accountKey(deploymentId, textKey(message)), nowMs),
    repeated: (message, nowMs) => remember(textKey(message), nowMs),
  }
}

/** Whether two answers say the same, whatever numbers they name. */
export function saysTheSame(one: string, other: string): boolean {
  return textKey(one) === textKey(other)
}

function textKey(message: string): string {
  return message.slice(0, TEXT_MAX_CHARS).toLowerCase().replace(/\d+/g, '0').trim()
}

/** A line feed parts the two: neither an id nor a text of AWS holds one that could stand for the other. */
function accountKey(deploymentId: string, text: string): string {
  return `${deploymentId}\n${text}`
}
