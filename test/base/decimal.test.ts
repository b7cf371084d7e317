import { describe, expect, it } from 'vitest'
import {
  formatDecimal,
  nanoFromPico,
  parseDecimal,
  picoFromUsd,
  timesDecimal,
  usdFromPico,
} from '../../src/base/decimal.ts'

describe('parseDecimal', () => {
  it.each([
    ['0', '0'],
    ['0.0000055', '0.0000055'],
    ['5.5e-06', '0.0000055'],
    ['1.25E-7', '0.000000125'],
    ['3e-06', '0.000003'],
    ['1e3', '1000'],
    ['12.500', '12.5'],
    ['007', '7'],
  ])('reads %s exactly as %s', (text, plain) => {
    const decimal = parseDecimal(text)
    expect(decimal && formatDecimal(decimal)).toBe(plain)
  })

  it.each(['', '-1', '+1', '.5', '5.', '1e', 'NaN', 'Infinity', '0x10', '1_000', ' 1', '1e99', '1,5', '1'.repeat(65)])(
    'refuses %j',
    (text) => {
      expect(parseDecimal(text)).toBeNull()
    },
  )
})

describe('pico-USD', () => {
  it('are exact down to the last decimal', () => {
    expect(picoFromUsd('0.00000000875')).toBe(8750n)
    expect(picoFromUsd('0.000000000001')).toBe(1n)
    expect(usdFromPico(8750n)).toBe('0.00000000875')
    expect(usdFromPico(0n)).toBe('0')
    expect(usdFromPico(44_556_600_000n)).toBe('0.0445566')
    expect(usdFromPico(5_000_000_000_000n)).toBe('5')
  })

  it('refuse a price that is finer, rather than round it', () => {
    expect(picoFromUsd('0.0000000000001')).toBeNull()
    expect(picoFromUsd('0.0000000000010')).toBe(1n)
  })

  it('are rounded to nano-USD half up', () => {
    expect([0n, 499n, 500n, 501n, 1499n, 1500n].map(nanoFromPico)).toEqual([0n, 0n, 1n, 1n, 1n, 2n])
  })
})

it('a product of decimals is exact where a product of doubles is not', () => {
  const [price, factor] = [parseDecimal('0.00000011'), parseDecimal('1.1')]
  expect(price && factor && formatDecimal(timesDecimal(price, factor))).toBe('0.000000121')
})
