/**
 * What routing wants to know of a prompt before it is sent: how long it is, and how much output it asks for, because AWS reserves
 * quota for all of that when a call starts. Read only where a setting of the group makes use of it.
 */
import { OUTPUT_BOUNDS } from '../../bedrock/model/families/bodies.ts'
import { guessTokens } from '../../ledger/cost/token-guess.ts'
import type { AdmittedCall } from '../call.ts'

/** The output bound under the names of all body forms. */
const OUTPUT_BOUND = new RegExp(`"(?:${OUTPUT_BOUNDS.join('|')})"\\s*:\\s*(\\d{1,9})`)

export function promptSizeOf(call: AdmittedCall): { estimatedInputTokens?: number; maxTokens?: number } {
  const { router } = call.config
  const strategy = router.modelGroupRoutingStrategy[call.resolved.group] ?? router.routingStrategy
  const counts = strategy === 'usage-based-routing'
  if (!counts && !router.enablePreCallChecks) return {}
  const estimatedInputTokens = guessTokens(call.body.sizeBytes)
  const asked = counts ? OUTPUT_BOUND.exec(new TextDecoder().decode(call.body.bytes))?.[1] : undefined
  return asked === undefined ? { estimatedInputTokens } : { estimatedInputTokens, maxTokens: Number(asked) }
}
