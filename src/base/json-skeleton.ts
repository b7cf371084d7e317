/**
 * Reads JSON of any size as it passes and keeps only its skeleton: long texts become empty, and a member of the top level that stays
 * large all the same is left out. What counts and names something is short, so it survives; memory stays bounded.
 */

export type JsonSkeletonBounds = {
  /** Texts with more bytes than this are kept as empty ones. */
  textMaxBytes: number
  /** A member of the top level whose skeleton has more characters than this is left out. */
  memberMaxChars: number
  /** Characters of the whole skeleton; what follows is left out. */
  maxChars: number
}

export type JsonSkeleton = {
  push(bytes: Uint8Array): void
  /** `isWhole`: the text was one whole JSON object or list. `value` is its skeleton; undefined where that is no JSON. */
  finish(): { isWhole: boolean; value: unknown }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const COMMA = 0x2c
const SPACE = 0x20
const BRACKETS: readonly number[] = [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST]

export function createJsonSkeleton(bounds: JsonSkeletonBounds): JsonSkeleton {
  const text = new Uint8Array(bounds.textMaxBytes)
  /** Members or elements of the top level that are over, and the one that is under way; null once it is left out. */
  const members: string[] = []
  let member: string | null = ''
  let keptChars = 0
  let ended = 0
  let brackets = ''
  let depth = 0
  let inText = false
  let isEscaped = false
  /** Bytes of the text under way; beyond the bound they are only counted. */
  let textBytes = 0
  /** The value of the top level is closed; anything but white space after it is no part of it. */
  let isClosed = false
  let isBroken = false

  function keep(piece: string): void {
    if (member === null) return
    const chars = member.length + piece.length
    member = chars > bounds.memberMaxChars || keptChars + chars > bounds.maxChars ? null : member + piece
  }

  /** The member of the top level under way is over. */
  function endMember(isLast: boolean): void {
    // Nothing between two commas, or after the last one, is no JSON; an object or list without members is.
    if (member === '' && (!isLast || ended > 0)) isBroken = true
    if (member !== null && member !== '') {
      members.push(member)
      keptChars += member.length + 1
    }
    member = ''
    ended++
  }

  /** Inside a text only its end is looked for, by the engine's own search. Answers where the text or the block ends. */
  function readText(bytes: Uint8Array, from: number): number {
    let at = from
    while (at < bytes.length) {
      if (isEscaped) {
        isEscaped = false
        at++
        continue
      }
      const quote = bytes.indexOf(QUOTE, at)
      const end = quote === -1 ? bytes.length : quote
      const backslash = bytes.subarray(at, end).indexOf(BACKSLASH)
      if (backslash !== -1) {
        isEscaped = true
        at += backslash + 1
        continue
      }
      at = end
      if (quote !== -1) break
    }
    const piece = bytes.subarray(from, at)
    if (textBytes + piece.length <= text.length) text.set(piece, textBytes)
    textBytes += piece.length
    if (at < bytes.length) {
      inText = false
      keep(textBytes <= text.length ? `"${decoder.decode(text.subarray(0, textBytes))}"` : '""')
      return at + 1
    }
    return at
  }

  function readByte(byte: number): void {
    if (byte <= SPACE) return
    if (isClosed) {
      isBroken = true
      return
    }
    if (byte === QUOTE) {
      inText = true
      textBytes = 0
      return
    }
    if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth--
    const isBracketOfAll = depth === 0 && BRACKETS.includes(byte)
    if (isBracketOfAll) brackets += String.fromCharCode(byte)
    if (isBracketOfAll && brackets.length === 2) {
      endMember(true)
      isClosed = true
    } else if (depth === 1 && byte === COMMA) endMember(false)
    else if (!isBracketOfAll) keep(String.fromCharCode(byte))
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++
  }

  return {
    push(bytes) {
      for (let at = 0; at < bytes.length; ) {
        if (inText) at = readText(bytes, at)
        else readByte(bytes[at++] as number)
      }
    },
    finish() {
      const value = parsed(`${brackets[0] ?? ''}${members.join(',')}${brackets[1] ?? ''}`)
      return { isWhole: isClosed && !isBroken && !inText && value !== undefined, value }
    },
  }
}

const decoder = new TextDecoder()

function parsed(skeleton: string): unknown {
  try {
    return JSON.parse(skeleton)
  } catch {
    return undefined
  }
}
