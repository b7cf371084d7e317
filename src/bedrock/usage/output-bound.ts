/**
 * How much output a request lets its model make. AWS takes it off the quota before the model begins
 * (https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html).
 */
import { isObject } from '../../base/json.ts'
import { OUTPUT_BOUNDS } from '../model/families/bodies.ts'
import { membersOfBody } from '../operations/body-members.ts'

/** Members in which the bounds of Converse, Nova and Titan stand; the last one hands members on to the model. */
const HOLDERS = ['inferenceConfig', 'textGenerationConfig', 'additionalModelRequestFields']

/** More than any model makes; what names more is taken for this. */
const BOUND_MAX_TOKENS = 1_000_000_000

/** The largest bound that the request names under any of the names of all body forms; null where it names none. */
export function namedOutputBound(body: Uint8Array): number | null {
  const { value, isCut } = membersOfBody(body, [...OUTPUT_BOUNDS, ...HOLDERS])
  // Something so large may hide a bound, so it is taken for the largest.
  if (isCut) return BOUND_MAX_TOKENS
  const places = isObject(value) ? [value, ...HOLDERS.map((name) => value[name])].filter(isObject) : []
  const named = places.flatMap((place) => OUTPUT_BOUNDS.map((name) => place[name])).filter(isBound)
  return named.length === 0 ? null : Math.min(BOUND_MAX_TOKENS, Math.max(...named))
}

function isBound(value: unknown): value is number {
  return typeof value === 'number' && value >= 0
}
