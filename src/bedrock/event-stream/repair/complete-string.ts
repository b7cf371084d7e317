/** What a JSON string that was cut needs before its closing quote, as one character per byte. */

const BACKSLASH = 0x5c
const LETTER_U = 0x75
/** A code unit of four hexadecimal digits that begins a surrogate pair, and the second half that completes one. */
const HIGH_SURROGATE = /^d[89ab]/i
const LOW_SURROGATE = 'dc00'
const SPACE = '0020'

const latin1 = new TextDecoder('latin1')

/** The rest of an escape, of a surrogate pair or of a UTF-8 sequence. `text` is the string without its opening quote. */
export function finishString(text: Uint8Array): string {
  let afterHigh = false
  for (let at = 0; at < text.length; ) {
    if (text[at] !== BACKSLASH) {
      afterHigh = false
      at++
    } else if (at + 1 === text.length) {
      return afterHigh ? `u${LOW_SURROGATE}` : 'n'
    } else if (text[at + 1] !== LETTER_U) {
      afterHigh = false
      at += 2
    } else {
      const digits = latin1.decode(text.subarray(at + 2, at + 6))
      const rest = (afterHigh ? LOW_SURROGATE : SPACE).slice(digits.length)
      afterHigh = !afterHigh && HIGH_SURROGATE.test(digits + rest)
      if (rest !== '') return afterHigh ? `${rest}\\u${LOW_SURROGATE}` : rest
      at += 6
    }
  }
  return afterHigh ? `\\u${LOW_SURROGATE}` : finishUtf8(text)
}

/** Continuation bytes for a sequence whose lead byte is among the last three. */
function finishUtf8(text: Uint8Array): string {
  for (let back = 1; back <= 3 && back <= text.length; back++) {
    const byte = text[text.length - back] as number
    if (byte < 0x80) return ''
    if (byte < 0xc0) continue
    const sequenceBytes = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    const missing = Math.max(0, sequenceBytes - back)
    if (missing === 0) return ''
    // Right after these two lead bytes the low continuations would be overlong forms.
    const first = back > 1 ? '\x80' : byte === 0xe0 ? '\xa0' : byte === 0xf0 ? '\x90' : '\x80'
    return first + '\x80'.repeat(missing - 1)
  }
  return ''
}
