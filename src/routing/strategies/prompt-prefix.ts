/**
 * Which bytes of a request a prompt cache would hold, found without parsing the body.
 *
 * A model reads tools, system and messages in this order, whatever the order of the keys in the JSON (the AWS SDK for
 * JavaScript writes `messages` first, boto3 as its caller does), and a cache point stands for everything before it in the
 * order of reading. So the sections are looked at in the order of reading, and the prefix ends at the *first* cache point:
 * later ones move on as a conversation grows, and requests that part after the first one still share what is before it. Where
 * only the messages are marked, the prefix ends with the first message at the latest, because many clients move their marks
 * to the newest messages at every turn; all turns of a conversation begin with the same message.
 *
 * https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
 */
import { CACHE_MARKS } from '../../bedrock/model/families/bodies.ts'

/** Half-open range of bytes. */
export type Span = { start: number; end: number }

const encoder = new TextEncoder()

function key(name: string): Uint8Array {
  return encoder.encode(name)
}

/** The names of a cache point in Converse and in the bodies of InvokeModel. */
const MARKERS = CACHE_MARKS.map(key)

/** Sections in the order a model reads them, each under its names in Converse and in Anthropic's messages. */
const SECTIONS = [[key('toolConfig'), key('tools')], [key('system')], [key('messages')]]
const MESSAGES = SECTIONS.length - 1

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const SPACE = 0x20

type Section = Span & { firstMarker: number | null; firstElementEnd: number | null }

/** Spans that make up the prefix in the order of reading; null when the request has no cache point. */
export function cachedPrefix(body: Uint8Array): Span[] | null {
  const { sections, isMarked } = findSections(body)
  if (!isMarked) return null
  const prefix: Span[] = []
  for (const [order, section] of sections.entries()) {
    if (section === undefined) continue
    const { start, end, firstMarker, firstElementEnd } = section
    const stop = order === MESSAGES ? Math.min(firstMarker ?? end, firstElementEnd ?? end) : (firstMarker ?? end)
    prefix.push({ start, end: stop })
    if (firstMarker !== null) break
  }
  return prefix
}

/** One pass over the top level. Strings are skipped by the engine's own search, so long texts and images cost little. */
function findSections(body: Uint8Array): { sections: (Section | undefined)[]; isMarked: boolean } {
  const sections: (Section | undefined)[] = SECTIONS.map(() => undefined)
  let isMarked = false
  let current: Section | null = null
  let depth = 0
  for (let at = 0; at < body.length; at++) {
    switch (body[at]) {
      case QUOTE: {
        const end = endOfString(body, at)
        if (body[skipSpace(body, end + 1)] === COLON) {
          if (MARKERS.some((marker) => equals(body, at + 1, end, marker))) {
            isMarked = true
            if (current !== null) current.firstMarker ??= at
          }
          const order =
            depth === 1 ? SECTIONS.findIndex((names) => names.some((name) => equals(body, at + 1, end, name))) : -1
          if (order >= 0) {
            current = { start: end + 1, end: body.length, firstMarker: null, firstElementEnd: null }
            sections[order] = current
          }
        }
        at = end
        break
      }
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        depth++
        break
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        depth--
        // Inside the section's own array, which stands at depth 2, its first element has just ended.
        if (depth === 2 && current !== null) current.firstElementEnd ??= at + 1
        if (depth === 0 && current !== null) current.end = at
        break
      case COMMA:
        if (depth === 1 && current !== null) {
          current.end = at
          current = null
        }
        break
    }
  }
  return { sections, isMarked }
}

/** Index of the closing quote of the string that opens at `open`. */
function endOfString(body: Uint8Array, open: number): number {
  let end = body.indexOf(QUOTE, open + 1)
  while (end >= 0 && isEscaped(body, end)) end = body.indexOf(QUOTE, end + 1)
  return end < 0 ? body.length : end
}

function isEscaped(body: Uint8Array, at: number): boolean {
  let backslashes = 0
  while (body[at - 1 - backslashes] === BACKSLASH) backslashes++
  return backslashes % 2 === 1
}

function skipSpace(body: Uint8Array, from: number): number {
  let at = from
  while ((body[at] ?? QUOTE) <= SPACE) at++
  return at
}

function equals(body: Uint8Array, start: number, end: number, text: Uint8Array): boolean {
  return end - start === text.length && text.every((byte, index) => body[start + index] === byte)
}
