/** Reads the text of a request that may be as long, as slow or as broken as its sender likes. */
import { joinBytes } from './bytes.ts'
import { readWithin } from './read-within.ts'

export type BoundedText =
  | { kind: 'text'; text: string; sizeBytes: number }
  | { kind: 'too-long' }
  | { kind: 'stalled' }
  | { kind: 'broken' }

export type TextBounds = { maxBytes: number; stallMs: number }

/** What is beyond the bound is not read. */
export async function readBoundedText(request: Request, { maxBytes, stallMs }: TextBounds): Promise<BoundedText> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) return { kind: 'too-long' }
  if (request.body === null) return { kind: 'text', text: '', sizeBytes: 0 }
  const reader = request.body.getReader()
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for (;;) {
      const read = await readWithin(reader, stallMs)
      if (read === 'stalled') return { kind: 'stalled' }
      if (read.done) return { kind: 'text', text: new TextDecoder().decode(joinBytes(chunks, size)), sizeBytes: size }
      size += read.value.byteLength
      if (size > maxBytes) return { kind: 'too-long' }
      chunks.push(read.value)
    }
  } catch {
    return { kind: 'broken' }
  }
}
