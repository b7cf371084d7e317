/**
 * Reads JSON of any size as it passes and keeps only its skeleton: long texts become empty, and a member of the top level that stays
 * large all the same is left out. What counts and names something is short, so it survives; memory stays bounded.
 */

export type JsonSkeletonBounds = {
  /** Texts with more bytes than this are kept as empty ones. */
  textMaxBytes: number
  /** A member of the top level whose skeleton has more bytes than this is left out. */
  memberMaxBytes: number
  /** Bytes of the whole skeleton; members that go beyond it are left out. */
  maxBytes: number
  /** Names of the members of the top level that are wanted; all where it is absent. */
  only?: ReadonlySet<string>
}

export type JsonSkeleton = {
  push(bytes: Uint8Array): void
  /** `isWhole`: the text was one whole JSON object or list. `value` is its skeleton; undefined where that is no JSON. */
  finish(): { isWhole: boolean; value: unknown }
  /** Members that `only` names and of which something was too large to be kept. */
  cutMembers(): ReadonlySet<string>
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const COMMA = 0x2c
const SPACE = 0x20

/** Bytes outside of texts that are part of a number or a word, by their value. */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte > SPACE && ![QUOTE, OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST, COMMA].includes(byte) ? 1 : 0,
)

export function createJsonSkeleton(bounds: JsonSkeletonBounds): JsonSkeleton {
  const { textMaxBytes, memberMaxBytes, maxBytes, only } = bounds
  const kept = createKept(maxBytes)
  let depth = 0
  /** Members or elements of the top level that are over. */
  let ended = 0
  /** The member under way has a byte, kept or not. */
  let memberHasBegun = false
  /** The member under way is left out. */
  let isLeftOut = false
  /** Name of the member under way, where `only` asks for it. */
  let wanted: string | null = null
  const cutMembers = new Set<string>()
  let memberAt = 0
  let inText = false
  let isEscaped = false
  let textAt = 0
  /** Places in the block under way, found ahead, so that every byte is searched once however short the texts are. */
  let nextQuote = -1
  let nextBackslash = -1
  /** The value of the top level is closed; anything but white space after it is no part of it. */
  let isClosed = false
  let isBroken = false

  function keep(bytes: Uint8Array, from: number, to: number): void {
    memberHasBegun = true
    if (isLeftOut) return
    if (kept.size() + to - from - memberAt <= memberMaxBytes && kept.add(bytes, from, to)) return
    leaveOut()
    noteCut()
  }

  function leaveOut(): void {
    isLeftOut = true
    kept.cutBackTo(memberAt)
  }

  function noteCut(): void {
    if (wanted !== null) cutMembers.add(wanted)
  }

  /** The text that has just ended is the name of a member where it is the first thing in it. */
  function readName(only: ReadonlySet<string>): void {
    if (textAt !== memberAt + 1) return
    const name = parsed(kept.since(memberAt))
    if (typeof name === 'string' && only.has(name)) wanted = name
    else leaveOut()
  }

  /** The member of the top level under way is over. */
  function endMember(isLast: boolean): void {
    // Nothing between two commas, or after the last one, is no JSON; an object or list without members is.
    if (!memberHasBegun && (!isLast || ended > 0)) isBroken = true
    if (memberHasBegun && !isLeftOut && !kept.addByte(COMMA)) kept.cutBackTo(memberAt)
    memberAt = kept.size()
    isLeftOut = false
    wanted = null
    memberHasBegun = false
    ended++
  }

  /** Inside a text only its end is looked for, by the engine's own search. Answers where the text or the block ends. */
  function readText(bytes: Uint8Array, from: number): number {
    let at = isEscaped ? from + 1 : from
    for (;;) {
      if (nextQuote < at) nextQuote = indexOrEnd(bytes, QUOTE, at)
      if (nextBackslash < at) nextBackslash = indexOrEnd(bytes, BACKSLASH, at)
      if (nextQuote < nextBackslash || nextBackslash === Number.POSITIVE_INFINITY) break
      at = nextBackslash + 2
    }
    isEscaped = at > bytes.length
    const end = Math.min(nextQuote, bytes.length)
    if (!isLeftOut && kept.size() - textAt <= textMaxBytes) keep(bytes, from, Math.min(end, from + textMaxBytes + 1))
    if (end === bytes.length) return end
    inText = false
    if (!isLeftOut && kept.size() - textAt > textMaxBytes) {
      kept.cutBackTo(textAt)
      noteCut()
    }
    keep(bytes, end, end + 1)
    if (only !== undefined && depth === 1 && wanted === null && !isLeftOut) readName(only)
    return end + 1
  }

  /** A number or a word, or the part of it that this block holds. Answers where it ends. */
  function readPlain(bytes: Uint8Array, from: number): number {
    let at = from + 1
    while (at < bytes.length && IS_PLAIN[bytes[at] as number] === 1) at++
    if (depth > 0) keep(bytes, from, at)
    else isBroken = true
    return at
  }

  function readByte(bytes: Uint8Array, at: number): void {
    const byte = bytes[at] as number
    if (byte <= SPACE) return
    if (isClosed || depth < 0) {
      isBroken = true
      return
    }
    if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth--
    const isBracket = byte === OPEN_OBJECT || byte === OPEN_LIST || byte === CLOSE_OBJECT || byte === CLOSE_LIST
    if (depth === 0 && isBracket) readOuterBracket(byte)
    else if (depth === 1 && byte === COMMA) endMember(false)
    else keep(bytes, at, at + 1)
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++
    if (byte === QUOTE) {
      inText = true
      textAt = kept.size()
    }
  }

  function readOuterBracket(byte: number): void {
    if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      endMember(true)
      kept.close(byte)
      isClosed = true
    } else if (kept.addByte(byte)) memberAt = kept.size()
    else isBroken = true
  }

  return {
    push(bytes) {
      nextQuote = -1
      nextBackslash = -1
      for (let at = 0; at < bytes.length; ) {
        if (inText) at = readText(bytes, at)
        else if (IS_PLAIN[bytes[at] as number] === 1) at = readPlain(bytes, at)
        else readByte(bytes, at++)
      }
    },
    finish() {
      const value = parsed(kept.text())
      return { isWhole: isClosed && !isBroken && value !== undefined, value }
    },
    cutMembers: () => cutMembers,
  }
}

