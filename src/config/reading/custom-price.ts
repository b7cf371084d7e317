/** The value of a custom price: an exact decimal that never passes through a floating-point number. */
import { formatDecimal, PICO_DECIMALS, parseDecimal } from '../../base/decimal.ts'

/** The finest price that can be kept is a pico-dollar. The finest listed price of Bedrock needs 11 decimals. */
export const PRICE_DECIMALS_MAX = PICO_DECIMALS

export type PriceResult = { ok: true; price: string } | { ok: false; fault: string }

/** Far above any price, and far below what takes long to read. */
const DIGITS_MAX = 40

/** What LiteLLM takes beyond a plain decimal: a sign, and a point without digits on one side of it. */
const LENIENT = /^([-+]?)(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d+))?$/

/**
 * `3e-06`, `.0000000075` or `0.000003` as a plain decimal (`0.000003`), digit for digit. A number is read through its
 * shortest text, which is the literal it was written as for up to 15 digits.
 */
export function readPrice(input: unknown): PriceResult {
  if (typeof input !== 'string' && typeof input !== 'number') {
    return { ok: false, fault: 'a price is a decimal number of US dollars per unit, such as 0.000003 or 3e-06' }
  }
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = LENIENT.exec(String(input).trim()) ?? []
  if (whole + fraction === '') {
    return { ok: false, fault: 'not a decimal number; write US dollars per unit, such as 0.000003 or 3e-06' }
  }
  const decimal = parseDecimal(`${whole || '0'}.${fraction || '0'}e${Number(exponent)}`)
  if (decimal === null || whole.length + fraction.length > DIGITS_MAX)
    return { ok: false, fault: 'too large or too small to be a price in US dollars per unit' }
  if (sign === '-' && decimal.digits !== 0n) return { ok: false, fault: 'a price is never negative' }
  if (decimal.scale > PRICE_DECIMALS_MAX) {
    return { ok: false, fault: `finer than ${PRICE_DECIMALS_MAX} decimals, the finest price that can be kept exactly` }
  }
  return { ok: true, price: formatDecimal(decimal) }
}
