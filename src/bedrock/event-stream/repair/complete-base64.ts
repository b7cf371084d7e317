/** Completes base64 that was cut: to whole groups of four, and where it holds JSON, to base64 of whole JSON. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
/** Up to 64 readings of the text are tried, so larger ones are only filled up. */
const MAX_JSON_BYTES = 65_536

const latin1 = new TextDecoder('latin1')
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * What follows `sent` so that strict decoders take it. `close` is asked what a decoded text lacks to be JSON; it
 * answers null where the text cannot become JSON.
 */
export function finishBase64(sent: Uint8Array, close: (decoded: Uint8Array) => string | null): string {
  const text = latin1.decode(sent)
  const filled = text.endsWith('=') ? '=' : 'A'
  let best = filled.repeat((4 - (text.length % 4)) % 4)
  if (text.length > MAX_JSON_BYTES || !/^[A-Za-z\d+/]*$/.test(text)) return best
  let shortest = Number.POSITIVE_INFINITY
  for (const reading of readings(text)) {
    const closing = close(bytesOf(reading))
    if (closing === null || reading.length + closing.length >= shortest || !isUtf8(reading + closing)) continue
    shortest = reading.length + closing.length
    best = btoa(reading + closing).slice(text.length)
  }
  return best
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}

function isUtf8(text: string): boolean {
  try {
    strictUtf8.decode(bytesOf(text))
    return true
  } catch {
    return false
  }
}

/** Every text whose base64 may begin like this, one character per byte. The last byte may be known by its high bits only. */
function readings(text: string): string[] {
  const openChars = text.length % 4
  const whole = atob(text.slice(0, text.length - openChars))
  if (openChars === 0) return [whole]
  const known = [...text.slice(-openChars)].reduce((bits, char) => bits * 64 + ALPHABET.indexOf(char), 0)
  const missingBits = 8 - ((6 * openChars) % 8)
  return Array.from({ length: 2 ** missingBits }, (_, low) => {
    const bits = known * 2 ** missingBits + low
    const bytes = [bits >>> 16, (bits >>> 8) & 0xff, bits & 0xff].slice(-openChars)
    return whole + String.fromCharCode(...bytes)
  })
}
