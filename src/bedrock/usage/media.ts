/**
 * Meters of models that are billed by image, query or second. Where the answer does not count, the request does; what neither
 * says is null.
 * Bodies: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
 */
import { child, isObject, type JsonObject, member } from '../../base/json.ts'
import type { MeasuredBy } from '../model/families/family.ts'
import type { Counters } from './counters.ts'
import type { ImageRequest, OtherMeters } from './reading.ts'

/** One rerank query holds up to this many document chunks, https://aws.amazon.com/bedrock/pricing/ ; we round up. */
const DOCUMENTS_PER_QUERY = 100

type MediaReader = (request: unknown, body: unknown, counters: Counters) => OtherMeters

const READERS: Readonly<Record<MeasuredBy, MediaReader>> = {
  tokens: () => ({}),
  images: (_request, body) => ({ images: imagesMade(isObject(body) ? body : {}) }),
  queries: (request, _body, counters) => ({ queries: rerankQueries(request, counters) }),
  'video-seconds': () => videoMeters('video-seconds'),
  'input-kind': inputKindMeters,
  'embedded-media': embeddedMediaMeters,
  'embedded-images': embeddedImageMeters,
  'input-image': (request) => (typeof member(request, 'inputImage') === 'string' ? { inputImages: 1 } : {}),
}

/** Meters of an InvokeModel exchange beside the tokens that its answer counts. */
export function mediaMeters(measuredBy: MeasuredBy, request: unknown, body: unknown, counters: Counters): OtherMeters {
  return READERS[measuredBy](request, body, counters)
}

/** Models that are billed by second of the video they make or are asked about, whatever the operation; no counter of it comes back. */
export function videoMeters(measuredBy: MeasuredBy): OtherMeters {
  return measuredBy === 'video-seconds' ? { videoSeconds: null } : {}
}

function imagesMade(answer: JsonObject): number | null {
  const images = Array.isArray(answer.images) ? answer.images : null
  if (images !== null) return images.filter((image) => typeof image === 'string').length
  // Stable Diffusion XL's form.
  const artifacts = Array.isArray(answer.artifacts) ? answer.artifacts : null
  if (artifacts !== null) return artifacts.length
  return typeof answer.image === 'string' ? 1 : null
}

/**
 * Both sides of an image that Nova Canvas and Titan make where the request names none, and its quality.
 * https://docs.aws.amazon.com/nova/latest/userguide/image-gen-req-resp-structure.html
 */
const DEFAULT_SIDE_PIXELS = 1024
const DEFAULT_QUALITY = 'standard'

/** Tasks whose images have the default size where the request names none; those of other tasks are as large as the one that came in. */
const SIZED_TASKS: readonly unknown[] = [undefined, 'TEXT_IMAGE', 'IMAGE_VARIATION', 'COLOR_GUIDED_GENERATION']

/** Size, steps and quality that were asked for; null when the request is not known. */
export function imageRequest(request: unknown, counters: Counters): ImageRequest | null {
  if (!isObject(request)) return null
  const asked = { ...request, ...child(request, 'imageGenerationConfig') }
  const width = counters.json(asked, 'width')
  const height = counters.json(asked, 'height')
  const isSized = SIZED_TASKS.includes(request.taskType) || (width !== undefined && height !== undefined)
  return {
    pixels: width === undefined || height === undefined ? null : width * height,
    steps: counters.json(request, 'steps') ?? null,
    longerSide: isSized ? Math.max(width ?? DEFAULT_SIDE_PIXELS, height ?? DEFAULT_SIDE_PIXELS) : null,
    quality: asked.quality === undefined ? DEFAULT_QUALITY : String(asked.quality),
  }
}

/**
 * Images that a model made which counts tokens for its text (Nova 2 Omni): blocks of a Converse answer and of Nova's own body.
 * Absent where there are none.
 */
export function imagesInMessage(answer: unknown): OtherMeters {
  const blocks = listOf(child(child(answer, 'output'), 'message'), 'content')
  const images = blocks.filter((block) => isObject(member(block, 'image'))).length
  return images === 0 ? {} : { images }
}

/** Queries of a rerank call through InvokeModel (`documents`) or through Rerank (`sources`, once per query text). */
export function rerankQueries(request: unknown, counters: Counters): number | null {
  if (!isObject(request)) return null
  const documents = request.documents ?? request.sources
  if (!Array.isArray(documents)) return null
  const texts = Array.isArray(request.queries) ? request.queries.length : 1
  if (texts === 0) counters.note('queries is empty')
  return texts * Math.ceil(documents.length / DOCUMENTS_PER_QUERY)
}

/** Marengo is billed by text request, by image, and by second of sound or film. */
function inputKindMeters(request: unknown): OtherMeters {
  const type = isObject(request) ? String(request.inputType ?? '').toLowerCase() : ''
  if (type === 'text') return { queries: 1 }
  if (type === 'image') return { inputImages: 1 }
  if (type === 'audio') return { audioSeconds: null }
  if (type === 'video') return { videoSeconds: null }
  return { queries: null }
}

/**
 * Cohere Embed: text by token, images beside it by piece, in `images` or, from version 4 on, among the parts of `inputs`.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed-v4.html
 */
function embeddedImageMeters(request: unknown): OtherMeters {
  const images = listOf(request, 'images').length
  const parts = listOf(request, 'inputs').flatMap((input) => listOf(input, 'content'))
  const inputImages = images + parts.filter((part) => member(part, 'type') === 'image_url').length
  return inputImages === 0 ? {} : { inputImages }
}

function listOf(value: unknown, name: string): readonly unknown[] {
  const found = member(value, name)
  return Array.isArray(found) ? found : []
}

/** Standard detail of Nova's image embeddings; document images cost more, and no public list says how much. */
const STANDARD_IMAGE = 'STANDARD_IMAGE'

function embeddedMediaMeters(request: unknown): OtherMeters {
  const wanted = child(request, 'singleEmbeddingParams')
  const image = wanted.image
  return {
    ...(isObject(image) ? { inputImages: (image.detailLevel ?? STANDARD_IMAGE) === STANDARD_IMAGE ? 1 : null } : {}),
    ...(isObject(wanted.video) ? { videoSeconds: null } : {}),
    ...(isObject(wanted.audio) ? { audioSeconds: null } : {}),
  }
}
