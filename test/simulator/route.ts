/** Which operation a raw request path means at AWS: strictly segment by segment, each label percent-encoded. */
import { SIMULATED_OPERATIONS, type SimulatedOperation } from './operations.ts'

export type Route = {
  operation: SimulatedOperation
  /** Decoded value of the first label: a model id, profile id or ARN. Empty where the path has none. */
  model: string
}

/**
 * `null` where AWS finds no operation. The raw path is split before anything is decoded, so an ARN
 * whose slashes were not escaped leads nowhere, as it does at AWS.
 */
export function route(
  method: string,
  rawUrl: string,
  operations: readonly SimulatedOperation[] = SIMULATED_OPERATIONS,
): Route | null {
  const segments = (rawUrl.split('?', 1)[0] ?? '').split('/')
  for (const operation of operations) {
    const labels = operation.method === method ? labelsOf(operation.path.split('/'), segments) : null
    if (labels !== null) return { operation, model: labels[0] ?? '' }
  }
  return null
}

/** Decoded values of the labels in their order; null where the path is another one or a label has no value. */
function labelsOf(template: readonly string[], segments: readonly string[]): string[] | null {
  if (template.length !== segments.length) return null
  const labels: string[] = []
  for (const [at, part] of template.entries()) {
    const segment = segments[at] ?? ''
    if (part.startsWith('{')) labels.push(decode(segment))
    else if (part !== segment) return null
  }
  return labels.includes('') ? null : labels
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return ''
  }
}
