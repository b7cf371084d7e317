/** A whole body as text, with a bound that holds while it is read. */

export type BoundedText =
  | { kind: 'text'; text: string; sizeBytes: number }
  /** There is more than the bound; the rest was not read. */
  | { kind: 'too-long' }
  /** The sender broke off. */
  | { kind: 'cut' }

export async function readBoundedText({ body, headers }: Request, maxBytes: number): Promise<BoundedText> {
  if (Number(headers.get('content-length') ?? 0) > maxBytes) return { kind: 'too-long' }
  if (body === null) return { kind: 'text', text: '', sizeBytes: 0 }
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let sizeBytes = 0
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return { kind: 'text', text: text + decoder.decode(), sizeBytes }
      sizeBytes += value.byteLength
      if (sizeBytes > maxBytes) {
        // The sender learns of it from the answer; how its connection ends does not matter here.
        reader.cancel().catch(() => undefined)
        return { kind: 'too-long' }
      }
      text += decoder.decode(value, { stream: true })
    }
  } catch {
    return { kind: 'cut' }
  }
}
