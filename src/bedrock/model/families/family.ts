/** What is known of a family of models: everything that differs between families and decides something here. */
import type { BodyName } from './bodies.ts'

/**
 * What a call is measured by beside or in place of the tokens that the answer counts:
 * - `images`: images made, by size, steps and quality;
 * - `queries`: rerank queries;
 * - `video-seconds`: the length of the video that was made or asked about;
 * - `input-kind`: one price for each kind of input (text request, image, second of sound or film);
 * - `embedded-media`: text by token; images, sound and film beside it by piece or second;
 * - `embedded-images`: text by token, images beside it by piece;
 * - `input-image`: text by token, one image beside it by piece.
 */
export type MeasuredBy =
  | 'tokens'
  | 'images'
  | 'queries'
  | 'video-seconds'
  | 'input-kind'
  | 'embedded-media'
  | 'embedded-images'
  | 'input-image'

export type ModelFamily = {
  name: string
  /** Foundation model ids of the family, without a geography prefix. The first family that matches counts. */
  ids: RegExp
  /** Whether Converse and ConverseStream exist for it. */
  converse: boolean
  measuredBy: MeasuredBy
  /**
   * Form of InvokeModel's bodies; models of one form read each other's requests. Null where each model has a form of its own,
   * or where the answers of two models cannot stand for each other (embeddings).
   */
  body: BodyName | null
  /** Tokens of quota that one token of output takes. The price is not affected. */
  quotaPerOutputToken: number
  /** ConverseStream counts cached tokens inside `inputTokens`, against the documented rule. */
  streamInputHoldsCached: boolean
}