/** Bytes that grow up to a bound; room for the bracket that closes them is always left. */
function createKept(maxBytes: number) {
  let buffer = new Uint8Array(Math.min(maxBytes, 4_096) + 1)
  let size = 0
  let isEnded = false

  function makeRoom(bytes: number): boolean {
    if (size + bytes > maxBytes) return false
    if (size + bytes >= buffer.length) {
      const larger = new Uint8Array(Math.min(maxBytes, Math.max(buffer.length * 2, size + bytes)) + 1)
      larger.set(buffer.subarray(0, size))
      buffer = larger
    }
    return true
  }

  function addByte(byte: number): boolean {
    if (!makeRoom(1)) return false
    buffer[size++] = byte
    return true
  }

  return {
    size: () => size,
    addByte,
    /** False where the bound is reached; then nothing is added. */
    add(bytes: Uint8Array, from: number, to: number): boolean {
      if (to - from === 1) return addByte(bytes[from] as number)
      if (!makeRoom(to - from)) return false
      buffer.set(bytes.subarray(from, to), size)
      size += to - from
      return true
    },
    cutBackTo(at: number): void {
      size = at
    },
    since: (at: number) => new TextDecoder().decode(buffer.subarray(at, size)),
    /** A comma behind the last member makes way for the bracket. */
    close(byte: number): void {
      if (buffer[size - 1] === COMMA) size--
      buffer[size++] = byte
      isEnded = true
    },
    /** Not closed: the last member is not whole and its comma is missing, so that it is no JSON. */
    text: () => (isEnded ? new TextDecoder().decode(buffer.subarray(0, size)) : ''),
  }
}

/** Place of the next such byte, or a place beyond the block. */
function indexOrEnd(bytes: Uint8Array, byte: number, from: number): number {
  const at = from < bytes.length ? bytes.indexOf(byte, from) : -1
  return at === -1 ? Number.POSITIVE_INFINITY : at
}

function parsed(skeleton: string): unknown {
  try {
    return JSON.parse(skeleton)
  } catch {
    return undefined
  }
}
