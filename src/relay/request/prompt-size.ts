/**
 * How large a call is for the quotas of AWS: its prompt, as far as the number of its bytes tells, and the output that it asks for,
 * because AWS reserves quota for both when a call starts.
 */
import { namedOutputBound } from '../../bedrock/usage/output-bound.ts'
import { guessTokens } from '../../ledger/cost/token-guess.ts'
import type { AdmittedCall } from '../call.ts'

/**
 * What AWS reserves for a request without a bound is what its model can make at most. That differs from model to model; this is
 * that of Claude Sonnet 4 and 4.5 (`max_output_tokens` of LiteLLM's price map).
 */
const UNBOUNDED_OUTPUT_TOKENS = 64_000

/** For the choice among deployments. Read only where a setting of the group makes use of it. */
export function promptSizeOf(call: AdmittedCall): { estimatedInputTokens?: number; maxTokens?: number } {
  const { router } = call.config
  const strategy = router.modelGroupRoutingStrategy[call.resolved.group] ?? router.routingStrategy
  const counts = strategy === 'usage-based-routing'
  if (!counts && !router.enablePreCallChecks) return {}
  const estimatedInputTokens = guessTokens(call.body.sizeBytes)
  const maxTokens = counts ? namedOutputBound(call.body.bytes) : null
  return maxTokens === null ? { estimatedInputTokens } : { estimatedInputTokens, maxTokens }
}

/** For the judgement of a throttle: a request that is refused for its size says little of smaller ones. */
export function reservedTokensOf({ body }: AdmittedCall): number {
  return guessTokens(body.sizeBytes) + (namedOutputBound(body.bytes) ?? UNBOUNDED_OUTPUT_TOKENS)
}
