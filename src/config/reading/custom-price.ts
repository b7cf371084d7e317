/** Custom prices: LiteLLM's field names and exact decimals. A price never passes through a floating-point number here. */

import { parsePriceField, whyPriceIsUnused } from './price-fields.ts'

/**
 * The finest price that can be kept: 12 decimals, a pico-dollar, the unit in which costs are computed. The finest listed
 * price of Bedrock needs 11.
 */
export const PRICE_DECIMALS_MAX = 12

/** Bounds the length of a price written with an exponent, not its worth. */
const EXPONENT_MAX = 40

const PRICE_LIKE = /_cost_per_|_token_cost|_cost$|^cost_per_/

/** True for names that LiteLLM would read as a price, known unit or not. */
export function looksLikePrice(name: string): boolean {
  return PRICE_LIKE.test(name)
}

/** True for LiteLLM's price fields, those that have no effect here too. */
export function isPriceName(name: string): boolean {
  return parsePriceField(name) !== null || whyPriceIsUnused(name) !== null
}

export type PriceResult = { ok: true; price: string } | { ok: false; fault: string }

const DECIMAL = /^([-+]?)(\d*)(?:\.(\d*))?(?:[eE]([-+]?\d+))?$/

/**
 * `3e-06`, `.0000000075` or `0.000003` as a plain decimal (`0.000003`), digit for digit. A number is read through its
 * shortest text, which is the literal it was written as for up to 15 digits.
 */
export function readPrice(input: unknown): PriceResult {
  if (typeof input !== 'string' && typeof input !== 'number') {
    return { ok: false, fault: 'a price is a decimal number of US dollars per unit, such as 0.000003 or 3e-06' }
  }
  const parts = DECIMAL.exec(String(input).trim())
  const whole = parts?.[2] ?? ''
  const fraction = parts?.[3] ?? ''
  if (parts === null || whole + fraction === '') {
    return { ok: false, fault: 'not a decimal number; write US dollars per unit, such as 0.000003 or 3e-06' }
  }
  const exponent = Number(parts[4] ?? 0)
  if (Math.abs(exponent) > EXPONENT_MAX || whole.length + fraction.length > EXPONENT_MAX) {
    return { ok: false, fault: 'too large or too small to be a price in US dollars per unit' }
  }
  const plain = shiftPoint(whole, fraction, exponent)
  if (parts[1] === '-' && plain !== '0') return { ok: false, fault: 'a price is never negative' }
  if ((plain.split('.')[1] ?? '').length > PRICE_DECIMALS_MAX) {
    return { ok: false, fault: `finer than ${PRICE_DECIMALS_MAX} decimals, the finest price that can be kept exactly` }
  }
  return { ok: true, price: plain }
}

function shiftPoint(whole: string, fraction: string, exponent: number): string {
  const digits = whole + fraction
  const point = whole.length + exponent
  const padded = point < 0 ? '0'.repeat(-point) + digits : digits.padEnd(point, '0')
  const cut = Math.max(point, 0)
  const integer = padded.slice(0, cut).replace(/^0+(?=\d)/, '') || '0'
  const decimals = padded.slice(cut).replace(/0+$/, '')
  return decimals === '' ? integer : `${integer}.${decimals}`
}
