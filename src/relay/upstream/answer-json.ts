/** The JSON of a success answer as far as the gateway reads it: whether it is whole, its usage and its number of images. */

import { parseJson } from '../../base/json.ts'
import { createJsonSkeleton, type JsonSkeleton } from '../../base/json-skeleton.ts'

/** Longer texts are images, documents or words of the answer, none of which says what it cost. */
const TEXT_MAX_BYTES = 1_024
/** A guardrail's trace with the assessments of a long answer fits; an embedding or the words of one need not be kept. */
const MEMBER_MAX_BYTES = 256 * 1024
const SKELETON_MAX_BYTES = 512 * 1024

/** A larger answer is not built into a tree, which takes many times its size. */
const TREE_MAX_BYTES = 256 * 1024

export type AnswerJson = ReturnType<JsonSkeleton['finish']>

/** For an answer that is read as it passes. */
export function createAnswerSkeleton(): JsonSkeleton {
  return createJsonSkeleton({
    textMaxBytes: TEXT_MAX_BYTES,
    memberMaxBytes: MEMBER_MAX_BYTES,
    maxBytes: SKELETON_MAX_BYTES,
  })
}

/** For an answer that is held whole. */
export function readAnswerJson(body: Uint8Array): AnswerJson {
  if (body.byteLength <= TREE_MAX_BYTES) {
    const value = parseJson(body)
    return { isWhole: value !== null, value }
  }
  const skeleton = createAnswerSkeleton()
  skeleton.push(body)
  return skeleton.finish()
}
