/**
 * Exact decimal money. Prices are decimal strings, the formula counts in pico-USD (1e-12) as bigint, because known prices per
 * token go below a nano-USD (Nova Micro's cache read is 8.75 nano-USD).
 */

/** Decimals of a pico-USD. */
export const PICO_DECIMALS = 12
const PICO_PER_NANO = 1000n

/** `value` = `digits` × 10^−`scale`, `scale` ≥ 0. */
export type Decimal = { digits: bigint; scale: number }

/** Longest text and largest exponent that are read; a price is far below both. */
const TEXT_MAX_CHARS = 64
const EXPONENT_MAX = 40

const DECIMAL = /^(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/

/** Reads a decimal that is not negative, in plain or exponent notation (`0.0000055`, `5.5e-06`). Null for anything else. */
export function parseDecimal(text: string): Decimal | null {
  if (text.length > TEXT_MAX_CHARS) return null
  const match = DECIMAL.exec(text)
  if (match === null) return null
  const [, whole = '', fraction = '', exponentText = '0'] = match
  const exponent = Number(exponentText)
  if (Math.abs(exponent) > EXPONENT_MAX) return null
  const scale = fraction.length - exponent
  const digits = BigInt(whole + fraction)
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : reduced({ digits, scale })
}

function reduced({ digits, scale }: Decimal): Decimal {
  let [rest, places] = [digits, scale]
  while (places > 0 && rest % 10n === 0n) {
    rest /= 10n
    places -= 1
  }
  return { digits: rest, scale: places }
}

/** Plain notation without trailing zeros: `0.0445566`, `12`, `0`. */
export function formatDecimal(decimal: Decimal): string {
  const { digits, scale } = reduced(decimal)
  if (scale === 0) return digits.toString()
  const text = digits.toString().padStart(scale + 1, '0')
  return `${text.slice(0, -scale)}.${text.slice(-scale)}`
}

/** Exact product. */
export const timesDecimal = (left: Decimal, right: Decimal): Decimal =>
  reduced({ digits: left.digits * right.digits, scale: left.scale + right.scale })

/** Pico-USD of a price in USD. Null for what is not a decimal, is negative, or is finer than a pico-USD. */
export function picoFromUsd(text: string): bigint | null {
  const decimal = parseDecimal(text)
  if (decimal === null || decimal.scale > PICO_DECIMALS) return null
  return decimal.digits * 10n ** BigInt(PICO_DECIMALS - decimal.scale)
}

/** Exact USD of pico-USD: 8750n → `0.00000000875`. */
export const usdFromPico = (picoUsd: bigint): string => formatDecimal({ digits: picoUsd, scale: PICO_DECIMALS })

/** The one rounding of a call: pico-USD, not negative, to nano-USD, half up. */
export const nanoFromPico = (picoUsd: bigint): bigint => (picoUsd + PICO_PER_NANO / 2n) / PICO_PER_NANO
