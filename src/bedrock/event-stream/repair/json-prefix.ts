/** Reads the beginning of a JSON text and says what is open where it stops. */

/** A container that is open. `name` is the member it is the value of, or the name given to the whole text. */
export type OpenContainer = {
  kind: 'object' | 'array'
  name: string
  /** Members of an object that have begun, the last one perhaps only in part. */
  members: string[]
}

/** What the grammar asks for next. `end` is the end of the text. */
export type Expectation = 'value' | 'value-or-close' | 'member' | 'member-or-close' | 'colon' | 'comma-or-close' | 'end'

/** A token that was begun and not finished; `text` is what stands of it, a string without its opening quote. */
export type OpenToken =
  | { kind: 'key'; text: Uint8Array }
  | { kind: 'string'; text: Uint8Array }
  | { kind: 'number'; text: string }
  | { kind: 'literal'; text: string }

export type JsonPrefix = {
  /** From the outermost to the innermost. */
  open: OpenContainer[]
  expect: Expectation
  token: OpenToken | null
}

const LITERALS = ['true', 'false', 'null']
const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/
const QUOTE = 0x22
const BACKSLASH = 0x5c
const LETTER_N = 0x6e
/** Control characters must be escaped. */
const FIRST_PRINTABLE = 0x20
const utf8 = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true })

/** The state at the end of `text`, or null where no continuation could make it JSON. `name` names the outermost object. */
export function readJsonPrefix(text: Uint8Array, name: string): JsonPrefix | null {
  const open: OpenContainer[] = []
  let expect: Expectation = 'value'
  let at = 0

  function afterValue(): Expectation {
    return open.length === 0 ? 'end' : 'comma-or-close'
  }

  while (at < text.length) {
    const char = String.fromCharCode(text[at] as number)
    const top = open.at(-1)
    if (char === ' ' || char === '\n' || char === '\r' || char === '\t') {
      at++
      continue
    }
    if ((char === '}' || char === ']') && mayClose(expect, top, char)) {
      open.pop()
      expect = afterValue()
      at++
      continue
    }
    if (expect === 'colon' && char === ':') {
      expect = 'value'
      at++
      continue
    }
    if (expect === 'comma-or-close' && char === ',') {
      expect = top?.kind === 'object' ? 'member' : 'value'
      at++
      continue
    }
    if (expect === 'member' || expect === 'member-or-close') {
      if (char !== '"' || top === undefined) return null
      const end = endOfString(text, at + 1)
      if (end === 'invalid') return null
      if (end === 'open') return { open, expect, token: { kind: 'key', text: text.subarray(at + 1) } }
      top.members.push(utf8.decode(text.subarray(at + 1, end)))
      expect = 'colon'
      at = end + 1
      continue
    }
    if (expect !== 'value' && expect !== 'value-or-close') return null
    if (char === '{' || char === '[') {
      const container = top?.kind === 'object' ? (top.members.at(-1) ?? '') : (top?.name ?? name)
      open.push({ kind: char === '{' ? 'object' : 'array', name: container, members: [] })
      expect = char === '{' ? 'member-or-close' : 'value-or-close'
      at++
      continue
    }
    if (char === '"') {
      const end = endOfString(text, at + 1)
      if (end === 'invalid') return null
      if (end === 'open') return { open, expect, token: { kind: 'string', text: text.subarray(at + 1) } }
      expect = afterValue()
      at = end + 1
      continue
    }
    const word = wordAt(text, at)
    at += word.length
    if (at === text.length) {
      // A number that is whole may still go on, and one cut after its sign, point or exponent goes on with a digit.
      if (NUMBER.test(word) || NUMBER.test(`${word}0`)) return { open, expect, token: { kind: 'number', text: word } }
      if (word === '' || !LITERALS.some((literal) => literal.startsWith(word))) return null
      return { open, expect, token: { kind: 'literal', text: word } }
    }
    if (!NUMBER.test(word) && !LITERALS.includes(word)) return null
    expect = afterValue()
  }
  return { open, expect, token: null }
}

function mayClose(expect: Expectation, top: OpenContainer | undefined, char: '}' | ']'): boolean {
  if (top?.kind !== (char === '}' ? 'object' : 'array')) return false
  return expect === 'comma-or-close' || expect === (char === '}' ? 'member-or-close' : 'value-or-close')
}

/** Where the closing quote stands; `open` where the text stops inside the string. */
function endOfString(text: Uint8Array, start: number): number | 'open' | 'invalid' {
  for (let at = start; at < text.length; at++) {
    const byte = text[at] as number
    if (byte === QUOTE) return at
    if (byte < FIRST_PRINTABLE) return 'invalid'
    if (byte !== BACKSLASH) continue
    at++
    const escaped = String.fromCharCode(text[at] ?? LETTER_N)
    if (!'"\\/bfnrtu'.includes(escaped)) return 'invalid'
    if (escaped !== 'u') continue
    const digits = utf8.decode(text.subarray(at + 1, at + 5))
    if (!/^[\da-f]*$/i.test(digits)) return 'invalid'
    at += digits.length
  }
  return 'open'
}

/** The run of characters that numbers and literals are made of. */
function wordAt(text: Uint8Array, start: number): string {
  let word = ''
  for (let at = start; at < text.length; at++) {
    const char = String.fromCharCode(text[at] as number)
    if (!/[\w.+-]/.test(char)) break
    word += char
  }
  return word
}
