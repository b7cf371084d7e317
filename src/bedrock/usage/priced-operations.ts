/**
 * Every operation that can be priced by its name: those that are served, and those whose exchanges `npm run ledger -- price` and
 * `POST /spend/calculate` take although they are not served here.
 */
import { OPERATIONS } from '../operations/table.ts'
import {
  type Accounting,
  guardrailBody,
  guardrailChecks,
  modelBody,
  modelChunks,
  nothing,
  rerankRequest,
} from './accounting.ts'

const NOT_SERVED: readonly Accounting[] = [
  { name: 'ApplyGuardrail', bills: 'guardrail', usage: guardrailBody },
  { name: 'InvokeGuardrailChecks', bills: 'guardrail', usage: guardrailChecks },
  { name: 'InvokeModelWithBidirectionalStream', bills: 'model', usage: modelChunks },
  { name: 'Rerank', bills: 'model', usage: rerankRequest },
  // Bedrock's OpenAI- and Anthropic-shaped paths, by the names of their APIs.
  { name: 'ChatCompletions', bills: 'model', usage: modelBody },
  { name: 'Responses', bills: 'model', usage: modelBody },
  { name: 'Messages', bills: 'model', usage: modelBody },
]

const BY_NAME: ReadonlyMap<string, Accounting> = new Map(
  [...NOT_SERVED, ...OPERATIONS].map((accounting) => [accounting.name, accounting]),
)

/** The accounting of an operation; one that is not known reports no usage that could be read, so it ends up unpriced. */
export function accountingOf(name: string): Accounting {
  return BY_NAME.get(name) ?? { name, bills: 'model', usage: nothing }
}
