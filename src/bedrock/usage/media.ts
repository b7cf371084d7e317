/**
 * Meters of models that are billed by image, query or second. Where the answer does not count, the request does; what neither
 * says is null.
 * Bodies: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
 */
import { type Counters, child, isObject, type Json } from './counters.ts'
import type { ImageRequest, OtherMeters } from './reading.ts'

/** One rerank query holds up to this many document chunks, https://aws.amazon.com/bedrock/pricing/ ; we round up. */
const DOCUMENTS_PER_QUERY = 100

const IMAGE_MODEL = /^(stability\.|amazon\.(nova-canvas|titan-image-generator)-)/
const RERANK_MODEL = /^(cohere|amazon)\.rerank-/
const VIDEO_MODEL = /^twelvelabs\.pegasus-/
const MARENGO_MODEL = /^twelvelabs\.marengo-embed-/
const NOVA_EMBED_MODEL = /^amazon\.nova-.*embed/
const TITAN_IMAGE_EMBED_MODEL = /^amazon\.titan-embed-image-/

/** `id` is the foundation model's id without a geography prefix. */
export function mediaMeters(id: string, request: unknown, body: unknown, counters: Counters): OtherMeters {
  const answer = isObject(body) ? body : {}
  if (IMAGE_MODEL.test(id)) return { images: imagesMade(answer) }
  if (RERANK_MODEL.test(id)) return { queries: rerankQueries(request, counters) }
  if (VIDEO_MODEL.test(id)) return videoMeters(id)
  if (MARENGO_MODEL.test(id)) return marengoMeters(request)
  if (NOVA_EMBED_MODEL.test(id)) return novaEmbedMeters(request)
  if (TITAN_IMAGE_EMBED_MODEL.test(id)) {
    return isObject(request) && typeof request.inputImage === 'string' ? { inputImages: 1 } : {}
  }
  return {}
}

/** Models that are billed by second of the video they were asked about, whatever the operation; no counter of it comes back. */
export const videoMeters = (id: string): OtherMeters => (VIDEO_MODEL.test(id) ? { videoSeconds: null } : {})

function imagesMade(answer: Json): number | null {
  const images = Array.isArray(answer.images) ? answer.images : null
  if (images !== null) return images.filter((image) => typeof image === 'string').length
  // Stable Diffusion XL's form.
  const artifacts = Array.isArray(answer.artifacts) ? answer.artifacts : null
  if (artifacts !== null) return artifacts.length
  return typeof answer.image === 'string' ? 1 : null
}

/** Size and steps that were asked for; null when the request is not known. */
export function imageRequest(request: unknown, counters: Counters): ImageRequest | null {
  if (!isObject(request)) return null
  const size = { ...request, ...child(request, 'imageGenerationConfig') }
  const width = counters.json(size, 'width')
  const height = counters.json(size, 'height')
  return {
    pixels: width === undefined || height === undefined ? null : width * height,
    steps: counters.json(request, 'steps') ?? null,
  }
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
function marengoMeters(request: unknown): OtherMeters {
  const type = isObject(request) ? String(request.inputType ?? '').toLowerCase() : ''
  if (type === 'text') return { queries: 1 }
  if (type === 'image') return { inputImages: 1 }
  if (type === 'audio') return { audioSeconds: null }
  if (type === 'video') return { videoSeconds: null }
  return { queries: null }
}

/** Standard detail of Nova's image embeddings; document images cost more, and no public list says how much. */
const STANDARD_IMAGE = 'STANDARD_IMAGE'

function novaEmbedMeters(request: unknown): OtherMeters {
  const wanted = child(request, 'singleEmbeddingParams')
  const image = wanted.image
  return {
    ...(isObject(image) ? { inputImages: (image.detailLevel ?? STANDARD_IMAGE) === STANDARD_IMAGE ? 1 : null } : {}),
    ...(isObject(wanted.video) ? { videoSeconds: null } : {}),
    ...(isObject(wanted.audio) ? { audioSeconds: null } : {}),
  }
}
