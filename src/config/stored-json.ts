/** The configuration as JSON text, which is how KV and the JSON binding hold it. */
import { looksLikePrice } from './reading/price-fields.ts'
import type { ConfigIssue } from './types.ts'

export type JsonResult = { ok: true; value: unknown } | { ok: false; issue: ConfigIssue }

/** https://tc39.es/proposal-json-parse-with-source/: the literal of a number, before it became a double. */
type ReviverContext = { source?: string }

/** Prices come out as the text that stands in the file; everything else as `JSON.parse` gives it. */
export function parseConfigJson(text: string): JsonResult {
  const keepPrices = (key: string, value: unknown, context?: ReviverContext): unknown =>
    typeof value === 'number' && looksLikePrice(key) ? (context?.source ?? value) : value
  try {
    return { ok: true, value: JSON.parse(text, keepPrices) }
  } catch {
    // The engine's own message quotes the text around the fault, which may be a secret.
    return { ok: false, issue: { severity: 'error', path: '', message: 'the stored configuration is not JSON' } }
  }
}
